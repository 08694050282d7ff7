/**
 * The entries of a zip in a Blob, opened one by one; stored ones (all that torch writes) are slices, not copies.
 *
 * unzipit parses, this reader feeds it: it refuses reads outside the file and reads larger than any directory, so a lying header cannot
 * make it load the file. Where data begins is told by the *local* header: torch pads it so that data is 64-byte aligned.
 */
import { type Reader, type ZipEntry, unzipRaw } from 'unzipit';
import { asCorrupt, corrupt, quoteName } from './corrupt.ts';
import { INFLATE_FREE_BYTES, MAX_CENTRAL_DIRECTORY_BYTES, MAX_INFLATE_RATIO, MAX_ZIP_ENTRIES } from './limits.ts';

export type ZipFiles = {
  readonly names: readonly string[];
  /** Bytes of an entry once inflated; `undefined` if there is none of that name. */
  sizeOf(name: string): number | undefined;
  /** The content of an entry; throws `checkpoint-corrupt` if it is absent, damaged or inflates too far. */
  open(name: string): Promise<Blob>;
};

/** Reads the central directory; throws `checkpoint-corrupt` for anything but a whole zip with unique names. */
export async function openZip(blob: Blob): Promise<ZipFiles> {
  const entries = await readDirectory(blob);
  // One allowance for the archive: entries may overlap, so a limit for each could be spent many times over.
  let inflatable = Math.max(INFLATE_FREE_BYTES, blob.size * MAX_INFLATE_RATIO);

  return {
    names: [...entries.keys()],
    sizeOf: (name: string): number | undefined => entries.get(name)?.size,
    async open(name: string): Promise<Blob> {
      const entry = entries.get(name);
      if (!entry) throw corrupt(`The checkpoint's zip lacks the entry ${quoteName(name)}.`);
      if (entry.compressionMethod !== STORED) inflatable -= entry.size;
      if (inflatable < 0) throw corrupt(`The checkpoint's zip inflates to far more than its ${blob.size} bytes.`);
      try {
        return await entry.blob();
      } catch (thrown) {
        throw asCorrupt(thrown, `The entry ${quoteName(name)} of the checkpoint's zip is damaged.`);
      }
    },
  };
}

const STORED = 0;

async function readDirectory(blob: Blob): Promise<ReadonlyMap<string, ZipEntry>> {
  try {
    const { entries } = await unzipRaw(new BoundedReader(blob));
    if (entries.length > MAX_ZIP_ENTRIES) throw corrupt(`The checkpoint's zip has ${entries.length} entries.`);
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    if (byName.size !== entries.length) throw corrupt("The checkpoint's zip holds one name twice.");
    return byName;
  } catch (thrown) {
    throw asCorrupt(
      thrown,
      `The checkpoint's zip has no readable directory at its end: it is damaged or cut (${blob.size} bytes are there).`,
    );
  }
}

class BoundedReader implements Reader {
  readonly #blob: Blob;
  /** The last few kilobytes read: local headers of small tensors lie close together, and each read of a file costs a round trip. */
  #window: { readonly start: number; readonly bytes: Promise<Uint8Array<ArrayBuffer>> } | undefined;

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  async getLength(): Promise<number> {
    return this.#blob.size;
  }

  async read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#check(start, length);
    if (length > MAX_CENTRAL_DIRECTORY_BYTES)
      throw corrupt(`The checkpoint's zip claims a directory of ${length} bytes.`);
    if (length > WINDOW_BYTES) return await this.#load(start, length);
    const window = this.#window;
    if (window && start >= window.start && start + length <= Math.min(window.start + WINDOW_BYTES, this.#blob.size)) {
      const bytes = await window.bytes;
      return bytes.slice(start - window.start, start - window.start + length);
    }
    const bytes = this.#load(start, WINDOW_BYTES);
    this.#window = { start, bytes };
    return (await bytes).slice(0, length);
  }

  async sliceAsBlob(start: number, length: number, type = ''): Promise<Blob> {
    this.#check(start, length);
    return this.#blob.slice(start, start + length, type);
  }

  async readStream(start: number, length: number): Promise<ReadableStream<Uint8Array>> {
    return (await this.sliceAsBlob(start, length)).stream();
  }

  #check(start: number, length: number): void {
    if (!(start >= 0 && length >= 0 && start + length <= this.#blob.size)) {
      throw corrupt(
        `The checkpoint's zip points to bytes ${start} to ${start + length}, outside its ${this.#blob.size}: it is damaged or cut.`,
      );
    }
  }

  async #load(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#blob.slice(start, start + length).arrayBuffer());
  }
}

const WINDOW_BYTES = 4096;
