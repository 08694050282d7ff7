/** Checkpoints the user handed over: one file, or the files of a folder. Their bytes stay where they are; only samples are read here. */
import type { CheckpointFiles } from '../base/files.ts';
import { AsrError, messageOf } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';
import { MODEL_CONFIG } from './find-files.ts';
import { Sha256 } from './sha256.ts';

const NUM_SAMPLES = 16;
const SAMPLE_BYTES = 64 * 1024;

export type NamedFile = { readonly name: string; readonly file: Blob };

/**
 * A cache key of a file: name, size, time of change, and a hash of samples spread over it.
 *
 * Two trainings of one configuration give files of equal name and size, and a `Blob` has no time, so the samples do the telling.
 *
 * @throws AsrError 'checkpoint-not-found' when the file can no longer be read
 */
export async function localFileId(file: Blob, name: string, signal?: AbortSignal): Promise<string> {
  const changed = 'lastModified' in file && typeof file.lastModified === 'number' ? file.lastModified : 0;
  return `file:${name}:${file.size}:${changed}:${await quickHash(file, name, signal)}`;
}

/** A cache key of a folder's files. */
export async function localFilesId(files: CheckpointFiles, name: string, signal?: AbortSignal): Promise<string> {
  const hash = new Sha256();
  let bytes = 0;
  for (const [fileName, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    bytes += file.size;
    hash.update(new TextEncoder().encode(`${fileName}\0${file.size}\0${await quickHash(file, fileName, signal)}\0`));
  }
  return `files:${name}:${bytes}:${hash.digestHex().slice(0, 32)}`;
}

/**
 * The files by their names within the checkpoint: relative to the folder of `model_config.yaml`, else to the folder all have in common.
 *
 * @throws AsrError 'checkpoint-not-found' for no files at all, 'checkpoint-corrupt' for two of one name
 */
export function toCheckpointFiles(files: readonly NamedFile[]): CheckpointFiles {
  if (files.length === 0)
    throw new AsrError('checkpoint-not-found', 'No file was given: choose a .nemo or a folder of its files.');
  const names = files.map(({ name }) => name.replaceAll('\\', '/').replace(/^(\.?\/)+/, ''));
  const config = names.filter((name) => name.split('/').at(-1) === MODEL_CONFIG).sort((a, b) => a.length - b.length)[0];
  const folder = config === undefined ? commonFolder(names) : config.slice(0, -MODEL_CONFIG.length);

  const result = new Map<string, Blob>();
  for (const [index, { file }] of files.entries()) {
    const name = names[index] ?? '';
    if (!name.startsWith(folder)) continue;
    const inner = name.slice(folder.length);
    if (result.has(inner)) throw new AsrError('checkpoint-corrupt', `Two files are named '${inner}'.`);
    result.set(inner, file);
  }
  return result;
}

function commonFolder(names: readonly string[]): string {
  const folders = names.map((name) => name.slice(0, name.lastIndexOf('/') + 1));
  let common = folders[0] ?? '';
  while (!folders.every((folder) => folder.startsWith(common))) {
    common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  }
  return common;
}

async function quickHash(file: Blob, name: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = new Sha256();
  const numSamples = Math.min(NUM_SAMPLES, Math.max(1, Math.ceil(file.size / SAMPLE_BYTES)));
  const lastStart = Math.max(0, file.size - SAMPLE_BYTES);
  try {
    for (let i = 0; i < numSamples; i++) {
      throwIfAborted(signal);
      const start = numSamples === 1 ? 0 : Math.round((lastStart * i) / (numSamples - 1));
      hash.update(new Uint8Array(await file.slice(start, start + SAMPLE_BYTES).arrayBuffer()));
    }
  } catch (thrown) {
    throwIfAborted(signal);
    const message = `The file '${name}' can no longer be read (${messageOf(thrown)}): it was moved, changed or removed. Choose it again.`;
    throw new AsrError('checkpoint-not-found', message, { cause: thrown });
  }
  return hash.digestHex().slice(0, 32);
}
