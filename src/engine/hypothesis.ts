/** Emissions of one recording, decoded in one or more windows, to NeMo's hypothesis. */
import type { Emission } from '../base/emission.ts';
import type { Hypothesis, Timestamp } from '../base/hypothesis.ts';
import { frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import { toTimestamps } from '../text/timestamps.ts';
import { idsToTranscript, supportedPunctuation } from '../text/token-text.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { Decoded } from './decode-clips.ts';

/** A decoded window and where it starts, in encoder frames. */
export type DecodedWindow = { readonly decoded: Decoded; readonly startFrame: number };

export type HypothesisOptions = { readonly timestamps: boolean; readonly decoder: 'ctc' | 'rnnt' | 'tdt' };

/** Turns ids into text and times; one a model, because the punctuation of a vocabulary is worth keeping. */
export class HypothesisWriter {
  readonly #spec: ModelSpec;
  readonly #tokenizer: Tokenizer;
  readonly #punctuation: ReadonlySet<string>;

  constructor(spec: ModelSpec, tokenizer: Tokenizer) {
    this.#spec = spec;
    this.#tokenizer = tokenizer;
    this.#punctuation = supportedPunctuation(tokenizer.pieces);
  }

  /** Text of some tokens. */
  text(ids: readonly number[]): string {
    return idsToTranscript(ids, this.#tokenizer, this.#punctuation);
  }

  /** Char, word and segment stamps of emissions. */
  timestamps(emissions: readonly Emission[], decoder: HypothesisOptions['decoder']): Timestamp {
    return toTimestamps(emissions, {
      tokenizer: this.#tokenizer,
      decoder,
      punctuation: this.#punctuation,
      windowStride: this.#spec.mel.windowStride,
      subsamplingFactor: frameFactor(this.#spec.encoder),
    });
  }

  /** One hypothesis from the windows of a recording, in order. */
  write(windows: readonly DecodedWindow[], { timestamps, decoder }: HypothesisOptions): Hypothesis {
    const emissions = windows.flatMap(({ decoded, startFrame }) =>
      startFrame === 0 ? decoded.emissions : decoded.emissions.map((emission) => ({ ...emission, frame: emission.frame + startFrame })),
    );
    const timestep = windows.flatMap(({ decoded, startFrame }) => decoded.timestep.map((frame) => frame + startFrame));
    const ids = emissions.map((emission) => emission.token);
    const only = windows.length === 1 ? windows[0]?.decoded : undefined;
    return {
      text: this.windowTexts(windows).filter((text) => text.trim() !== '').join(' '),
      score: windows.reduce((sum, { decoded }) => sum + decoded.score, 0),
      ySequence: ids,
      tokens: this.#tokenizer.idsToTokens(ids),
      timestamp: timestamps ? { ...this.timestamps(emissions, decoder), timestep } : { timestep },
      length: windows.reduce((sum, { decoded }) => sum + decoded.length, 0),
      ...(only?.logProbs ? { alignments: { logProbs: only.logProbs, numFrames: only.length } } : {}),
      ...(only?.steps ? { alignments: only.steps } : {}),
    };
  }

  /** The text of every window by itself: pieces at a seam must not melt into one word. */
  windowTexts(windows: readonly DecodedWindow[]): string[] {
    return windows.map(({ decoded }) => this.text(decoded.emissions.map((emission) => emission.token)));
  }
}
