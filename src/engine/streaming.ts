/** Opens the stream that suits a checkpoint: cache-aware where it can, buffered otherwise; both behind one interface. */
import { Resampler } from '../audio/resample.ts';
import { AsrError } from '../base/errors.ts';
import { isCacheAware, streamableContexts } from '../model/streaming-spec.ts';
import { loadBiasing } from './biasing.ts';
import type { EngineStream } from './engine-model.ts';
import type { RunningModel } from './running-model.ts';
import { BufferedRecognizer } from './buffered-recognizer.ts';
import { CacheAwareRecognizer } from './cache-aware-recognizer.ts';
import type { Recognizer } from './recognizer.ts';
import { StreamGate } from './stream-gate.ts';
import type { StreamOptions, StreamUpdate } from './options.ts';

/** Minutes may come at once, when somebody has spoken while the model was opening: memory is that of a piece. */
const MAX_PIECE_SECONDS = 20;

/** Samples come in pieces of any length; calls are queued, so that the caller may or may not wait. */
export async function openStream(
  model: RunningModel,
  options: StreamOptions,
  onUpdate: (update: StreamUpdate) => void,
): Promise<EngineStream> {
  const { spec } = model.parts;
  const { sampleRate: modelRate } = spec.mel;
  const recognizer = await createRecognizer(model, options, onUpdate);
  const resampler = new Resampler(options.sampleRate ?? modelRate, modelRate);
  let tail: Promise<unknown> = Promise.resolve();
  let isOver = false;
  let isCancelled = false;

  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  };
  const assertOpen = (): void => {
    if (isOver) throw new AsrError('disposed', 'The stream has ended; open another one.');
  };

  const accept = async (samples: Float32Array): Promise<void> => {
    const step = MAX_PIECE_SECONDS * modelRate;
    for (let from = 0; from < samples.length && !isCancelled; from += step)
      await recognizer.accept(samples.subarray(from, from + step));
  };

  return {
    async push(samples) {
      assertOpen();
      await queued(() => accept(resampler.push(samples)));
    },
    async finish() {
      assertOpen();
      isOver = true;
      return queued(async () => {
        await accept(resampler.finish());
        const hypothesis = await recognizer.finish();
        recognizer.dispose();
        return hypothesis;
      });
    },
    async cancel() {
      isOver = true;
      isCancelled = true; // what waits is not decoded any more
      await tail;
      recognizer.dispose();
    },
  };
}

async function createRecognizer(
  model: RunningModel,
  options: StreamOptions,
  onUpdate: (update: StreamUpdate) => void,
): Promise<Recognizer> {
  const { spec } = model.parts;
  const detector = options.vad && (await model.parts.detectors.open(options.vad));
  const [biasing] = await loadBiasing(model, [options.biasingRequest]);
  if (!isCacheAware(spec)) {
    if (options.attContextSize)
      throw new AsrError(
        'unsupported-option',
        'attContextSize needs a cache-aware checkpoint; this one streams in buffers.',
      );
    return new BufferedRecognizer(model, options, onUpdate, detector);
  }
  const { config } = model.decoding ?? {};
  if (config && !config.isGreedy)
    throw new AsrError(
      'unsupported-option',
      `A cache-aware stream decodes greedily, as NeMo's steps do, not with strategy "${config.strategy}"; change the strategy to "greedy_batch".`,
    );
  const contexts = streamableContexts(spec);
  const wanted = options.attContextSize ?? model.context;
  const context =
    contexts.find((offered) => offered.join() === wanted.join()) ?? (options.attContextSize ? undefined : contexts[0]);
  if (!context)
    throw new AsrError(
      'unsupported-option',
      `attContextSize [${wanted.join(', ')}] is not one of the checkpoint's: ${JSON.stringify(contexts)}.`,
    );
  const gate = detector && new StreamGate(detector, spec.mel.sampleRate);
  return new CacheAwareRecognizer(model, context, options, onUpdate, { gate, biasing });
}
