/** The options that choose a checkpoint, where it runs and how it decodes, and the model they give. */
import { AsrError } from '../base/errors.ts';
import { LoadedModel } from '../engine/asr-model.ts';
import { loadModel } from '../engine/load.ts';
import { LoadedClassifier } from '../engine/loaded-classifier.ts';
import type { LoadOptions, LongAudioMode, TranscribeOptions } from '../engine/options.ts';
import { toCheckpointSource } from './checkpoint-argument.ts';
import { openCheckpointCache } from './checkpoint-cache.ts';
import { openDecodingFiles } from './decoding-argument.ts';
import { type Arguments, type OptionTable, UsageError } from './command.ts';
import { promptArgument, promptOptions } from './prompt.ts';
import { installWebGpu } from './webgpu.ts';

/** `--model`, `--device`, `--precision`, `--no-cache`. */
export const MODEL_OPTIONS: OptionTable = {
  'no-cache': { type: 'boolean' },
  model: { type: 'string' },
  device: { type: 'string' },
  precision: { type: 'string' },
};

/** Options of commands that transcribe. */
export const TRANSCRIBE_OPTIONS: OptionTable = {
  ...MODEL_OPTIONS,
  'decoder-type': { type: 'string' },
  decoding: { type: 'string' },
  attention: { type: 'string' },
  'att-context-size': { type: 'string' },
  prompt: { type: 'string' },
  'batch-size': { type: 'string' },
  long: { type: 'string' },
  channel: { type: 'string' },
  vad: { type: 'string' },
  'vad-options': { type: 'string' },
};

export const MODEL_USAGE = '[--model CHECKPOINT] [--device wasm|webgpu] [--precision fp32|fp16|int8|int4] [--no-cache]';
export const TRANSCRIBE_USAGE = `${MODEL_USAGE} [--decoder-type ctc|rnnt] [--decoding JSON] [--attention JSON] [--att-context-size JSON] [--prompt JSON]
      [--batch-size N] [--long auto|full|buffered|pauses] [--channel N|average] [--vad CHECKPOINT] [--vad-options JSON]`;

const PRECISIONS = ['auto', 'fp32', 'fp16', 'int8', 'int4'] as const;
const LONG: readonly LongAudioMode[] = ['auto', 'full', 'buffered', 'pauses'];

export type OpenedModel = {
  readonly model: LoadedModel | LoadedClassifier;
  /** Seconds it took to open, convert and make sessions. */
  readonly loadSeconds: number;
  /** `--prompt`, as given. */
  readonly prompt: Readonly<Record<string, unknown>> | undefined;
};

/** A model that writes down what is said. */
export type OpenedRecognizer = OpenedModel & { readonly model: LoadedModel };

/** As `openModel`, for commands that are of no use to classifiers. */
export async function openRecognizer(args: Arguments): Promise<OpenedRecognizer> {
  const { model, ...rest } = await openModel(args);
  if (model instanceof LoadedModel) return { model, ...rest };
  throw new AsrError('unsupported-option', `${model.info.className} classifies: 'sotto transcribe' gives its labels.`);
}

/** Loads `--model`, with the decoder and attention that were asked for. */
export async function openModel(args: Arguments): Promise<OpenedModel> {
  const device = args.choice('device', ['wasm', 'webgpu', 'auto']) ?? 'wasm';
  const precision = args.choice('precision', PRECISIONS) ?? 'auto';
  const decoderType = args.choice('decoder-type', ['ctc', 'rnnt']);
  const decoding = args.has('decoding') ? await openDecodingFiles(args.jsonObject('decoding') ?? {}) : undefined;
  const attention = args.jsonObject('attention');
  const context = contextSize(args);
  const prompt = promptArgument(args);
  const source = await toCheckpointSource(args.text('model'));
  if (device === 'webgpu') await installWebGpu();

  const startedAt = performance.now();
  const cache = !args.flag('no-cache') && (await openCheckpointCache());
  const options: LoadOptions = { device, precision, cache };
  const model = await loadModel(source, options);
  const loadSeconds = (performance.now() - startedAt) / 1000;
  if (model instanceof LoadedClassifier) {
    if (decoding || decoderType || attention || context || prompt)
      throw new AsrError('unsupported-option', `${model.info.className} classifies: there is nothing to decode.`);
    return { model, loadSeconds, prompt };
  }
  if (!(model instanceof LoadedModel)) throw new Error('the engine gave no model of its own');
  if (decoding || decoderType) await model.changeDecodingStrategy(decoding, decoderType ? { decoderType } : {});
  if (attention) model.changeAttentionModel(attention);
  if (context) model.setDefaultAttContextSize(context);
  promptOptions(model, prompt); // refused before any audio is opened
  return { model, loadSeconds, prompt };
}

/** `--batch-size`, `--long`, `--channel` as options of `transcribe`. */
export function transcribeOptions(args: Arguments): TranscribeOptions {
  const batchSize = args.integer('batch-size', { min: 1 });
  const long = args.choice('long', LONG);
  const channelSelector = args.text('channel') === 'average' ? 'average' : args.integer('channel', { min: 0 });
  return {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(long === undefined ? {} : { long }),
    ...(channelSelector === undefined ? {} : { channelSelector }),
  };
}

/** `--vad CHECKPOINT` with `--vad-options '{"onset": 0.6, "minDurationOff": 0.3}'`, as the option `vad`. */
export async function vadOption(args: Arguments): Promise<Pick<TranscribeOptions, 'vad'>> {
  const checkpoint = args.text('vad');
  const options = args.jsonObject('vad-options');
  if (checkpoint === undefined) {
    if (options) throw new UsageError('--vad-options needs --vad.');
    return {};
  }
  return { vad: { ...options, checkpoint: await toCheckpointSource(checkpoint) } };
}

/** `--att-context-size '[70, 13]'`, or `'[70, 7, 7]'`. */
export function contextSize(args: Arguments): readonly number[] | undefined {
  const value = args.json('att-context-size');
  if (value === undefined) return undefined;
  const isSize = Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every(Number.isInteger);
  if (!isSize)
    throw new UsageError(
      '--att-context-size is [left, right] or [left, chunk, right] in whole numbers, such as [70, 13].',
    );
  return value as number[];
}
