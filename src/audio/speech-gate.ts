/**
 * Tells speech from silence by energy: a pure reducer, so that microphone, file and test drive it alike.
 *
 * The threshold lies above the noise floor, which is the quietest frame of the last one to two `floorFrames`: people pause between words, so
 * even steady speech shows the floor. Noise as loud as speech passes; a network VAD tells more.
 */
import { measureLevel, toDecibels } from './level.ts';

export type SpeechGateOptions = {
  /** Decibels above the noise floor that count as speech. @default 12 */
  readonly marginDecibels?: number;
  /** Decibels full scale below which nothing counts as speech. @default -55 */
  readonly quietDecibels?: number;
  /** Loud frames in a row before speech starts, so that a click is not speech. @default 3 */
  readonly onsetFrames?: number;
  /** Quiet frames in a row before speech ends, longer than the pause inside a sentence. @default 60 */
  readonly hangoverFrames?: number;
  /** Frames of one of the two stretches in which the noise floor is looked for. @default 150 */
  readonly floorFrames?: number;
};

export type SpeechGateState = {
  readonly isSpeech: boolean;
  /** Frames in a row that contradict `isSpeech`. */
  readonly numContrary: number;
  /** Quietest frame of the stretch before and of the running one, decibels full scale. */
  readonly previousFloor: number;
  readonly currentFloor: number;
  /** Frames of the running stretch. */
  readonly numFloorFrames: number;
};

export type SpeechGateEvent = 'none' | 'speech-start' | 'speech-end';

/** Before the first frame. */
export const SPEECH_GATE_START: SpeechGateState = {
  isSpeech: false,
  numContrary: 0,
  previousFloor: -60,
  currentFloor: Number.POSITIVE_INFINITY,
  numFloorFrames: 0,
};

const LOUDEST_FLOOR_DECIBELS = -30; // a louder "floor" is speech without a pause

/** One step with the next frame (10 ms; the defaults count such frames). */
export function stepSpeechGate(
  state: SpeechGateState,
  frame: Float32Array,
  options: SpeechGateOptions = {},
): [SpeechGateState, SpeechGateEvent] {
  const { marginDecibels = 12, quietDecibels = -55, onsetFrames = 3, hangoverFrames = 60, floorFrames = 150 } = options;
  const decibels = toDecibels(measureLevel(frame).rms);
  const floor = trackFloor(state, decibels, floorFrames);
  const noise = Math.min(floor.previousFloor, floor.currentFloor, LOUDEST_FLOOR_DECIBELS);
  const isLoud = decibels > Math.max(noise + marginDecibels, quietDecibels);
  const numContrary = isLoud === state.isSpeech ? 0 : state.numContrary + 1;
  if (numContrary < (state.isSpeech ? hangoverFrames : onsetFrames))
    return [{ ...floor, isSpeech: state.isSpeech, numContrary }, 'none'];
  return [{ ...floor, isSpeech: !state.isSpeech, numContrary: 0 }, state.isSpeech ? 'speech-end' : 'speech-start'];
}

type Floor = Pick<SpeechGateState, 'previousFloor' | 'currentFloor' | 'numFloorFrames'>;

function trackFloor(state: SpeechGateState, decibels: number, floorFrames: number): Floor {
  const currentFloor = Math.min(state.currentFloor, decibels);
  if (state.numFloorFrames + 1 < floorFrames)
    return { previousFloor: state.previousFloor, currentFloor, numFloorFrames: state.numFloorFrames + 1 };
  return { previousFloor: currentFloor, currentFloor: Number.POSITIVE_INFINITY, numFloorFrames: 0 };
}
