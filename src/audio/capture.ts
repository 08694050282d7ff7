/**
 * The microphone as a stream of mono blocks.
 *
 * Blocks are queued from the moment the browser grants the microphone, read or not, so that the first word is not lost while a model loads.
 * The context keeps its own rate (Firefox refuses others): resample the blocks. A microphone can end without any event, so a
 * watchdog counts the blocks.
 */
import { throwIfAborted } from '../base/abort.ts';
import { AsrError, messageOf } from '../base/errors.ts';
import { Scope } from '../base/scope.ts';
import { BlockQueue } from './block-queue.ts';
import { CAPTURE_PROCESSOR, type CaptureCommand, type CaptureMessage } from './capture-protocol.ts';
import { type Level, measureLevel } from './level.ts';
import { checkMicrophoneAllowed, toMicrophoneError } from './microphone-errors.ts';

export type MicrophoneOptions = {
  /** URL of the built `workers/capture.worklet.ts`. */
  readonly workletUrl: string | URL;
  /** `deviceId` of an input of `navigator.mediaDevices.enumerateDevices()`. @default the system's choice */
  readonly deviceId?: string;
  /** Gives up opening, or stops the open microphone. */
  readonly signal?: AbortSignal;
};

/** An open microphone: read it with `for await`; the loop ends after `stop()` or when the microphone is lost. */
export interface Microphone extends AsyncIterable<Float32Array> {
  /** Hz. */
  readonly sampleRate: number;
  /** Loudness of the latest block, for a meter. */
  readonly level: Level;
  /** Called once when the sound ends though nobody stopped it: unplugged, permission withdrawn, stalled. What was heard can still be read. */
  onLost: ((error: AsrError) => void) | null;
  /** Called with an error when the microphone gives only silence because it is muted, and with null when sound is back. */
  onMuted: ((error: AsrError | null) => void) | null;
  /** Ends the capture, releases the device and gives the last samples to the reader. */
  stop(): Promise<void>;
}

const TICK_MILLISECONDS = 500;
const STALLED_TICKS = 4; // ticks, not time: after the machine slept, one late tick must not count as a stall
const MUTED_SECONDS = 3; // of exact zeros, which no open microphone gives
const RESUME_MILLISECONDS = 2000;
const FLUSH_MILLISECONDS = 200;
const MAX_QUEUED_SECONDS = 900; // 165 MiB at 48 kHz
const UNPLUGGED = 'The microphone was unplugged or its permission withdrawn';

/**
 * Asks for the microphone and starts it. Call it from a click or key handler, or the browser may keep the sound paused.
 *
 * @throws AsrError `microphone` (refused, none, in use, policy or frame, paused), `cancelled`
 */
export async function openMicrophone({ workletUrl, deviceId, signal }: MicrophoneOptions): Promise<Microphone> {
  throwIfAborted(signal);
  checkMicrophoneAllowed();
  const scope = new Scope();
  try {
    const context = new AudioContext();
    scope.onDispose(() => void context.close());
    // The worklet loads while the user is asked, so that nothing stands between the permission and the first sample.
    const opening = Promise.all([openStream(scope, deviceId), loadWorklet(context, workletUrl)]);
    const [stream] = await Promise.race([opening, rejectOnAbort(scope, signal)]);
    const node = new AudioWorkletNode(context, CAPTURE_PROCESSOR, {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    const microphone = new OpenMicrophone(scope, context, stream, node);
    context.createMediaStreamSource(stream).connect(node);
    await resume(scope, context);
    throwIfAborted(signal);
    if (signal) scope.listen(signal, 'abort', () => void microphone.stop(), { once: true });
    return microphone;
  } catch (thrown) {
    scope.dispose();
    throw thrown;
  }
}

class OpenMicrophone implements Microphone {
  readonly sampleRate: number;
  onLost: ((error: AsrError) => void) | null = null;
  onMuted: ((error: AsrError | null) => void) | null = null;
  readonly #scope: Scope;
  readonly #port: MessagePort;
  readonly #queue = new BlockQueue();
  #level: Level = { rms: 0, peak: 0 };
  #numBlocks = 0;
  #numZeros = 0;
  #isMuted = false;
  #ending: Promise<void> | undefined;
  #onFlushed: () => void = () => {};

  constructor(scope: Scope, context: AudioContext, stream: MediaStream, node: AudioWorkletNode) {
    this.#scope = scope;
    this.sampleRate = context.sampleRate;
    this.#port = node.port;
    this.#port.onmessage = ({ data }: MessageEvent<CaptureMessage>) => this.#receive(data);
    scope.onDispose(() => {
      this.#port.onmessage = null;
      node.disconnect();
      this.#queue.end();
    });
    scope.listen(node, 'processorerror', () => this.#lose('The audio thread failed'));
    for (const track of stream.getAudioTracks()) {
      scope.listen(track, 'ended', () => this.#lose(UNPLUGGED));
      scope.listen(track, 'mute', () => this.#setMuted(true));
      scope.listen(track, 'unmute', () => this.#setMuted(false));
    }
    this.#watch(stream.getAudioTracks());
  }

  get level(): Level {
    return this.#level;
  }

  [Symbol.asyncIterator](): AsyncIterator<Float32Array> {
    return this.#queue[Symbol.asyncIterator]();
  }

  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Waits for what the audio thread still holds, then lets go of everything. */
  async #end(): Promise<void> {
    if (this.#scope.isDisposed) return;
    await new Promise<void>((resolve) => {
      this.#onFlushed = resolve;
      this.#scope.timeout(resolve, FLUSH_MILLISECONDS); // a dead audio thread never answers
      this.#port.postMessage('stop' satisfies CaptureCommand);
    });
    this.#scope.dispose();
  }

  #receive(message: CaptureMessage): void {
    if (message === 'done') {
      this.#onFlushed();
      return;
    }
    this.#numBlocks += 1;
    this.#queue.push(message);
    this.#level = measureLevel(message);
    this.#numZeros = this.#level.peak === 0 ? this.#numZeros + message.length : 0;
    if (this.#numZeros >= MUTED_SECONDS * this.sampleRate) this.#setMuted(true);
    else if (this.#numZeros === 0) this.#setMuted(false);
    if (this.#queue.numSamples > MAX_QUEUED_SECONDS * this.sampleRate)
      this.#lose('The recording was not read for too long');
  }

  #setMuted(isMuted: boolean): void {
    if (this.#isMuted === isMuted) return;
    this.#isMuted = isMuted;
    const message = 'The microphone is muted: it gives no sound. Unmute it on the device or in the system settings.';
    this.onMuted?.(isMuted ? new AsrError('microphone', message) : null);
  }

  #watch(tracks: readonly MediaStreamTrack[]): void {
    let seen = 0;
    let stalledTicks = 0;
    // biome-ignore lint/style/noRestrictedGlobals: Scope.timeout would keep one clean-up a tick; this one ends with the scope below
    const timer = setInterval(() => {
      stalledTicks = this.#numBlocks === seen ? stalledTicks + 1 : 0;
      seen = this.#numBlocks;
      // An ended track goes on as zeros, and not every browser sends the event.
      if (tracks.every(({ readyState }) => readyState === 'ended')) this.#lose(UNPLUGGED);
      if (stalledTicks >= STALLED_TICKS) this.#lose('The microphone stopped giving sound');
    }, TICK_MILLISECONDS);
    this.#scope.onDispose(() => clearInterval(timer));
  }

  #lose(what: string): void {
    if (this.#scope.isDisposed || this.#ending !== undefined) return;
    const error = new AsrError(
      'microphone',
      `${what}. What was heard until then is kept; start the microphone again to go on.`,
    );
    void this.stop().then(() => this.onLost?.(error));
  }
}

async function openStream(scope: Scope, deviceId: string | undefined): Promise<MediaStream> {
  // Models are trained on unprocessed speech, so nothing that shapes the sound is asked for: suppressors leave holes that no training data has.
  // The gain alone stays on. It does no harm at a good level and saves a quiet microphone; figures under "The browser sets the gain" in ARCHITECTURE.md.
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: deviceId === undefined ? audio : { ...audio, deviceId: { exact: deviceId } },
    });
    scope.onDispose(() => {
      for (const track of stream.getTracks()) track.stop();
    });
    return stream;
  } catch (thrown) {
    throw toMicrophoneError(thrown);
  }
}

async function loadWorklet(context: AudioContext, url: string | URL): Promise<void> {
  try {
    await context.audioWorklet.addModule(url);
  } catch (thrown) {
    throw new AsrError('microphone', `The recorder (${url}) could not be loaded: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

/** Does not wait for the user's answer: a stream granted after the scope's end is stopped at once. */
function rejectOnAbort(scope: Scope, signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (!signal) return;
    const cancelled = () =>
      reject(new AsrError('cancelled', 'Opening the microphone was cancelled.', { cause: signal.reason }));
    scope.listen(signal, 'abort', cancelled, { once: true });
  });
}

/** Without a user's gesture `resume` may never settle. */
async function resume(scope: Scope, context: AudioContext): Promise<void> {
  if (context.state === 'running') return;
  const isRunning = await new Promise<boolean>((resolve) => {
    scope.timeout(() => resolve(false), RESUME_MILLISECONDS);
    context.resume().then(
      () => resolve(true),
      () => resolve(false),
    );
  });
  if (!isRunning)
    throw new AsrError(
      'microphone',
      'The browser keeps the sound paused until the page is clicked: start the microphone with a click or a key.',
    );
}
