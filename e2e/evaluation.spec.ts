/** A manifest dropped with its audio: error rates, the words behind them, and a report to keep. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { SPOKEN, checkpoint, clip, give, openPage, test } from './support/page.ts';

const FAMILY = 'fastconformer-ctc-bpe';

test('a manifest with its audio gives word error rates by file and whole', async ({ page, device }, testInfo) => {
  const manifest = testInfo.outputPath('clips.jsonl');
  const wrong = SPOKEN.forty.replace('two', 'too');
  await writeFile(
    manifest,
    [
      { audio_filepath: '/somewhere/else/morning.wav', text: SPOKEN.morning },
      { audio_filepath: 'audio/forty.wav', text: `${wrong} indeed` },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  );
  await openPage(page, device, [checkpoint(FAMILY), manifest, clip('morning'), clip('forty')]);
  const evaluation = page.locator('sotto-evaluation');
  await expect(evaluation.locator('[data-status=done]')).toContainText('2 recordings');
  // Two of twelve words: one is another, one is missing.
  await expect(evaluation.locator('[part=total]')).toContainText('WER 16.67\u00a0%');
  await expect(evaluation.getByRole('row').nth(1)).toContainText('0 / 0 / 0');
  await expect(evaluation.getByRole('row').nth(2)).toContainText('1 / 0 / 1');
  await evaluation.getByRole('row').nth(2).getByText('Words').click();
  await expect(evaluation.locator('del')).toHaveText(['too', 'indeed']);
  await expect(evaluation.locator('ins')).toHaveText(['two']);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    evaluation.getByRole('button', { name: 'Save as JSON' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('clips.wer.json');
  // What `sotto wer --json` prints, and the model.
  const report = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(report).toMatchObject({
    manifest: 'clips.jsonl',
    model: 'model.nemo',
    precision: 'fp32',
    files: 2,
    wer: 2 / 12,
    words: { reference: 12, substitutions: 1, insertions: 0, deletions: 1 },
    results: [
      { wer: 0, text: SPOKEN.morning },
      { audio: 'audio/forty.wav', reference: `${wrong} indeed` },
    ],
  });
  expect(report.seconds.total).toBeGreaterThan(0);
});

test('a manifest whose audio is missing says which line', async ({ page, device }, testInfo) => {
  const manifest = testInfo.outputPath('lost.jsonl');
  await writeFile(manifest, JSON.stringify({ audio_filepath: 'nowhere.wav', text: 'x' }));
  await openPage(page, device);
  await give(page, [manifest, clip('forty')]);
  const failure = page.locator('sotto-evaluation [part=error]');
  await expect(failure).toHaveAttribute('data-code', 'manifest-invalid');
  await expect(failure).toContainText('line 1 of lost.jsonl: nowhere.wav');
});
