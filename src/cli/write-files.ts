/** Writes Blobs and growing files to disk, piece by piece; nothing is held whole. */
import { createWriteStream, mkdirSync, renameSync, rmSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import type { PartSink } from '../engine/convert.ts';

/** Writes a Blob; the file appears under its name only when it is whole, so the source may be the file it replaces. */
export async function writeBlob(path: string, blob: Blob): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await pipeline(Readable.fromWeb(blob.stream() as unknown as NodeStream), createWriteStream(unfinished));
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** A folder that takes the parts of a converted checkpoint. */
export class FolderSink implements PartSink, AsyncDisposable {
  readonly #folder: string;
  readonly #streams = new Map<string, WriteStream>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async write(name: string, chunk: Uint8Array | Blob): Promise<void> {
    const bytes = chunk instanceof Blob ? new Uint8Array(await chunk.arrayBuffer()) : chunk;
    const stream = this.#open(name);
    await new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams.values()) {
      stream.end();
      await finished(stream);
    }
    this.#streams.clear();
  }

  #open(name: string): WriteStream {
    let stream = this.#streams.get(name);
    if (!stream) {
      const path = join(this.#folder, name);
      mkdirSync(dirname(path), { recursive: true });
      stream = createWriteStream(path);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
