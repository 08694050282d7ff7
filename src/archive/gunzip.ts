/**
 * Inflates a gzip file into a new Blob, with a limit on how much may come out.
 *
 * The platform's `DecompressionStream` checks length and CRC and refuses anything behind the first gzip member, as it should be:
 * a cut archive must not pass for a whole one.
 */
import { throwIfAborted } from '../base/abort.ts';
import { asCorrupt, corrupt } from './corrupt.ts';
import { INFLATE_FREE_BYTES, MAX_ARCHIVE_BYTES, MAX_INFLATE_RATIO } from './limits.ts';

/** Throws `checkpoint-corrupt` for damaged, cut or endlessly inflating data, `cancelled` when the signal fires. */
export async function gunzip(blob: Blob, signal?: AbortSignal): Promise<Blob> {
  const limit = Math.min(Math.max(INFLATE_FREE_BYTES, blob.size * MAX_INFLATE_RATIO), MAX_ARCHIVE_BYTES);
  const parts: Blob[] = [];
  let pending: Uint8Array<ArrayBuffer>[] = [];
  let pendingBytes = 0;
  let inflatedBytes = 0;

  // Handing pieces over as blobs keeps at most one piece on the JS heap; the browser pages the rest to disk as it likes.
  const flush = (): void => {
    parts.push(new Blob(pending));
    pending = [];
    pendingBytes = 0;
  };

  // DecompressionStream wants BufferSource, the DOM types give Uint8Array streams: the same bytes.
  const inflater = new DecompressionStream('gzip') as unknown as TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>;
  const reader = blob.stream().pipeThrough(inflater).getReader();
  try {
    for (;;) {
      throwIfAborted(signal);
      const { done, value } = await reader.read();
      if (done) break;
      inflatedBytes += value.byteLength;
      if (inflatedBytes > limit)
        throw corrupt(`The gzip data inflates to more than ${limit} bytes out of ${blob.size}: not a checkpoint.`);
      pending.push(value);
      pendingBytes += value.byteLength;
      if (pendingBytes >= PIECE_BYTES) flush();
    }
  } catch (thrown) {
    reader.cancel().catch(() => undefined); // already failing: the first error is the one to tell
    throw asCorrupt(
      thrown,
      `The gzip data is damaged or cut: it ends in an error after ${inflatedBytes} inflated bytes. Download it again.`,
    );
  }
  flush();
  return new Blob(parts);
}

const PIECE_BYTES = 16 * 2 ** 20;
