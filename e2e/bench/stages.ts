/** Stages of a transcription in a page: the product's engine in a worker of its own, timed from within. Contenders' pages import it. */
import { wrap } from 'comlink';
import type { StagesWorker } from './stages.worker.ts';

/** Milliseconds of mel, encoder and decoding; the checkpoint must rest in this origin's store already. */
export async function stagesOf(
  model: string,
  device: 'wasm' | 'webgpu',
  clips: readonly Float32Array[],
): Promise<Record<string, number>[]> {
  const worker = new Worker(new URL('./stages.worker.ts', import.meta.url), { type: 'module' });
  try {
    return await wrap<StagesWorker>(worker).measure(model, { device, assetBase: `${location.origin}/lib/` }, [
      ...clips,
    ]);
  } finally {
    worker.terminate();
  }
}
