/**
 * Audio as callers have it, turned into what can be posted to the worker.
 *
 * A bare `Float32Array` is mono at the model's rate, as an array is in NeMo; nothing is resampled then. An `AudioBuffer` lives in the
 * page only, so its channels are copied out here.
 */
import { toWireDecoding } from './decoding-config.ts';
import { type ManifestInput, isManifest, readManifestInput } from './manifest-input.ts';
import type { AudioInput } from './protocol.ts';

/** One thing to transcribe: a file, its URL, samples, or a Web Audio buffer. */
export type PageAudio = AudioInput | AudioBuffer;

/** What `transcribe` takes: recordings, and NeMo manifests that stand for the recordings of their lines. */
export type TranscribeInput = PageAudio | ManifestInput;

/** Throws `TypeError`, naming the position, for anything that is no audio. */
export function toWireAudio(audio: PageAudio | readonly PageAudio[]): AudioInput[] {
  const list: readonly PageAudio[] = Array.isArray(audio) ? audio : [audio as PageAudio];
  return list.map((item, index) => convert(item, index));
}

/** As `toWireAudio`, for lists that may hold manifests; what is no audio throws at once, what is wrong in a manifest rejects. */
export function toWireInputs(
  audio: TranscribeInput | readonly TranscribeInput[],
): AudioInput[] | Promise<AudioInput[]> {
  const list: readonly TranscribeInput[] = Array.isArray(audio) ? audio : [audio as TranscribeInput];
  if (!list.some(isManifest)) return toWireAudio(list as readonly PageAudio[]);
  const parts = list.map((item, index) => (isManifest(item) ? item : convert(item, index)));
  return Promise.all(parts.map((part) => (isManifest(part) ? readManifestInput(part) : [part]))).then((lists) =>
    toWireAudio(lists.flat()),
  );
}

/** Recordings one by one, a manifest's as if they had been listed. */
export async function* eachRecording(
  audio: ManifestInput | Iterable<TranscribeInput> | AsyncIterable<TranscribeInput>,
): AsyncGenerator<PageAudio> {
  for await (const item of isManifest(audio) ? [audio] : audio) {
    if (isManifest(item)) yield* await readManifestInput(item);
    else yield item;
  }
}

function convert(item: PageAudio, index: number): AudioInput {
  if (item instanceof Blob || item instanceof Float32Array) return item;
  if (item instanceof URL) return item.href; // structured clone refuses URL objects
  if (typeof item === 'string') return resolveUrl(item, index);
  if (typeof AudioBuffer !== 'undefined' && item instanceof AudioBuffer) return fromAudioBuffer(item);
  if (isSamples(item)) return { samples: item.samples, sampleRate: item.sampleRate };
  if (isEntry(item)) {
    const { biasingRequest } = item;
    return {
      ...item,
      audio: convert(item.audio, index) as Blob | string,
      ...(biasingRequest && { biasingRequest: toWireDecoding(biasingRequest) as typeof biasingRequest }),
    };
  }
  throw new TypeError(
    `audio[${index}] must be a File, Blob, URL, Float32Array, AudioBuffer, { samples, sampleRate } or { manifest }`,
  );
}

function resolveUrl(text: string, index: number): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (!text || !URL.canParse(text, base)) throw new TypeError(`audio[${index}] "${text}" is not a URL`);
  return new URL(text, base).href;
}

function fromAudioBuffer(buffer: AudioBuffer): AudioInput {
  const samples = Array.from({ length: buffer.numberOfChannels }, (_, channel) =>
    buffer.getChannelData(channel).slice(),
  );
  return { samples, sampleRate: buffer.sampleRate };
}

function isEntry(item: unknown): item is Extract<AudioInput, { audio: unknown }> {
  return (
    typeof item === 'object' &&
    item !== null &&
    'audio' in item &&
    (item.audio instanceof Blob || item.audio instanceof URL || typeof item.audio === 'string')
  );
}

function isSamples(item: unknown): item is { samples: Float32Array | readonly Float32Array[]; sampleRate: number } {
  if (typeof item !== 'object' || item === null || !('samples' in item) || !('sampleRate' in item)) return false;
  const { samples, sampleRate } = item;
  if (!(typeof sampleRate === 'number' && Number.isFinite(sampleRate) && sampleRate > 0)) return false;
  return (
    samples instanceof Float32Array ||
    (Array.isArray(samples) && samples.length > 0 && samples.every((s) => s instanceof Float32Array))
  );
}
