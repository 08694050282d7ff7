/**
 * A NeMo manifest among the inputs of `transcribe`: its lines become recordings, with their offsets, durations and prompt slots.
 *
 * A page cannot follow a path, so relative ones are looked for among files that were picked or dropped, or against the manifest's address.
 */
import { AsrError, messageOf } from '../base/errors.ts';
import { parseManifest } from '../base/manifest.ts';
import type { AudioInput } from './protocol.ts';

/** Where a line's audio is. */
export type ResolvedAudio = Blob | URL | string;

/** A manifest as an input: one result a line, in its order. */
export type ManifestInput = {
  /** The file, its address, or its text (which begins with `{`). */
  readonly manifest: Blob | URL | string;
  /**
   * The files that the lines name, of a folder as a rule (found by the end of their path), or a function that finds them.
   * @default addresses are taken as they are, relative to the manifest's
   */
  readonly resolve?: readonly Blob[] | ((path: string) => ResolvedAudio | Promise<ResolvedAudio>);
};

/** Whether an input is a manifest. */
export function isManifest(item: unknown): item is ManifestInput {
  return typeof item === 'object' && item !== null && 'manifest' in item;
}

/** The recordings of the lines. @throws AsrError `manifest-invalid` that names the line, `download-failed` */
export async function readManifestInput({ manifest, resolve }: ManifestInput): Promise<AudioInput[]> {
  const { text, name, base } = await open(manifest);
  const lines = parseManifest(text, name);
  return Promise.all(
    lines.map(async ({ number, audio: path, text: _, ...line }) => ({
      ...line,
      audio: await locate(path, resolve, base, `line ${number} of ${name}`),
    })),
  );
}

type OpenedManifest = { readonly text: string; readonly name: string; readonly base: string | undefined };

async function open(manifest: ManifestInput['manifest']): Promise<OpenedManifest> {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (manifest instanceof Blob)
    return { text: await manifest.text(), name: 'name' in manifest ? String(manifest.name) : 'manifest', base: page };
  if (typeof manifest === 'string' && manifest.trimStart().startsWith('{'))
    return { text: manifest, name: 'manifest', base: page };
  if (!(manifest instanceof URL) && typeof manifest !== 'string')
    throw new TypeError('manifest must be a File, Blob, URL or text');
  const base = new URL(manifest, page).href;
  return { text: await download(base), name: base, base };
}

async function download(url: string): Promise<string> {
  const failed = (why: string, cause?: unknown): AsrError =>
    new AsrError('download-failed', `The manifest ${url} could not be fetched: ${why}`, { cause });
  let response: Response;
  try {
    response = await fetch(url);
    if (response.ok) return await response.text();
  } catch (error) {
    throw failed(messageOf(error), error);
  }
  throw failed(`the server answered ${response.status}.`);
}

async function locate(
  path: string,
  resolve: ManifestInput['resolve'],
  base: string | undefined,
  where: string,
): Promise<Blob | string> {
  const notFound = (why: string, cause?: unknown): AsrError =>
    new AsrError('manifest-invalid', `${where}: ${path} ${why}`, { cause });
  if (Array.isArray(resolve)) {
    const file = findFile(path, resolve as readonly Blob[]);
    if (!file) throw notFound(`is not among the files that were given (${resolve.length}).`);
    return file;
  }
  if (typeof resolve === 'function') {
    const found = await Promise.resolve(resolve(path)).catch((error: unknown) => {
      throw notFound(`could not be opened: ${messageOf(error)}`, error);
    });
    if (found instanceof Blob) return found;
    if (found === undefined || found === null) throw notFound('was not found.');
    return new URL(found, base).href;
  }
  if (!URL.canParse(path, base)) throw notFound('is no address; give the files, or a function that finds them.');
  return new URL(path, base).href;
}

/** The file whose path ends with most of the wanted one; of files with the same name only the right folder will do. */
function findFile(path: string, files: readonly Blob[]): Blob | undefined {
  const wanted = partsOf(path);
  let best: { file: Blob; common: number } | undefined;
  for (const file of files) {
    const common = commonEnd(wanted, partsOf(pathOf(file)));
    if (common > (best?.common ?? 0)) best = { file, common };
  }
  return best?.file;
}

function pathOf(file: Blob): string {
  const { webkitRelativePath = '', name = '' } = file as Partial<File>;
  return webkitRelativePath || name;
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
}

function commonEnd(first: readonly string[], second: readonly string[]): number {
  let count = 0;
  while (count < Math.min(first.length, second.length) && first.at(-1 - count) === second.at(-1 - count)) count += 1;
  return count;
}
