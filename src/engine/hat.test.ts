/** NeMo's beam `maes` over a HAT joint, with its internal language model subtracted (`hat_subtract_ilm`) and without (`e2e/fixtures/heads/hat.json`). */
import { openAsBlob, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { type Config, changedConfig, openModel, withLanguageModel } from '../../e2e/support/decoding.ts';
import { TOLERANCE, openGolden, openInput } from '../../e2e/support/golden.ts';
import type { LoadedModel } from './asr-model.ts';

type Reading = {
  readonly text: string;
  readonly score: number;
  readonly y_sequence: readonly number[];
  readonly timestamp: readonly number[];
};
type Case = {
  readonly config: Config;
  readonly hypotheses?: readonly { readonly count: number; readonly first: readonly Reading[] }[];
  readonly raises?: string;
};

const FOLDER = new URL('../../e2e/fixtures/heads/', import.meta.url);
const cases: Record<string, Case> = JSON.parse(readFileSync(new URL('hat.json', FOLDER), 'utf8'));
const clips = ['morning', 'forty', 'river'].map((name) => openInput(name).file);
let model: LoadedModel;

beforeAll(async () => {
  const archive = await openAsBlob(fileURLToPath(new URL('hat.nemo', FOLDER)));
  model = await openModel({ name: 'hat', archive: () => archive });
}, 60_000);

test.each(Object.keys(cases))('%s', async (key) => {
  const { config, hypotheses, raises } = cases[key] as Case;
  const changing = change(model, config);
  if (raises) {
    await expect(changing).rejects.toMatchObject({ code: 'unsupported-option' });
    return;
  }
  await changing;
  const ours = await model.transcribe(clips);
  ours.forEach(({ hypothesis }, clip) => {
    const { count, first } = hypotheses![clip]!;
    expect(hypothesis.nBest).toHaveLength(count);
    first.forEach((wanted, place) => {
      const reading = hypothesis.nBest![place]!;
      expect(reading.text).toBe(wanted.text);
      expect(reading.ySequence).toEqual(wanted.y_sequence);
      expect(reading.timestamp.timestep).toEqual(wanted.timestamp);
      expect(Math.abs(reading.score - wanted.score)).toBeLessThan(
        TOLERANCE.score * Math.max(1, wanted.y_sequence.length),
      );
    });
  });
});

test('a checkpoint without such a joint, and the other beams, refuse it by name', async () => {
  await expect(change(model, { strategy: 'malsd_batch', beam: { hat_subtract_ilm: true } })).rejects.toThrow(
    'hat_subtract_ilm',
  );
  const plain = await openModel(openGolden('fastconformer-rnnt-bpe'));
  await expect(change(plain, { strategy: 'maes', beam: { hat_subtract_ilm: true } })).rejects.toThrow(
    'hat_subtract_ilm',
  );
});

async function change(changed: LoadedModel, config: Config): Promise<void> {
  const opened = await withLanguageModel(config);
  await changed.changeDecodingStrategy(changedConfig(changed, 'decoding', { compute_timestamps: false, ...opened }));
}
