/** Canary's goldens: prompts as NeMo takes them, as our options, and the decoding strategies that were recorded. */
import type { TranscribeOptions } from '../../src/engine/options.ts';
import type { Golden } from './golden.ts';

/** NeMo's keyword arguments of `transcribe`. */
export type Slots = Record<string, string | boolean>;

/** A recorded prompt: what was asked, and the token ids it became. */
export type Prompt = {
  readonly transcribe_arguments: Slots;
  readonly context_ids: readonly number[];
};

/** The prompts of a case by name. */
export function promptsOf(golden: Golden): Record<string, Prompt> {
  return golden.json['prompts'] as Record<string, Prompt>;
}

/**
 * What NeMo's loader makes of arguments for files: it drops most slots (`task` too: it looks for `taskname`) and the checkpoint's defaults with them.
 * We do as it does for arrays, where all count; so what it falls back to has to be said here.
 */
export function seenForFiles(
  { source_lang = 'en', target_lang = 'en', pnc = 'yes', timestamps = false }: Slots,
  format: string,
): Slots {
  const rest = { emotion: '<|emo:undefined|>', itn: 'no', diarize: 'no', decodercontext: '' };
  return { source_lang, target_lang, pnc, timestamps, ...(format === 'canary2' ? rest : { task: 'asr' }) };
}

/** NeMo's keyword arguments as our options. */
export function toOptions({ timestamps, ...slots }: Slots): TranscribeOptions {
  return { prompt: slots, ...(timestamps ? { timestamps: true } : {}) };
}

/** What `dump_canary` of the oracle merges into the checkpoint's own decoding section. */
export const STRATEGIES: Record<
  string,
  { readonly strategy: string; readonly beam?: object; readonly confidence_cfg?: object }
> = {
  greedy: { strategy: 'greedy' },
  beam4: { strategy: 'beam', beam: { beam_size: 4, len_pen: 0 } },
  beam4_len_pen_1: { strategy: 'beam', beam: { beam_size: 4, len_pen: 1 } },
  beam4_n_best: { strategy: 'beam', beam: { beam_size: 4, returnBestHypothesis: false } },
  greedy_confidence: {
    strategy: 'greedy',
    confidence_cfg: {
      preserve_frame_confidence: true,
      preserve_token_confidence: true,
      preserve_word_confidence: true,
    },
  },
  no_generation_room: { strategy: 'beam', beam: { beam_size: 1, max_generation_delta: -40 } },
};
