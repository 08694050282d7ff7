/** Checkpoints with something wrong in them, made from those that are right. */
import { openArchive } from '../../src/archive/open-archive.ts';
import { readWeights } from '../../src/archive/read-weights.ts';
import { writeTar } from '../../src/archive/write-tar.ts';
import { writeTorchZip } from '../../src/archive/write-torch-zip.ts';
import type { WeightRef } from '../../src/base/files.ts';

/** A `.nemo` with its config, weights or members changed. */
export async function changedArchive(
  archive: Blob,
  change: {
    config?: (yaml: string) => string;
    weights?: (weights: Map<string, WeightRef>) => void;
    members?: (files: Map<string, Blob>) => void;
  },
): Promise<Blob> {
  const files = new Map(await openArchive(archive));
  const config = await (files.get('model_config.yaml') as Blob).text();
  files.set('model_config.yaml', new Blob([change.config?.(config) ?? config]));
  if (change.weights) {
    const weights = new Map(await readWeights(files.get('model_weights.ckpt') as Blob));
    change.weights(weights);
    files.set('model_weights.ckpt', await writeTorchZip(weights));
  }
  change.members?.(files);
  return writeTar(files);
}
