/**
 * What a caller may name as a checkpoint, turned into what can be posted to the worker.
 *
 * Only local files cross as `Blob`s. A URL or a name crosses as text and is opened in the worker, because the lazy remote Blobs of
 * `@huggingface/hub` are subclasses that structured clone turns into empty ones.
 */
import type { StoredCheckpoint, WireSource } from './protocol.ts';

/** A `.nemo` or an ONNX folder: a file, a folder's files, a folder handle, a URL, or a stored checkpoint from `listStored`. */
export type CheckpointSource = Blob | URL | string | readonly File[] | FileSystemDirectoryHandle | StoredCheckpoint;

/** Throws `TypeError` at once for anything that is no checkpoint source; a folder handle is walked later. */
export function toWireSource(source: CheckpointSource): WireSource | Promise<WireSource> {
  if (source instanceof Blob)
    return { kind: 'file', file: source, name: 'name' in source ? String(source.name) : 'checkpoint.nemo' };
  if (source instanceof URL) return { kind: 'url', url: source.href };
  if (typeof source === 'string') return { kind: 'url', url: resolveUrl(source) };
  if (Array.isArray(source)) return fromFiles(source);
  if (isDirectory(source)) return walk(source).then(fromFiles);
  if (isStored(source)) return { kind: 'stored', id: source.id };
  throw new TypeError('source must be a File, Blob, URL, list of Files, directory handle or stored checkpoint');
}

function resolveUrl(text: string): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (!text.trim() || !URL.canParse(text, base)) throw new TypeError(`source "${text}" is not a URL`);
  return new URL(text, base).href;
}

function fromFiles(files: readonly File[]): WireSource {
  if (files.length === 0 || !files.every((file) => file instanceof Blob))
    throw new TypeError('source must be a list of one or more Files');
  return { kind: 'files', files: files.map((file) => ({ name: file.webkitRelativePath || file.name, file })) };
}

async function walk(directory: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = [];
  for await (const entry of directory.values()) {
    if (entry.kind === 'file') files.push(await (entry as FileSystemFileHandle).getFile());
    else files.push(...(await walk(entry as FileSystemDirectoryHandle)));
  }
  return files;
}

function isDirectory(value: unknown): value is FileSystemDirectoryHandle {
  return typeof FileSystemDirectoryHandle !== 'undefined' && value instanceof FileSystemDirectoryHandle;
}

function isStored(value: unknown): value is StoredCheckpoint {
  return (
    typeof value === 'object' && value !== null && 'id' in value && 'storedAt' in value && typeof value.id === 'string'
  );
}
