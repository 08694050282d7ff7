/** NeMo manifests from the disk; relative paths in them are relative to the manifest. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { type ManifestLine, parseManifest } from '../base/manifest.ts';
import type { Slots } from './prompt.ts';

/** A manifest cannot be used; exit status 3. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'bad-manifest';
}

/** One recording to transcribe, from a manifest or from the command line. */
export type Entry = {
  /** As written by the user. */
  readonly audio: string;
  /** Path or URL to open. */
  readonly path: string;
  /** Seconds; absent: the whole file. */
  readonly offset?: number;
  /** Seconds, as the manifest says. */
  readonly duration?: number;
  /** Reference text. */
  readonly text?: string;
  /** Prompt slots of the line. */
  readonly slots?: Slots;
  /** Boosted phrases of the line (`biasing_request`). */
  readonly biasingRequest?: Readonly<Record<string, unknown>>;
};

/** Reads the whole manifest. @throws ManifestError that names the line */
export function readManifest(path: string): Entry[] {
  return parse(readText(path), path).map(({ number: _, ...line }) => {
    const isUrl = /^https?:\/\//i.test(line.audio);
    return { ...line, path: isUrl || isAbsolute(line.audio) ? line.audio : resolve(dirname(path), line.audio) };
  });
}

/** Every N-th entry from the I-th, counted from 1: shards of any number put together are the whole. */
export function shardOf(
  entries: readonly Entry[],
  { index, count }: { readonly index: number; readonly count: number },
): Entry[] {
  return entries.filter((_, position) => position % count === index - 1);
}

function parse(text: string, path: string): ManifestLine[] {
  try {
    return parseManifest(text, path);
  } catch (thrown) {
    throw new ManifestError(messageOf(thrown), { cause: thrown });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new ManifestError(`The manifest ${path} cannot be read: ${messageOf(thrown)}.`, { cause: thrown });
  }
}
