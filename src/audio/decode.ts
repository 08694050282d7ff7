/**
 * Any audio or video file to blocks of sound, in bounded memory, told apart by content and never by name or MIME type.
 *
 * WAV is read by Sotto itself and works everywhere. Everything else is taken apart by mediabunny and decoded by the browser
 * (WebCodecs, also in workers), so what can be decoded depends on the browser: Node decodes only WAV.
 */
import type { AudioSample, Input, InputAudioTrack } from 'mediabunny';
import { throwIfAborted } from '../base/abort.ts';
import { AsrError, isAsrError, messageOf } from '../base/errors.ts';
import { openMedia } from './media.ts';
import { readMp3Delay } from './mp3-delay.ts';
import { cutOggTail } from './ogg-tail.ts';
import { checkDuration, checkLayout, type Pcm } from './pcm.ts';
import { streamWav } from './wav.ts';
import { isWav } from './wav-header.ts';

/** A gap between packets shorter than this is rounding, a longer one is filled with silence so that times stay right. */
const MAX_DRIFT_SECONDS = 0.05;
/** Broken packets that are skipped (and become silence) before the file is given up. */
const MAX_BROKEN_SECONDS = 1;
const SKIP_SECONDS = 0.1;
/** Silence is given in blocks of at most this length. */
const SILENCE_FRAMES = 65_536;
const ADVICE = 'Convert it to WAV, FLAC, MP3 or M4A (AAC) and try again.';

/**
 * The sound of a file, block by block, with the channels and the rate it has. Blocks are of any length but of one rate.
 *
 * @throws AsrError `audio-undecodable` (message names container and codec), `audio-empty`, `cancelled`
 */
export async function* decodeAudio(
  blob: Blob,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Pcm> {
  throwIfAborted(signal);
  if (blob.size === 0) throw new AsrError('audio-empty', 'The file is empty (0 bytes).');
  if (await isWav(blob)) yield* streamWav(blob, signal ? { signal } : {});
  else yield* decodeMedia(await cutOggTail(blob), signal);
}

async function* decodeMedia(blob: Blob, signal: AbortSignal | undefined): AsyncGenerator<Pcm> {
  const { AudioSampleSink } = await import('mediabunny');
  const input = await openMedia(blob);
  try {
    const { track, origin, name } = await openTrack(input, blob, signal);
    const sink = new AudioSampleSink(track);
    const timeline = new Timeline(origin);
    let hasSound = false;
    let brokenSeconds = 0;
    for (let from: number | undefined; ; ) {
      try {
        for await (const sample of sink.samples(from)) {
          try {
            throwIfAborted(signal);
            for (const block of timeline.place(sample)) {
              hasSound = true;
              yield block;
            }
            brokenSeconds = 0;
          } finally {
            sample.close();
          }
        }
        break;
      } catch (thrown) {
        if (isAsrError(thrown)) throw thrown;
        brokenSeconds += SKIP_SECONDS;
        if (!hasSound || brokenSeconds > MAX_BROKEN_SECONDS)
          throw new AsrError(
            'audio-undecodable',
            `${name} could not be decoded after ${timeline.seconds.toFixed(1)} s: ${messageOf(thrown)}. ${ADVICE}`,
            { cause: thrown },
          );
        from = origin + timeline.seconds + brokenSeconds;
      }
    }
    if (!hasSound)
      throw new AsrError('audio-empty', `The file (${name}) has no sound in it, or is cut off before any.`);
  } finally {
    input.dispose();
  }
}

type OpenTrack = { readonly track: InputAudioTrack; readonly origin: number; readonly name: string };

/** The track to decode, the time at which its sound starts, and what the file is, for messages. */
async function openTrack(input: Input, blob: Blob, signal: AbortSignal | undefined): Promise<OpenTrack> {
  let container = 'unknown container';
  try {
    if (!(await input.canRead()))
      throw new AsrError('audio-undecodable', `This is not an audio or video file that Sotto knows. ${ADVICE}`);
    container = (await input.getFormat()).name;
    throwIfAborted(signal);
    const track = await input.getPrimaryAudioTrack();
    if (!track) {
      if ((await input.getTracks()).length > 0)
        throw new AsrError('audio-empty', `The ${container} file has no audio track.`);
      throw new AsrError('audio-undecodable', `The ${container} file has no track that Sotto can read. ${ADVICE}`);
    }
    const codec = (await track.getCodec()) ?? (await track.getInternalCodecId()) ?? 'an unknown codec';
    const name = `${container} (${codec})`;
    if (!(await track.canDecode()))
      throw new AsrError(
        'audio-undecodable',
        'AudioDecoder' in globalThis
          ? `The file is ${name}: this browser has no decoder for it. ${ADVICE}`
          : `The file is ${name}: there is no WebCodecs here to decode it. Convert it to WAV.`,
      );
    // Tracks that start late (beside video) are padded; a file whose clock starts late (MPEG-TS) is not.
    const fileStart = Math.max(0, await input.getFirstTimestamp());
    const delay = container === 'MP3' ? (await readMp3Delay(blob)) / (await track.getSampleRate()) : 0;
    return { track, origin: fileStart + delay, name };
  } catch (thrown) {
    if (isAsrError(thrown)) throw thrown;
    throw new AsrError(
      'audio-undecodable',
      `The ${container} file is damaged or cut: ${messageOf(thrown)}. ${ADVICE}`,
      { cause: thrown },
    );
  }
}

/** Puts decoded samples one after another: what lies before the start is cut off, gaps are filled with silence. */
class Timeline {
  readonly #origin: number;
  #numFrames = 0;
  #sampleRate = 0;
  #numChannels = 0;

  constructor(origin: number) {
    this.#origin = origin;
  }

  /** Length of what was given so far. */
  get seconds(): number {
    return this.#sampleRate === 0 ? 0 : this.#numFrames / this.#sampleRate;
  }

  *place(sample: AudioSample): Generator<Pcm> {
    const { sampleRate, numberOfChannels, numberOfFrames } = sample;
    if (this.#sampleRate === 0) {
      checkLayout(numberOfChannels, sampleRate);
      this.#sampleRate = sampleRate;
      this.#numChannels = numberOfChannels;
    } else if (sampleRate !== this.#sampleRate || numberOfChannels !== this.#numChannels) {
      throw new AsrError(
        'audio-undecodable',
        `The sound changes from ${this.#numChannels} channels at ${this.#sampleRate} Hz to ${numberOfChannels} at ${sampleRate} Hz in the middle. ${ADVICE}`,
      );
    }
    const start = Math.round((sample.timestamp - this.#origin) * sampleRate);
    // Encoders put a run-in before time 0 (AAC priming, Opus pre-skip).
    const skip = this.#numFrames === 0 ? Math.min(Math.max(0, -start), numberOfFrames) : 0;
    if (start - this.#numFrames > MAX_DRIFT_SECONDS * sampleRate) yield* this.#silence(start);
    if (skip === numberOfFrames) return;
    const frameCount = numberOfFrames - skip;
    const channels = Array.from({ length: numberOfChannels }, (_, planeIndex) => {
      const channel = new Float32Array(frameCount);
      sample.copyTo(channel, { planeIndex, format: 'f32-planar', frameOffset: skip, frameCount });
      return channel;
    });
    yield this.#advance(channels, frameCount);
  }

  *#silence(untilFrame: number): Generator<Pcm> {
    checkDuration(untilFrame / this.#sampleRate);
    while (this.#numFrames < untilFrame) {
      const length = Math.min(SILENCE_FRAMES, untilFrame - this.#numFrames);
      yield this.#advance(
        Array.from({ length: this.#numChannels }, () => new Float32Array(length)),
        length,
      );
    }
  }

  #advance(channels: readonly Float32Array[], length: number): Pcm {
    this.#numFrames += length;
    checkDuration(this.seconds);
    return { channels, sampleRate: this.#sampleRate };
  }
}
