import { describe, expect, it } from 'vitest';
import { measureLevel, toDecibels } from './level.ts';
import { SPEECH_GATE_START, type SpeechGateEvent, stepSpeechGate } from './speech-gate.ts';

const frame = (amplitude: number) => Float32Array.from({ length: 160 }, (_, i) => amplitude * Math.sin(i));

/** Events by the number of their frame. */
function run(amplitudes: readonly number[]): [number, SpeechGateEvent][] {
  let state = SPEECH_GATE_START;
  const events: [number, SpeechGateEvent][] = [];
  amplitudes.forEach((amplitude, i) => {
    const [next, event] = stepSpeechGate(state, frame(amplitude));
    state = next;
    if (event !== 'none') events.push([i, event]);
  });
  return events;
}

const times = (numFrames: number, amplitude: number): number[] => Array(numFrames).fill(amplitude);

describe('stepSpeechGate', () => {
  it('starts after three loud frames and ends after the hangover', () =>
    expect(run([...times(50, 0.001), ...times(100, 0.2), ...times(100, 0.001)])).toEqual([
      [52, 'speech-start'],
      [209, 'speech-end'],
    ]));

  it('bridges the pauses inside a sentence', () =>
    expect(run([...times(50, 0.2), ...times(40, 0.001), ...times(50, 0.2)])).toEqual([[2, 'speech-start']]));

  it('ignores clicks and silence', () => expect(run([...times(50, 0), 0.5, 0.5, ...times(50, 0)])).toEqual([]));

  it('gets used to steady noise', () =>
    expect(run([...times(600, 0.02), ...times(50, 0.3)])).toEqual([
      [2, 'speech-start'],
      [208, 'speech-end'],
      [602, 'speech-start'],
    ]));
});

describe('measureLevel', () => {
  it('gives root mean square and peak', () => {
    expect(measureLevel(Float32Array.of(1, -1))).toEqual({ rms: 1, peak: 1 });
    expect(measureLevel(new Float32Array(0))).toEqual({ rms: 0, peak: 0 });
    expect(toDecibels(0)).toBe(-100);
    expect(toDecibels(0.1)).toBeCloseTo(-20);
  });
});
