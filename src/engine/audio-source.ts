/**
 * Any input to mono samples at the model's rate, block by block.
 *
 * NeMo's data loaders pad with zeros on both sides to one second: arrays always, files for Canary only. Results would differ without.
 */
import { selectChannel } from '../audio/channels.ts';
import { decodeAudio } from '../audio/decode.ts';
import { durationOf } from '../audio/duration.ts';
import type { Pcm } from '../audio/pcm.ts';
import { Resampler } from '../audio/resample.ts';
import { AsrError, messageOf } from '../base/errors.ts';
import type { AudioEntry, AudioInput } from './options.ts';

export type AudioSourceOptions = {
  readonly sampleRate: number;
  readonly channelSelector?: number | 'average';
  /** Pad files shorter than a second too. @default false */
  readonly padsFiles?: boolean;
  readonly signal?: AbortSignal;
};

const MIN_SECONDS = 1;

/** Blocks of mono samples. Throws `audio-empty` for a file without a single sample. */
export async function* openAudio(input: AudioInput, options: AudioSourceOptions): AsyncGenerator<Float32Array> {
  if (input instanceof Float32Array) {
    yield padded(input, options.sampleRate);
  } else if (!isSamples(input)) {
    const entry = isEntry(input) ? input : { audio: input };
    const { audio } = entry;
    const file = audio instanceof Blob ? audio : await fetchAudio(audio, options.signal);
    const blocks = fromFile(file, entry, options);
    yield* options.padsFiles ? paddedBlocks(blocks, options.sampleRate) : blocks;
  } else {
    const channels = input.samples instanceof Float32Array ? [input.samples] : input.samples;
    const mono = selectChannel({ channels, sampleRate: input.sampleRate }, options.channelSelector);
    const resampler = new Resampler(input.sampleRate, options.sampleRate);
    yield padded(concatenate([resampler.push(mono), resampler.finish()]), options.sampleRate);
  }
}

/** Seconds of all inputs as their files tell, for progress; undefined where one does not. */
export async function durationOfAll(inputs: readonly AudioInput[], sampleRate: number): Promise<number | undefined> {
  let total = 0;
  for (const input of inputs) {
    const seconds = await durationOfInput(input, sampleRate);
    if (seconds === undefined) return undefined;
    total += seconds;
  }
  return total;
}

async function durationOfInput(input: AudioInput, sampleRate: number): Promise<number | undefined> {
  if (input instanceof Float32Array) return input.length / sampleRate;
  if (isSamples(input))
    return (
      (input.samples instanceof Float32Array ? input.samples : (input.samples[0] as Float32Array)).length /
      input.sampleRate
    );
  const { audio, offset, duration } = isEntry(input) ? input : { audio: input };
  if (offset !== undefined && duration !== undefined) return duration;
  const seconds = audio instanceof Blob ? await durationOf(audio) : undefined;
  return seconds && Math.max(0, seconds - (offset ?? 0));
}

/** Whether an input is a line of a manifest. */
export function isEntry(input: AudioInput): input is AudioEntry {
  return typeof input === 'object' && 'audio' in input;
}

function isSamples(input: AudioInput): input is Extract<AudioInput, { sampleRate: number }> {
  return typeof input === 'object' && 'samples' in input;
}

async function* fromFile(
  blob: Blob,
  entry: Omit<AudioEntry, 'audio'>,
  { sampleRate, channelSelector, signal }: AudioSourceOptions,
): AsyncGenerator<Float32Array> {
  let resampler: Resampler | undefined;
  let numSamples = 0;
  for await (const block of partOf(decodeAudio(blob, signal ? { signal } : {}), entry)) {
    const mono = mixDown(block, channelSelector);
    numSamples += mono.length;
    if (block.sampleRate === sampleRate) {
      // A decoder may use its block again.
      yield mono.slice();
    } else {
      resampler ??= new Resampler(block.sampleRate, sampleRate);
      const resampled = resampler.push(mono);
      if (resampled.length > 0) yield resampled;
    }
  }
  const rest = resampler?.finish();
  if (rest && rest.length > 0) yield rest;
  if (numSamples > 0) return;
  throw new AsrError(
    'audio-empty',
    entry.offset
      ? `The recording ends before its offset of ${entry.offset} s.`
      : 'The recording contains no sound: it has no samples.',
  );
}

/** Samples are cut at the file's own rate, before resampling, as NeMo's loader does. */
async function* partOf(
  blocks: AsyncIterable<Pcm>,
  { offset, duration = Number.POSITIVE_INFINITY }: Omit<AudioEntry, 'audio'>,
): AsyncGenerator<Pcm> {
  if (offset === undefined) {
    yield* blocks;
    return;
  }
  let position = 0;
  for await (const block of blocks) {
    const length = block.channels[0]?.length ?? 0;
    const from = Math.max(0, Math.round(offset * block.sampleRate) - position);
    const end = Math.round((offset + duration) * block.sampleRate);
    const to = Math.min(length, end - position);
    if (from < to) yield { ...block, channels: block.channels.map((channel) => channel.subarray(from, to)) };
    position += length;
    if (position >= end) return;
  }
}

function mixDown(block: Pcm, selector: number | 'average' | undefined): Float32Array {
  try {
    return selectChannel(block, selector);
  } catch (error) {
    throw new AsrError('unsupported-option', messageOf(error), { cause: error });
  }
}

async function fetchAudio(url: string | URL, signal: AbortSignal | undefined): Promise<Blob> {
  const failed = (why: string, cause?: unknown): AsrError =>
    new AsrError(
      signal?.aborted ? 'cancelled' : 'download-failed',
      `The recording ${url} could not be fetched: ${why}`,
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
    if (response.ok) return await response.blob(); // a line may be cut in the middle of the body, too
  } catch (error) {
    throw failed(messageOf(error), error);
  }
  throw failed(`the server answered ${response.status}.`);
}

function padded(
  samples: Float32Array,
  sampleRate: number,
  round: (middle: number) => number = Math.floor,
): Float32Array {
  const missing = MIN_SECONDS * sampleRate - samples.length;
  if (missing <= 0) return samples;
  const result = new Float32Array(MIN_SECONDS * sampleRate);
  result.set(samples, round(missing / 2));
  return result;
}

/** Holds blocks back until they make a second. Of an odd number of zeros lhotse puts one more in front, NeMo's array loader one less. */
async function* paddedBlocks(blocks: AsyncIterable<Float32Array>, sampleRate: number): AsyncGenerator<Float32Array> {
  let held: Float32Array[] | undefined = [];
  let numHeld = 0;
  for await (const block of blocks) {
    if (!held) {
      yield block;
      continue;
    }
    held.push(block);
    numHeld += block.length;
    if (numHeld < MIN_SECONDS * sampleRate) continue;
    yield concatenate(held);
    held = undefined;
  }
  if (held) yield padded(concatenate(held), sampleRate, Math.ceil);
}

/** How many samples there are, which takes decoding all of them. */
export async function countSamples(blocks: AsyncIterable<Float32Array>): Promise<number> {
  let numSamples = 0;
  for await (const block of blocks) numSamples += block.length;
  return numSamples;
}

/** Joins blocks into one array. */
export function concatenate(blocks: readonly Float32Array[]): Float32Array {
  if (blocks.length === 1) return blocks[0] as Float32Array;
  const result = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    result.set(block, offset);
    offset += block.length;
  }
  return result;
}
