/** CTC searches over words by NeMo's config: what they read, what they give besides text, what they refuse. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type Config, changedConfig, openModel } from '../../e2e/support/decoding.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import type { LoadedModel } from './asr-model.ts';

const FOLDER = new URL('../../e2e/fixtures/kenlm/', import.meta.url);
const open = (name: string): Blob => new Blob([readFileSync(new URL(name, FOLDER))]);
const lexicon = open('lexicon.txt');
const golden = openGolden('fastconformer-ctc-bpe');
let model: LoadedModel;

beforeAll(async () => {
  model = await openModel(golden);
}, 60_000);

async function transcribe(config: Config, options = {}): Promise<Hypothesis[]> {
  await model.changeDecodingStrategy(changedConfig(model, 'decoding', config));
  const files = golden.inputs.map(({ file }) => file);
  return (await model.transcribe(files, options)).map(({ hypothesis }) => hypothesis);
}

test('flashlight writes words of the lexicon only, with timestamps, alignments and all readings', async () => {
  const beam = { ngram_lm_model: open('words.bin'), ngram_lm_alpha: 0.2, beam_beta: 0, return_best_hypothesis: false };
  const hypotheses = await transcribe(
    { strategy: 'flashlight', preserve_alignments: true, beam: { ...beam, flashlight_cfg: { lexicon_path: lexicon } } },
    { timestamps: true },
  );
  const words = new Set((await lexicon.text()).split('\n').map((line) => line.split('\t')[0]));
  for (const { text, timestamp, nBest, alignments } of hypotheses) {
    const spoken = timestamp.word?.map(({ word }) => word) ?? [];
    expect(spoken.join(' ')).toBe(text);
    expect(spoken.filter((word) => !words.has(word))).toEqual([]);
    expect(nBest?.[0]?.text).toBe(text);
    expect(alignments).toBeDefined();
  }
  expect(hypotheses.some(({ text }) => text !== '')).toBe(true);
});

test('pyctcdecode gives timestamps: words end where they are last heard', async () => {
  const [plain] = await transcribe({ strategy: 'greedy_batch' }, { timestamps: true });
  const [searched] = await transcribe({ strategy: 'pyctcdecode', compute_timestamps: true, beam: { beam_size: 8 } });
  expect(searched?.text).toBe(plain?.text);
  const ends = (hypothesis: Hypothesis | undefined) => hypothesis?.timestamp.word?.map(({ end }) => end) ?? [];
  expect(ends(searched)).toHaveLength(ends(plain).length);
  ends(searched).forEach((end, index) => expect(Math.abs(end - (ends(plain)[index] as number))).toBeLessThan(0.25));
});

test.each([
  ['wfst', { strategy: 'wfst' }, /pyctcdecode and flashlight/],
  ['flashlight without a language model', { strategy: 'flashlight' }, /ngram_lm_model/],
  [
    'a lexicon of other pieces',
    {
      strategy: 'flashlight',
      beam: { ngram_lm_model: open('words.bin'), flashlight_cfg: { lexicon_path: new Blob(['hello\tЪЪ Ъ\n']) } },
    },
    /lexicon_path/,
  ],
  [
    'a lexicon without spellings',
    {
      strategy: 'flashlight',
      beam: { ngram_lm_model: open('words.bin'), flashlight_cfg: { lexicon_path: new Blob(['hello\n']) } },
    },
    /line 1/,
  ],
  ['alignments of beam_batch', { strategy: 'beam_batch', preserve_alignments: true }, /preserve_alignments/],
  [
    'confidence of a beam',
    { strategy: 'beam_batch', confidence_cfg: { preserve_word_confidence: true } },
    /confidence/,
  ],
])('%s is refused by name', async (_, config, message) => {
  const changing = model.changeDecodingStrategy(changedConfig(model, 'decoding', config));
  await expect(changing).rejects.toMatchObject({ code: 'unsupported-option', message: expect.stringMatching(message) });
});
