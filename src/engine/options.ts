/** The options and results of the public API (design: NeMo's names in camelCase). Plain data, so they cross the worker boundary. */
import type { VoiceActivityOptions } from '../audio/voice-activity.ts';
import type { OnProgress } from '../base/progress.ts';
import type { Hypothesis, WordStamp } from '../base/hypothesis.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';

/** Where a part of the model runs. */
export type Device = 'webgpu' | 'wasm';
/** How weights are kept. */
export type Precision = 'fp32' | 'fp16' | 'int8' | 'int4';
/** In what the encoder multiplies. */
export type Arithmetic = 'fp32' | 'fp16' | 'int8';

/** Options that every long operation takes. */
export type CallOptions = {
  /** Cancels the call: it rejects with `AsrError('cancelled')` within one window of audio. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
};

/** Options of `restoreFrom` and `fromPretrained`. */
export type LoadOptions = CallOptions & {
  /** Where encoder and decoder run. `'auto'` probes WebGPU and falls back to WASM, and `report.reason` says why. @default 'auto' */
  readonly device?: Device | 'auto';
  /** Where predictor, joint and CTC head run. `'auto'` takes what is measured faster. @default 'auto' */
  readonly decoderDevice?: Device | 'auto';
  /**
   * How weights are kept. `'auto'` is fp32, the only one that gives NeMo's numbers, and int8 where fp32 would not fit; `report.precision` and
   * `report.arithmetic` say what runs. The README says what each costs. @default 'auto'
   */
  readonly precision?: Precision | 'auto';
  /** WASM threads; more than one needs cross-origin isolation. @default half of the cores, 8 at most; 1 without isolation */
  readonly numThreads?: number;
  /** Absolute or page-relative URL of the folder that holds ORT's wasm files and `checkpoints/`. @default next to the library */
  readonly assetBase?: string;
  /** Keep the converted checkpoint in IndexedDB. @default true */
  readonly cache?: boolean;
  /** Branch, tag or commit of a hub repository. @default 'main' */
  readonly revision?: string;
  /** @default 'https://huggingface.co' */
  readonly hubUrl?: string;
  /** Hub token; never stored, logged or put into a URL. */
  readonly accessToken?: string;
  /** Called when `report` has changed after loading: the GPU was lost, and WASM goes on. */
  readonly onReport?: (report: ModelReport) => void;
};

/** What can be transcribed: files and URLs are decoded and resampled; a bare Float32Array is mono at the model's rate, as in NeMo. */
export type AudioInput =
  | Blob
  | URL
  | string
  | Float32Array
  | { readonly samples: Float32Array | readonly Float32Array[]; readonly sampleRate: number }
  | AudioEntry;

/** A file, or a part of it, with a prompt of its own: a line of a NeMo manifest. */
export type AudioEntry = {
  readonly audio: Blob | URL | string;
  /** Seconds; without it the whole file is meant, whatever `duration` says, as in NeMo. */
  readonly offset?: number;
  /** Seconds from `offset`. @default to the end */
  readonly duration?: number;
  /** Prompt slots by NeMo's names. They win over the call's options; checkpoints without prompts do not mind them. */
  readonly slots?: { readonly [slot: string]: PromptValue };
  /** Boosted phrases of this recording (a line's `biasing_request`); wins over the call's `biasingRequests`. */
  readonly biasingRequest?: BiasingRequest;
};

/**
 * Boosted phrases of one recording: NeMo's `BiasingRequestItemConfig`, in its spelling or in camelCase. `boostingModelCfg` has the keys of
 * `boosting_tree`, such as `key_phrases_list`; `boostingModelAlpha` is its weight, 1 unless given.
 */
export type BiasingRequest = {
  readonly boostingModelCfg?: object;
  readonly boostingModelAlpha?: number;
  readonly [nemoKey: string]: unknown;
};

/** `full` decodes in one go, `buffered` in overlapping windows as NeMo's scripts do, `pauses` cuts where nobody speaks, `auto` picks and says what it did. */
export type LongAudioMode = 'auto' | 'full' | 'buffered' | 'pauses';

/**
 * How `long: 'buffered'` cuts and joins. Canary checkpoints take `method: 'lcs'` only, chunks of 30 to 40 s that overlap by a second and are
 * merged by what they have in common, as NeMo's `transcribe` does by itself with a checkpoint that carries a model for its timestamps (and
 * `auto` with it); without a method their windows of 40 s are joined by spaces (NeMo `speech_to_text_aed_chunked_infer.py`).
 *
 * `context` encodes every chunk between `leftSeconds` and `rightSeconds` of its neighbours and carries the decoder on, or the beam of strategy
 * `malsd_batch` (NeMo `speech_to_text_streaming_infer_rnnt.py`); `middle` takes the middle of overlapping buffers, `lcs` joins them by what they have in common
 * (NeMo `speech_to_text_buffered_infer_ctc.py`, `…_rnnt.py`).
 */
export type BufferedOptions = {
  /** @default 'context' for transducers, 'middle' for CTC */
  readonly method?: 'context' | 'middle' | 'lcs';
  /** New audio a piece. @default 10 for `context`, else 1.6 */
  readonly chunkSeconds?: number;
  /** Length of a buffer of `middle` and `lcs`. @default 4 */
  readonly bufferSeconds?: number;
  /** Audio before a chunk of `context`. @default 10 */
  readonly leftSeconds?: number;
  /** Audio behind a chunk of `context`. @default 5 */
  readonly rightSeconds?: number;
};

/** A prompt slot's value: NeMo's literal, or a boolean for the slots that are on or off. */
export type PromptValue = string | boolean;

/**
 * A prompt for Canary checkpoints, as NeMo takes it: slots by name (NeMo's spelling or camelCase), or one turn, or several.
 *
 * `canary` has source_lang, task, target_lang, pnc; `canary2` has decodercontext, emotion, source_lang, target_lang, pnc, itn, timestamp, diarize.
 */
export type PromptOption =
  | { readonly [slot: string]: PromptValue }
  | { readonly role: string; readonly slots: { readonly [slot: string]: PromptValue } }
  | { readonly turns: readonly { readonly role: string; readonly slots: { readonly [slot: string]: PromptValue } }[] };

/** Which voice detector to use, and when it hears speech (NeMo's post-processing of its scores). */
export type VadOptions = VoiceActivityOptions & {
  /** A checkpoint that classifies frames or clips, with a class `speech` or `1` (MarbleNet). */
  readonly checkpoint: CheckpointSource;
  /** Clip classifiers: seconds of a clip. @default 0.63 */
  readonly windowSeconds?: number;
  /** Clip classifiers: seconds between two clips. @default 0.08 */
  readonly shiftSeconds?: number;
};

/** Options of `transcribe`. */
export type TranscribeOptions = CallOptions & {
  /** Inputs decoded together. Results never depend on it. @default 4 */
  readonly batchSize?: number;
  /** Char, word and segment timestamps in `hypothesis.timestamp`. @default false */
  readonly timestamps?: boolean;
  /** CTC log-probs or transducer lattice in `hypothesis.alignments`; strategies that keep no lattice refuse. @default false */
  readonly returnAlignments?: boolean;
  /** Channel of multi-channel audio, or `'average'`. Without it multi-channel files are averaged. */
  readonly channelSelector?: number | 'average';
  /** How audio longer than one window is treated. @default 'auto', with `partialHypothesis` 'full' */
  readonly long?: LongAudioMode;
  /**
   * Transducers, greedy: what the pieces of each recording before this one said, one entry a recording, null where there was none. Decoding
   * goes on from there, and the result is the hypothesis of all pieces so far (NeMo `partial_hypothesis`).
   */
  readonly partialHypothesis?: readonly (Hypothesis | null)[];
  /**
   * Transducers, greedy, where `greedy.enable_per_stream_biasing` is true: boosted phrases of each recording, one entry a recording, null where
   * there are none (NeMo `biasing_requests`, `Hypothesis.biasing_cfg`). Results do not depend on the neighbours' phrases. With
   * `partialHypothesis` every piece of a recording brings the same request again.
   */
  readonly biasingRequests?: readonly (BiasingRequest | null)[];
  /** Long recordings are cut where this detector hears nobody, and windows in which it hears nobody are not decoded. For `long` `'auto'` and `'pauses'`. @default energy decides where to cut, and all is decoded */
  readonly vad?: VadOptions;
  /** Details of `long: 'buffered'`. */
  readonly buffered?: BufferedOptions;
  /** Canary: `'asr'` or `'ast'` (translate). `canary2` prompts have no task: there two different languages mean translation. @default 'asr' */
  readonly task?: string;
  /** Canary: language spoken. @default the checkpoint's, as a rule 'en' */
  readonly sourceLang?: string;
  /** Canary: language written; checkpoints with language prompts: the prompt, `'auto'` unless given. @default the checkpoint's, as a rule 'en'; it does not follow `sourceLang` */
  readonly targetLang?: string;
  /** Canary: punctuation and capitals. @default true */
  readonly pnc?: PromptValue;
  /** Canary: every other slot of the checkpoint's prompt format. */
  readonly prompt?: PromptOption;
};

/** A reading together with how long its recording was. */
export type TranscribeResult = {
  readonly hypothesis: Hypothesis;
  /** Seconds of audio. */
  readonly duration: number;
  /** How it was decoded: what `long: 'auto'` chose, or what was asked for. */
  readonly long: Exclude<LongAudioMode, 'auto'>;
};

/** Options of `stream`. */
export type StreamOptions = CallOptions & {
  /** Cache-aware look-ahead `[left, right]` in encoder frames; one of the checkpoint's. @default the checkpoint's first */
  readonly attContextSize?: readonly [number, number];
  /** Seconds of new audio a step, for checkpoints that are not cache-aware. @default 1 */
  readonly chunkSeconds?: number;
  /**
   * Settles a phrase when this detector hears nobody any more, and decodes nothing while it hears nobody. Cache-aware streams take `padOnset` (0.4 s
   * there unless given) for sound before the first word, and `minDurationOn` is 0.1 s there. @default energy decides; cache-aware streams decode all
   */
  readonly vad?: VadOptions;
  /** Language of a checkpoint with language prompts. @default 'auto' */
  readonly targetLang?: string;
  /** Boosted phrases of this stream, where `greedy.enable_per_stream_biasing` is true (NeMo `ASRRequestOptions.biasing_cfg`). */
  readonly biasingRequest?: BiasingRequest;
  /** Rate of the pushed samples in Hz. @default the model's */
  readonly sampleRate?: number;
};

/** What is known of a running stream. */
export type StreamUpdate = {
  /** Settled text: it only ever grows. */
  readonly committed: string;
  /** Text after `committed` that may still change. */
  readonly draft: string;
  readonly words: readonly WordStamp[];
  /** Seconds of audio decoded, or heard to be silent. */
  readonly time: number;
  readonly isFinal: boolean;
};

/** Whether a GPU computes what WASM computes, found out before it is trusted with a kind of encoder. */
export type SelfTestReport = {
  /** `failed`: WASM took over. `skipped`: an encoder too large to be loaded twice, so nothing is known. */
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Greatest difference between GPU and WASM, as a share of the greatest value. */
  readonly difference: number;
  /** What is allowed. */
  readonly tolerance: number;
  /** Found on an earlier visit with the same adapter, browser and version. */
  readonly remembered: boolean;
};

/** What was asked, what runs where, and why. */
export type ModelReport = {
  readonly requested: Device | 'auto';
  /** Device of the encoder. */
  readonly device: Device;
  /** Device of predictor, joint and CTC head. */
  readonly decoderDevice: Device;
  /** How the weights are kept. */
  readonly precision: Precision;
  /** In what the encoder multiplies: fp16 weights are multiplied as fp32 where the device has no fp16 shaders, int4 everywhere. */
  readonly arithmetic: Arithmetic;
  /** Why this device, and why this precision where nobody asked for it. */
  readonly reason: string;
  /** GPU vendor and architecture as the browser tells them; empty on WASM. */
  readonly adapter: string;
  /** Absent where no GPU was in question. */
  readonly selfTest?: SelfTestReport;
  readonly numThreads: number;
  readonly seconds: { readonly open: number; readonly convert: number; readonly session: number };
  /** True when the parts came from IndexedDB, without network and conversion. */
  readonly fromCache: boolean;
  /** Bytes of weights the sessions hold. */
  readonly weightBytes: number;
};

/** What a checkpoint is, as `sotto inspect` and the page show it. */
export type ModelInfo = {
  readonly name: string;
  /** NeMo class, e.g. `EncDecCTCModelBPE`. */
  readonly className: string;
  readonly decoders: readonly ('ctc' | 'rnnt' | 'tdt' | 'aed')[];
  readonly sampleRate: number;
  readonly numParameters: number;
  readonly vocabularySize: number;
  /** Seconds an encoder frame spans. */
  readonly frameSeconds: number;
  /** Look-aheads a cache-aware checkpoint offers; empty for full-context ones. */
  readonly attContextSizes: readonly (readonly [number, number])[];
  readonly languages: readonly string[];
  /** Classification models: the classes, in the order of scores. */
  readonly labels?: readonly string[];
};

/** A checkpoint kept in this browser. */
export type StoredCheckpoint = {
  readonly id: string;
  readonly name: string;
  readonly className: string;
  /** How the weights are kept: one checkpoint may be stored in several precisions. */
  readonly precision: Precision;
  readonly bytes: number;
  readonly storedAt: number;
};
