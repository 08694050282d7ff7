/**
 * The CTC model that a Canary checkpoint may carry for its timestamps (NeMo `timestamps_asr_model`, as in canary-1b-v2).
 *
 * Its own front end, encoder and head hear the window once more; the text is what the attention decoder said. Sessions are made when
 * timestamps are first asked for.
 */
import type { MelExtractor } from '../audio/mel.ts';
import type { Timestamp } from '../base/hypothesis.ts';
import { alignStates, withBlanks } from '../decoding/forced-alignment.ts';
import type { ContextSize } from '../model/conformer-spec.ts';
import { attentionContexts, frameFactor } from '../model/encoder.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tensor } from '../runtime/session.ts';
import { type WordPieces, cutText, toAlignedTimestamps } from '../text/aligned-timestamps.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { EncoderRunner } from './encoder-runner.ts';
import { hostValues } from './encoder-tensors.ts';
import type { ModelSessions } from './sessions.ts';

export type AlignerParts = {
  readonly spec: ModelSpec;
  readonly mel: MelExtractor;
  readonly tokenizer: Tokenizer;
  readonly sessions: ModelSessions;
};

export class Aligner {
  readonly #parts: AlignerParts;
  readonly #encoder: EncoderRunner;
  readonly #pieces: WordPieces;

  constructor(parts: AlignerParts) {
    const { tokenizer } = parts;
    const unknown = tokenizer.pieces.indexOf('<unk>');
    this.#parts = parts;
    this.#encoder = new EncoderRunner(parts.sessions, parts.spec);
    this.#pieces = {
      textToIds: (text) => tokenizer.textToIds(text),
      pieces: tokenizer.pieces,
      ...(unknown < 0 ? {} : { unknown }),
    };
  }

  /** Seconds a frame of the aligner lasts: what the offsets of `align` count. */
  get frameSeconds(): number {
    const { spec } = this.#parts;
    return spec.mel.windowStride * frameFactor(spec.encoder);
  }

  /** @param samples mono, at the rate of the checkpoint, which both of its models share */
  async align(samples: Float32Array, text: string): Promise<Required<Pick<Timestamp, 'word' | 'segment'>>> {
    const scores = await this.#parts.sessions.withFallback(() => this.#score(samples));
    const cut = cutText(text, scores.numFrames, this.#pieces);
    const path = alignStates(scores, withBlanks(cut.tokens, scores.numClasses - 1));
    return toAlignedTimestamps(cut, path, this.frameSeconds);
  }

  async dispose(): Promise<void> {
    await this.#parts.sessions.close();
  }

  async #score(samples: Float32Array): Promise<Parameters<typeof alignStates>[0]> {
    const { spec, mel, sessions } = this.#parts;
    const numClasses = (spec.ctc?.vocabularySize ?? 0) + 1;
    const features = mel.extract(samples);
    if (features.numFrames === 0) return { logProbs: new Float32Array(0), numFrames: 0, numClasses };
    const encoded = await this.#encoder.encode([features], attentionContexts(spec.encoder)[0] as ContextSize);
    try {
      const head = await sessions.get('ctc');
      const outputs = await head.run({ encoded: encoded.tensor }, ['log_probs']);
      const numFrames = encoded.lengths[0] as number;
      const logProbs = await hostValues(outputs['log_probs'] as Tensor);
      return { logProbs: logProbs.subarray(0, numFrames * numClasses), numFrames, numClasses };
    } finally {
      encoded.tensor.dispose();
    }
  }
}
