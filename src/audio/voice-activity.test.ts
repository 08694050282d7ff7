import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import {
  type Stretch,
  VOICE_ACTIVITY_START,
  type VoiceActivityOptions,
  speechStretches,
  stepVoiceActivity,
} from './voice-activity.ts';

const golden = openGolden('voice-activity');
const detector = openGolden('marblenet-frame-vad');
const frameSeconds = golden.json['frame_length_in_sec'] as number;
const settings = golden.json['settings'] as Record<string, Record<string, number | boolean>>;
const segments = golden.json['segments'] as Record<string, Record<string, Stretch[]>>;

const SEQUENCES: Record<string, Float32Array> = {
  'clip 0': detector.array('single.0.speech_probability').data,
  'clip 1': detector.array('single.1.speech_probability').data,
  'clip 2': detector.array('single.2.speech_probability').data,
  'random walk': golden.array('sequence.random walk').data,
  'one frame': Float32Array.of(0.8),
  nothing: new Float32Array(40),
};

/** NeMo's spelling to ours. */
function toOptions(setting: Record<string, number | boolean>): VoiceActivityOptions {
  return Object.fromEntries(
    Object.entries(setting).map(([name, value]) => [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value]),
  );
}

test.each(Object.keys(SEQUENCES))("%s: the stretches NeMo's post-processing finds, under every setting", (name) => {
  for (const [setting, options] of Object.entries(settings)) {
    const ours = speechStretches(SEQUENCES[name]!, frameSeconds, toOptions(options));
    const theirs = segments[name]![setting]!;
    expect(ours.length, setting).toBe(theirs.length);
    ours.forEach((stretch, index) => {
      for (const side of [0, 1] as const) expect(stretch[side], setting).toBeCloseTo(theirs[index]![side], 6);
    });
  }
});

test('frame by frame, speech begins and ends where NeMo has it', () => {
  for (const [name, scores] of Object.entries(SEQUENCES)) {
    for (const setting of ['thresholds', 'hysteresis', 'offset above onset']) {
      const options = toOptions(settings[setting]!);
      let state = VOICE_ACTIVITY_START;
      const edges: number[] = [];
      scores.forEach((score, frame) => {
        const [next, event] = stepVoiceActivity(state, score, frameSeconds, options);
        state = next;
        if (event !== 'none') edges.push(frame * frameSeconds);
      });
      if (state.isSpeech) edges.push((scores.length - 1) * frameSeconds);
      expect(edges.map((edge) => edge.toFixed(4))).toEqual(
        segments[name]![setting]!.flat().map((edge) => edge.toFixed(4)),
      );
    }
  }
});

test('a stretch must last to begin, a gap to end it', () => {
  const scores = [0, 1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0];
  let state = VOICE_ACTIVITY_START;
  const events = scores.map((score) => {
    const [next, event] = stepVoiceActivity(state, score, 0.1, { minDurationOn: 0.3, minDurationOff: 0.3 });
    state = next;
    return event;
  });
  expect(events.flatMap((event, frame) => (event === 'none' ? [] : [[frame, event]]))).toEqual([
    [5, 'speech-start'],
    [10, 'speech-end'],
  ]);
});
