/** Arrays and files from one sample to a minute: what NeMo's transcribe() makes of them (`e2e/fixtures/lengths.json`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openModel } from '../../e2e/support/decoding.ts';
import { TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import { encodeWav } from '../audio/wav.ts';
import type { AudioInput } from './options.ts';

type Answer =
  | { readonly text: string; readonly score: number | null; readonly length: number }
  | { readonly raises: string };
type Row = { readonly samples: number; readonly file: Answer; readonly array?: Answer };

const RATE = 16_000;
const HOP = 160;
const START = 4000; // as make_lengths.py begins
const results: Record<string, Row[]> = JSON.parse(
  readFileSync(new URL('../../e2e/fixtures/lengths.json', import.meta.url), 'utf8'),
);
const clip = openInput('river').samples;

test.each(Object.keys(results))('%s reads any length as NeMo reads it', { timeout: 120_000 }, async (name) => {
  const model = await openModel(openGolden(name));
  for (const { samples: length, file, array } of results[name] as Row[]) {
    const samples = Float32Array.from({ length }, (_, index) => clip[(index + START) % clip.length] as number);
    // Of no frame at all NeMo's convolutional encoders make one, of nothing; here it says nothing.
    if (length >= HOP) await expectAnswer(encodeWav(samples, RATE), file, `file of ${length}`);
    if (array) await expectAnswer(samples, array, `array of ${length}`);
  }

  async function expectAnswer(audio: AudioInput, answer: Answer, what: string): Promise<void> {
    const reading = model.transcribe([audio], { long: 'full' });
    if ('raises' in answer) {
      await expect(reading, what).rejects.toBeDefined();
      return;
    }
    const [result] = await reading;
    const { text, score, ySequence } = (result as Awaited<typeof reading>[number]).hypothesis;
    expect(text, what).toBe(answer.text);
    // A score that is no number comes of features without variance; ours is one.
    if (answer.score === null) return;
    expect(Math.abs(score - answer.score), what).toBeLessThan(TOLERANCE.score * Math.max(1, ySequence.length));
  }
});
