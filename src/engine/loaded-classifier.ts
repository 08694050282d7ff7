/**
 * A classification checkpoint, loaded (NeMo `EncDecClassificationModel`, `EncDecFrameClassificationModel`).
 *
 * Its answers are hypotheses too: `text` is the label, or the labels of the stretches; `labels` the scores. There are no tokens, and nothing to
 * stream. NeMo 3.0 ignores `crop_or_pad_augment` here, and so do we.
 */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError, assert } from '../base/errors.ts';
import type { FrameScores } from '../base/hypothesis.ts';
import type { MelFeatures } from '../audio/mel.ts';
import { type ClassifierSpec, paddingColumns } from '../model/classifier-spec.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { attentionContexts, frameFactor } from '../model/encoder.ts';
import { openAudio } from './audio-source.ts';
import { CheckpointModel, type CommonParts } from './checkpoint-model.ts';
import { type ClassScores, classHypothesis } from './class-hypothesis.ts';
import type { EncoderRunner } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { EngineModel, EngineStream } from './engine-model.ts';
import type { AudioInput, TranscribeOptions, TranscribeResult } from './options.ts';
import { cutWindows } from './windows.ts';

export type ClassifierParts = CommonParts & {
  readonly spec: ClassifierSpec;
  readonly cfg: unknown;
  readonly features: { extract(samples: Float32Array): MelFeatures };
  readonly encoder: EncoderRunner;
};

export class LoadedClassifier extends CheckpointModel<ClassifierParts> implements EngineModel {
  get cfg(): unknown {
    return this.parts.cfg;
  }

  /** Clips are classified whole; of frame classifiers, recordings over two minutes in windows cut at pauses, unless `long` is `full`. */
  async transcribe(
    audio: readonly AudioInput[],
    options: TranscribeOptions = {},
  ): Promise<readonly TranscribeResult[]> {
    this.assertUsable();
    if (audio.length === 0) throw new TypeError('transcribe() needs at least one recording.');
    const results: TranscribeResult[] = [];
    for (const [fileIndex, input] of audio.entries()) {
      const result = await this.#classify(input, options);
      results.push(result);
      const seconds = results.reduce((sum, { duration }) => sum + duration, 0);
      options.onProgress?.({ phase: 'transcribe', seconds, fileIndex, text: result.hypothesis.text });
    }
    return results;
  }

  /** Probabilities of some samples at the model's rate, just as they are: [numFrames, numClasses], a single frame for a clip. */
  async probabilities(samples: Float32Array): Promise<FrameScores> {
    this.assertUsable();
    const { spec, info, sessions } = this.parts;
    const scores = await sessions.withFallback(() => this.#score(samples));
    const { labels = [], frameScores } = classHypothesis([scores], spec.classification, {
      frameSeconds: info.frameSeconds,
      duration: samples.length / info.sampleRate,
      timestamps: false,
      returnAlignments: false,
    });
    const values = Float32Array.from(labels, ({ score }) => score);
    return frameScores ?? { values, numFrames: scores.numFrames, numClasses: labels.length };
  }

  async openStream(): Promise<EngineStream> {
    throw this.#notAvailable('stream()');
  }

  async #classify(input: AudioInput, options: TranscribeOptions): Promise<TranscribeResult> {
    const { spec, info, sessions } = this.parts;
    const { signal, channelSelector, timestamps = false, returnAlignments = false, long = 'auto' } = options;
    if (long === 'buffered') throw this.#notAvailable('long "buffered"');
    const { sampleRate } = info;
    const { hopLength } = frontEndOf(spec);
    const blocks = openAudio(input, {
      sampleRate,
      ...(channelSelector === undefined ? {} : { channelSelector }),
      ...(signal ? { signal } : {}),
    });
    const scores: ClassScores[] = [];
    let numSamples = 0;
    for await (const window of cutWindows(blocks, {
      sampleRate,
      frameSamples: hopLength * frameFactor(spec.encoder),
      long: spec.classification.kind === 'clip' ? 'full' : long,
    })) {
      throwIfAborted(signal);
      numSamples = window.start + window.samples.length;
      scores.push(await sessions.withFallback(() => this.#score(window.samples)));
    }
    const hypothesis = classHypothesis(scores, spec.classification, {
      frameSeconds: info.frameSeconds,
      duration: numSamples / sampleRate,
      timestamps,
      returnAlignments,
    });
    return { hypothesis, duration: numSamples / sampleRate, long: scores.length > 1 ? 'pauses' : 'full' };
  }

  async #score(samples: Float32Array): Promise<ClassScores> {
    const { spec, features, encoder, sessions } = this.parts;
    const { numClasses, kind } = spec.classification;
    const clip = features.extract(samples);
    if (clip.numFrames === 0) return { values: new Float32Array(0), numFrames: 0 };
    const context = (attentionContexts(spec.encoder)[0] ?? [-1, -1]) as ContextSize;
    const { tensor, lengths } = await encoder.encode(
      [clip],
      context,
      undefined,
      paddingColumns(spec.frontEnd, samples.length),
    );
    try {
      const head = await sessions.get('classification');
      const { scores } = await head.run({ encoded: tensor });
      assert(scores, 'the classification head gave no scores');
      const values = await hostValues(scores);
      scores.dispose();
      const numFrames = kind === 'clip' ? 1 : (lengths[0] as number);
      return { values: values.slice(0, numFrames * numClasses), numFrames };
    } finally {
      tensor.dispose();
    }
  }

  #notAvailable(method: string): AsrError {
    return new AsrError('unsupported-option', `${method} is not available for ${this.info.className}: it classifies.`);
  }
}

/** Rate and hop of the front end, whichever it is. */
export function frontEndOf({ frontEnd }: ClassifierSpec): {
  readonly sampleRate: number;
  readonly hopLength: number;
  readonly windowStride: number;
} {
  return frontEnd.kind === 'mel' ? frontEnd.mel : frontEnd.mfcc;
}
