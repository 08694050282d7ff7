/**
 * Writes a state dict as `torch.save` does since 1.6, readable by `torch.load(weights_only=True)` and by `readTorchZip`.
 *
 * Storages are kept as they are: tensors that share one (tied weights) share it again, a strided view stays a view. A view into a much larger
 * storage therefore carries all of it along; give such tensors a storage of their own first.
 */
import type { WeightRef, Weights } from '../base/files.ts';
import { writeStateDictPickle } from './write-pickle.ts';
import { writeZip } from './write-zip.ts';

/** The `model_weights.ckpt` of these tensors; reads every storage once (for its checksum), piece by piece. */
export async function writeTorchZip(tensors: Weights): Promise<Blob> {
  const keys = new Map<Blob, string>();
  const storageKey = ({ storage }: WeightRef): string => {
    const key = keys.get(storage) ?? String(keys.size);
    keys.set(storage, key);
    return key;
  };
  const pickle = writeStateDictPickle(tensors, storageKey);
  return await writeZip([
    [`${FOLDER}/data.pkl`, new Blob([pickle])],
    [`${FOLDER}/byteorder`, new Blob(['little'])],
    ...[...keys].map(([storage, key]) => [`${FOLDER}/data/${key}`, storage] as const),
    [`${FOLDER}/version`, new Blob(['3\n'])],
  ]);
}

/** As NeMo names it: the stem of `model_weights.ckpt`. */
const FOLDER = 'model_weights';
