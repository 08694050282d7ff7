/**
 * Opens a weights file of any of the three kinds, told by its first bytes, never by its name.
 */
import type { Weights } from '../base/files.ts';
import { asCorrupt, corrupt } from './corrupt.ts';
import { looksLikeSafetensors, readSafetensors } from './safetensors.ts';
import { LEGACY_MAGIC, readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';

/**
 * The tensors of a torch checkpoint (zip or pre-1.6) or safetensors file, by state-dict name, in file order; none is read yet.
 *
 * Throws `AsrError`: `checkpoint-corrupt` (also for a pickle that asks for anything but weights), `checkpoint-unsupported`.
 */
export async function readWeights(blob: Blob): Promise<Weights> {
  try {
    const start = new Uint8Array(await blob.slice(0, 16).arrayBuffer());
    if (startsWith(start, ZIP_MAGIC)) return await readTorchZip(blob);
    if (startsWith(start, LEGACY_MAGIC)) return await readTorchLegacy(blob);
    if (looksLikeSafetensors(start, blob.size)) return await readSafetensors(blob);
    throw corrupt(`The weights (${blob.size} bytes) are neither a torch checkpoint nor safetensors.`);
  } catch (thrown) {
    throw asCorrupt(thrown, 'The weights could not be read.');
  }
}

/** Local file header: a zip that begins otherwise is none of torch's. */
const ZIP_MAGIC = Uint8Array.of(0x50, 0x4b, 3, 4);

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}
