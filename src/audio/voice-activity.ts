/**
 * From a voice detector's frame scores to stretches of speech: NeMo's post-processing (`vad_utils.py`: binarization, then filtering), and the
 * same decision one frame at a time, for sound that is still coming.
 */

/** NeMo's names in camelCase; all times in seconds. */
export type VoiceActivityOptions = {
  /** Probability above which speech begins. @default 0.5 */
  readonly onset?: number;
  /** Probability below which speech ends. @default 0.5 */
  readonly offset?: number;
  /** Added before every stretch. @default 0 */
  readonly padOnset?: number;
  /** Added behind every stretch; may be negative. @default 0 */
  readonly padOffset?: number;
  /** Shorter stretches are no speech. @default 0 */
  readonly minDurationOn?: number;
  /** Shorter gaps are speech. @default 0 */
  readonly minDurationOff?: number;
  /** Drop short stretches before short gaps are closed, instead of after. @default true */
  readonly filterSpeechFirst?: boolean;
};

/** Seconds; the end is exclusive. */
export type Stretch = readonly [start: number, end: number];

const { fround } = Math;

/**
 * Stretches of speech of a whole recording, as `generate_vad_segment_table_per_tensor` gives them.
 *
 * @param scores probability of speech of every frame
 * @param frameSeconds length of a frame
 */
export function speechStretches(
  scores: Float32Array,
  frameSeconds: number,
  options: VoiceActivityOptions = {},
): Stretch[] {
  const { minDurationOn = 0, minDurationOff = 0, filterSpeechFirst = true } = options;
  const long = (stretches: readonly Stretch[]): readonly Stretch[] =>
    minDurationOn > 0 ? stretches.filter((stretch) => !isShorter(stretch, minDurationOn)) : stretches;
  const closed = (stretches: readonly Stretch[]): readonly Stretch[] =>
    minDurationOff > 0
      ? merged([...stretches, ...gaps(stretches).filter((gap) => isShorter(gap, minDurationOff))])
      : stretches;
  const found = merged(binarize(scores, frameSeconds, options));
  const filtered = filterSpeechFirst ? closed(long(found)) : long(closed(found));
  // NeMo sorts starts and ends apart; they only part company where negative padding has turned a stretch round.
  const ends = filtered.map(([, end]) => end).sort((a, b) => a - b);
  return filtered
    .map(([start]) => start)
    .sort((a, b) => a - b)
    .map((start, index) => [start, ends[index] as number]);
}

function binarize(scores: Float32Array, frameSeconds: number, options: VoiceActivityOptions): Stretch[] {
  const { onset = 0.5, offset = 0.5, padOnset = 0, padOffset = 0 } = options;
  const stretches: Stretch[] = [];
  let start: number | undefined;
  const close = (frame: number, isLast: boolean): void => {
    const from = Math.max(0, (start as number) - padOnset);
    const to = frame * frameSeconds + padOffset;
    if (isLast || to > from) stretches.push([fround(from), fround(to)]);
    start = undefined;
  };
  scores.forEach((score, frame) => {
    if (start !== undefined && score < fround(offset)) close(frame, false);
    else if (start === undefined && score > fround(onset)) start = frame * frameSeconds;
  });
  // NeMo ends the last stretch where its last frame begins.
  if (start !== undefined) close(scores.length - 1, true);
  return stretches;
}

/** Neighbours that touch become one. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const sorted = [...stretches].sort(([a], [b]) => a - b);
  const result: [number, number][] = [];
  sorted.forEach(([start, end], index) => {
    const previous = sorted[index - 1];
    const last = result.at(-1);
    if (last && previous && previous[1] >= start) last[1] = end;
    else result.push([start, end]);
  });
  return result;
}

function gaps(stretches: readonly Stretch[]): Stretch[] {
  const sorted = [...stretches].sort(([a], [b]) => a - b);
  return sorted.slice(1).map(([start], index) => [(sorted[index] as Stretch)[1], start]);
}

function isShorter([start, end]: Stretch, seconds: number): boolean {
  return fround(end - start) < fround(seconds);
}

/** What is remembered between two frames. */
export type VoiceActivityState = {
  readonly isSpeech: boolean;
  /** Whether the frames themselves are speech now; `isSpeech` follows when it has lasted. */
  readonly isHeard: boolean;
  /** Frames in a row that contradict `isSpeech`. */
  readonly numContrary: number;
};

export type VoiceActivityEvent = 'none' | 'speech-start' | 'speech-end';

/** Before the first frame. */
export const VOICE_ACTIVITY_START: VoiceActivityState = { isSpeech: false, isHeard: false, numContrary: 0 };

/**
 * One step with the score of the next frame. Padding is left to the caller; a stretch begins when it has lasted `minDurationOn`, and ends when
 * the gap has lasted `minDurationOff`.
 */
export function stepVoiceActivity(
  state: VoiceActivityState,
  score: number,
  frameSeconds: number,
  options: VoiceActivityOptions = {},
): [VoiceActivityState, VoiceActivityEvent] {
  const { onset = 0.5, offset = 0.5, minDurationOn = 0, minDurationOff = 0 } = options;
  const isHeard = state.isHeard ? score >= offset : score > onset;
  const numContrary = isHeard === state.isSpeech ? 0 : state.numContrary + 1;
  const needed = Math.max(1, Math.ceil((state.isSpeech ? minDurationOff : minDurationOn) / frameSeconds - 1e-9));
  if (numContrary < needed) return [{ isSpeech: state.isSpeech, isHeard, numContrary }, 'none'];
  return [{ isSpeech: !state.isSpeech, isHeard, numContrary: 0 }, state.isSpeech ? 'speech-end' : 'speech-start'];
}
