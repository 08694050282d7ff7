/** The engine, timed stage by stage. */
import { expose } from 'comlink';
import { encodeWav } from '../../src/audio/wav.ts';
import { LoadedModel } from '../../src/engine/asr-model.ts';
import { loadModel } from '../../src/engine/load.ts';
import type { LoadOptions } from '../../src/engine/options.ts';
import { timeStages } from '../../src/engine/stage-times.ts';

const stages = {
  /** Every clip once to warm up and once for the clock. */
  async measure(url: string, options: LoadOptions & { assetBase: string }, clips: Float32Array[]) {
    const model = await loadModel({ kind: 'url', url }, options);
    if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
    const all: Record<string, number>[] = [];
    for (const clip of clips) {
      const audio = encodeWav(clip, model.info.sampleRate);
      await timeStages(model, audio);
      const { mel, encoder, head, predictor, joint, search } = (await timeStages(model, audio)).times;
      all.push({ mel, encoder, decoding: head + predictor + joint + search });
    }
    return all;
  },
};

export type StagesWorker = typeof stages;

expose(stages);
