/**
 * A Blob as ORT may read it: its stream gives plain chunks, never a byte stream.
 *
 * ORT's JSPI build reads each tensor through `slice().stream()` with a BYOB reader where the stream offers one. In Chromium (156) such a read of
 * a Blob now and then never ends: 2 of 25,797 reads of 2 KB on a busy machine, none of 34,757 with a plain reader, none of 50,234
 * `arrayBuffer()`. A large encoder has hundreds of tensors, so opening it would hang for good every few times.
 */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Wraps any Blob, also one whose methods are overridden; holds no bytes itself. */
export class ExternalBlob extends Blob {
  readonly #blob: Blob;

  constructor(blob: Blob) {
    super();
    this.#blob = blob;
  }

  override get size(): number {
    return this.#blob.size;
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new ExternalBlob(this.#blob.slice(start, end, type));
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#blob.arrayBuffer();
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const blob = this.#blob;
    let position = 0;
    return new ReadableStream(
      {
        async pull(controller) {
          if (position >= blob.size) return controller.close();
          const end = Math.min(blob.size, position + CHUNK_BYTES);
          controller.enqueue(new Uint8Array(await blob.slice(position, end).arrayBuffer()));
          position = end;
        },
      },
      { highWaterMark: 0 },
    );
  }
}
