/** Writes Blobs and growing files to disk, piece by piece; nothing is held whole. */
import { createWriteStream, mkdirSync, renameSync, rmSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { messageOf } from '../base/errors.ts';
import type { PartSink } from '../engine/convert.ts';
import { UsageError } from './command.ts';

/** Writes a Blob; the file appears under its name only when it is whole, so the source may be the file it replaces. */
export async function writeBlob(path: string, blob: Blob): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(Readable.fromWeb(blob.stream() as unknown as NodeStream), createWriteStream(unfinished));
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw isRefusal(error) ? cannotWrite(path, error) : error;
  }
}

/** What the system says when it is asked to write, and what reading never says. */
const REFUSALS: readonly unknown[] = ['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS'];

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSALS.includes(error.code);
}

function cannotWrite(path: string, cause: unknown): UsageError {
  return new UsageError(`'${path}' cannot be written: ${messageOf(cause)}.`, { cause });
}

/** A folder that takes the parts of a converted checkpoint. */
export class FolderSink implements PartSink, AsyncDisposable {
  readonly #folder: string;
  readonly #streams = new Map<string, WriteStream>();

  constructor(folder: string) {
    this.#folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw cannotWrite(folder, error);
    }
  }

  async write(name: string, chunk: Uint8Array | Blob): Promise<void> {
    const bytes = chunk instanceof Blob ? new Uint8Array(await chunk.arrayBuffer()) : chunk;
    const stream = this.#open(name);
    await new Promise<void>((resolve, reject) =>
      stream.write(bytes, (error) => (error ? reject(cannotWrite(join(this.#folder, name), error)) : resolve())),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams.values()) {
      stream.end();
      await finished(stream).catch(() => {}); // told by its write
    }
    this.#streams.clear();
  }

  #open(name: string): WriteStream {
    let stream = this.#streams.get(name);
    if (!stream) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true });
      stream = createWriteStream(path);
      stream.on('error', () => {}); // the write that failed tells; nobody listening would end the process
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
