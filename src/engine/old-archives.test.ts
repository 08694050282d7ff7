/** Every container and configuration form NeMo has written: one model, the same answers; a hostile one is refused (WASM, Node). */
import { openAsBlob, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changedArchive } from '../../e2e/support/changed-archive.ts';
import { TOLERANCE, goldenFolder, openGolden } from '../../e2e/support/golden.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import { loadModel } from './load.ts';

type Form = { readonly file?: string; readonly nemo_restores_it?: Readonly<Record<string, unknown>> };

const FOLDER = goldenFolder('old-archives');
const golden = openGolden('old-archives');
const forms = golden.json['forms'] as Record<string, Form>;
const archives = readdirSync(FOLDER).filter((name) => name.endsWith('.nemo') && name !== 'evil-pickle.nemo');

const load = (source: CheckpointSource) => loadModel(source, { device: 'wasm', cache: false });

async function answers(source: CheckpointSource, logProbsOff: number): Promise<void> {
  const model = await load(source);
  for (const [index, { text, score }] of golden.transcripts('greedy').single.entries()) {
    const [result] = await model.transcribe([golden.inputs[index]!.file]);
    expect(result?.hypothesis.text).toBe(text);
    // A score adds up one log-probability a frame.
    const tolerance = (TOLERANCE.score + logProbsOff) * result!.hypothesis.length;
    expect(Math.abs(result!.hypothesis.score - score)).toBeLessThan(tolerance);
  }
  await model.dispose();
}

test.each(archives)('%s answers as model.nemo does', async (name) => {
  const form = Object.values(forms).find(({ file }) => file === name);
  await answers(
    { kind: 'file', file: golden.archive(name), name },
    Number(form?.nemo_restores_it?.['log_probs_max_difference_from_model.nemo'] ?? 0),
  );
});

test('an archive that was unpacked answers as model.nemo does', async () => {
  const folder = new URL('unpacked/', FOLDER);
  const files = readdirSync(folder).map(async (name) => ({
    name: `unpacked/${name}`,
    file: await openAsBlob(new URL(name, folder)),
  }));
  await answers({ kind: 'files', files: await Promise.all(files) }, 0);
});

test('weights of global tokens that a configuration does without are left alone, as NeMo makes them all the same', async () => {
  const local = openGolden('fastconformer-local-attn');
  const without = (yaml: string) => yaml.replace('global_tokens: 2', 'global_tokens: 0');
  const leftOver = await changedArchive(local.archive('separate.nemo'), { config: without });
  const clean = await changedArchive(local.archive('separate.nemo'), {
    config: (yaml) => without(yaml).replace('global_attn_separate: true', 'global_attn_separate: false'),
    weights: (weights) => {
      for (const name of weights.keys()) if (name.includes('.global_')) weights.delete(name);
    },
  });
  const results = [];
  for (const file of [leftOver, clean]) {
    const model = await load({ kind: 'file', file, name: 'local.nemo' });
    results.push((await model.transcribe([local.inputs[0]!.file]))[0]!.hypothesis);
    await model.dispose();
  }
  expect(results[0]).toEqual(results[1]);
});

test('a pickle that asks for anything but weights is refused', async () => {
  await expect(
    load({ kind: 'file', file: golden.archive('evil-pickle.nemo'), name: 'evil-pickle.nemo' }),
  ).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
});
