/**
 * Opens a `.nemo` archive: a tar of `model_config.yaml`, `model_weights.ckpt` and tokenizer files (NeMo `SaveRestoreConnector`).
 *
 * A plain tar (NeMo ≥ 1.7) is never copied: its members are slices of the blob. An older gzipped one has no random access, so it is
 * inflated once into a new blob, which the browser may keep on disk.
 */
import type { CheckpointFiles } from '../base/files.ts';
import { throwIfAborted } from '../base/abort.ts';
import { asCorrupt, corrupt } from './corrupt.ts';
import { gunzip } from './gunzip.ts';
import { MAX_ARCHIVE_BYTES } from './limits.ts';
import { readTar } from './tar.ts';

export type OpenArchiveOptions = {
  readonly signal?: AbortSignal;
};

/**
 * The members of a `.nemo` (tar or tar.gz) by name, without the leading `./`, in archive order.
 *
 * Throws `AsrError`: `checkpoint-corrupt` for anything that is not a whole, harmless archive, `cancelled` when the signal fires.
 */
export async function openArchive(blob: Blob, { signal }: OpenArchiveOptions = {}): Promise<CheckpointFiles> {
  throwIfAborted(signal);
  try {
    if (blob.size === 0) throw corrupt('The checkpoint is empty (0 bytes): download it again.');
    if (blob.size > MAX_ARCHIVE_BYTES)
      throw corrupt(`The checkpoint claims ${blob.size} bytes; the most that is read is ${MAX_ARCHIVE_BYTES}.`);
    const start = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
    const tar = isGzip(start) ? await gunzip(blob, signal) : blob;
    return await readTar(tar, { signal });
  } catch (thrown) {
    throwIfAborted(signal);
    throw asCorrupt(thrown, 'The checkpoint could not be read as a .nemo archive.');
  }
}

function isGzip(start: Uint8Array): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}
