/** KenLM binaries of every kind against KenLM itself, and the word searches that use them against flashlight and pyctcdecode (`e2e/fixtures/kenlm`). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { ArpaTable } from './arpa-table.ts';
import { decodeCtcLexicon } from './ctc-lexicon-beam.ts';
import { decodeCtcWords } from './ctc-word-beam.ts';
import { Hotwords } from './hotwords.ts';
import { isKenlmBinary, openKenlm } from './kenlm-binary.ts';
import { type LexiconNode, buildLexicon, parseLexicon } from './lexicon.ts';
import { loadNgramLm } from './ngram-lm.ts';
import { type NgramTable, scoreWord } from './ngram-table.ts';
import { WordLm } from './word-lm.ts';

type Walk = { readonly words: string; readonly scores: readonly number[] };
type Reading = { readonly tokens: readonly number[]; readonly score: number; readonly text?: string };
type Options = Readonly<Record<string, number | boolean>>;
type Search = { readonly options: Options; readonly hypotheses: readonly (readonly Reading[])[] };
type Expected = {
  readonly walks: Readonly<Record<string, readonly Walk[]>>;
  readonly flashlight: Readonly<Record<string, Search>>;
  readonly free: Search;
  readonly pyctcdecode: readonly (readonly Reading[])[];
};

const FOLDER = new URL('../../e2e/fixtures/kenlm/', import.meta.url);
const FOUR_GRAM = new URL('../../e2e/fixtures/fusion/four-gram.arpa', import.meta.url);
const expected: Expected = JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8'));
const open = (name: string): Blob => new Blob([readFileSync(new URL(name, FOLDER))]);
const textOf = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');

/** Base-10 logarithms along some words and the end. */
function walk(table: NgramTable, words: readonly string[]): number[] {
  let history: readonly number[] = [table.idOf('<s>')];
  return [...words, '</s>'].map((word) => {
    const step = scoreWord(table, history, table.idOf(word));
    history = step.history;
    return step.score / Math.LN10;
  });
}

test.each(Object.keys(expected.walks))('a %s binary scores as KenLM scores it', async (kind) => {
  const file = open(`${kind}.bin`);
  expect(await isKenlmBinary(file)).toBe(true);
  const table = await openKenlm(file);
  for (const { words, scores } of expected.walks[kind] as readonly Walk[]) {
    walk(table, [...words]).forEach((score, index) => expect(score).toBeCloseTo(scores[index] as number, 4));
  }
});

test('ARPA text scores as the binary made of it', async () => {
  const table = await ArpaTable.load(new Blob([readFileSync(FOUR_GRAM)]));
  for (const { words, scores } of expected.walks['probing'] as readonly Walk[])
    walk(table, [...words]).forEach((score, index) => expect(score).toBeCloseTo(scores[index] as number, 4));
});

test('a binary fuses as its ARPA text does', async () => {
  const options = { vocabularySize: 12, asKenlm: false };
  const arpa = await loadNgramLm(new Blob([readFileSync(FOUR_GRAM)]), options);
  const binary = await loadNgramLm(open('trie.bin'), options);
  for (const { words } of expected.walks['trie'] as readonly Walk[]) {
    let states = [arpa.start, binary.start] as const;
    for (const word of words) {
      const steps = [arpa.advance(states[0]), binary.advance(states[1])] as const;
      steps[0].scores.forEach((score, token) => expect(steps[1].scores[token]).toBeCloseTo(score, 4));
      const token = word.charCodeAt(0) - 100;
      states = [steps[0].next[token] as number, steps[1].next[token] as number];
    }
    expect(binary.final(states[1])).toBeCloseTo(arpa.final(states[0]), 4);
  }
});

test('a file that is cut short or of another version is refused', async () => {
  const bytes = readFileSync(new URL('trie.bin', FOLDER));
  for (const length of [40, 100, 200, 1000])
    await expect(openKenlm(new Blob([bytes.subarray(0, length)]))).rejects.toMatchObject({
      code: 'unsupported-option',
    });
  const older = Buffer.from(bytes);
  older.write('4', 49);
  await expect(openKenlm(new Blob([older]))).rejects.toMatchObject({ code: 'unsupported-option' });
});

const golden = openGolden('decoding');
const inputs = (golden.json['results'] as Record<string, unknown>)['ctc.bpe.inputs'] as {
  vocabulary: string[];
  lengths: number[];
  clips: string[];
};
const pieces = inputs.vocabulary;
const scoresOf = (clip: number): Float32Array =>
  golden
    .array(`ctc.bpe.${inputs.clips[clip]}.log_probs`)
    .data.subarray(0, (inputs.lengths[clip] as number) * (pieces.length + 1));

async function lexiconOf(lm: WordLm, withBoost: boolean): Promise<LexiconNode> {
  const boost = new Map(
    textOf('boost.txt')
      .split('\n')
      .map((line) => line.split('\t') as [string, string]),
  );
  return buildLexicon(
    parseLexicon(textOf('lexicon.txt')).map((line) => ({
      word: line.word,
      tokens: line.pieces.map((piece) => pieces.indexOf(piece)),
      score: Number((withBoost && boost.get(line.word)) || lm.score(lm.start, line.word).score / Math.LN10),
    })),
  );
}

test.each(Object.keys(expected.flashlight))('flashlight, %s: the readings NeMo gets', async (name) => {
  const { options, hypotheses } = expected.flashlight[name] as Search;
  const lm = await WordLm.load(open('words.bin'));
  const lexicon = await lexiconOf(lm, options['boost'] === true);
  hypotheses.forEach((wanted, clip) => {
    const readings = decodeCtcLexicon(scoresOf(clip), {
      pieces,
      lexicon,
      lm,
      beamSize: options['beam_size'] as number,
      beamSizeToken: (options['beam_size_token'] ?? 16) as number,
      beamThreshold: (options['beam_threshold'] ?? 20) as number,
      alpha: options['ngram_lm_alpha'] as number,
      wordScore: options['beam_beta'] as number,
      unknownScore: (options['unk_weight'] ?? Number.NEGATIVE_INFINITY) as number,
      silence: 0,
      silenceScore: (options['sil_weight'] ?? 0) as number,
    });
    expectReadings(readings, wanted);
  });
});

test('flashlight without a lexicon: the readings flashlight gets', async () => {
  const { options, hypotheses } = expected.free;
  const lm = await WordLm.load(open('pieces.bin'));
  hypotheses.forEach((wanted, clip) => {
    const readings = decodeCtcLexicon(scoresOf(clip), {
      pieces,
      lexicon: undefined,
      lm,
      beamSize: options['beam_size'] as number,
      beamSizeToken: options['beam_size_token'] as number,
      beamThreshold: options['beam_threshold'] as number,
      alpha: options['lm_weight'] as number,
      wordScore: 0,
      unknownScore: Number.NEGATIVE_INFINITY,
      silence: 0,
      silenceScore: options['sil_score'] as number,
    });
    expectReadings(readings, wanted);
  });
});

function expectReadings(
  readings: readonly { readonly emissions: readonly { token: number }[]; readonly score: number }[],
  wanted: readonly Reading[],
): void {
  const ours = readings.slice(0, wanted.length);
  expect(ours.map(({ emissions }) => emissions.map(({ token }) => token))).toEqual(wanted.map(({ tokens }) => tokens));
  ours.forEach(({ score }, index) => expect(score).toBeCloseTo(wanted[index]?.score as number, 2));
}

test('pyctcdecode with a binary model and hotwords: the texts NeMo gets', async () => {
  const lm = await WordLm.load(open('words.bin'));
  expected.pyctcdecode.forEach((wanted, clip) => {
    const readings = decodeCtcWords(scoresOf(clip), {
      pieces,
      beamSize: 8,
      beamPrune: -10,
      tokenMin: -5,
      lm,
      alpha: 0.6,
      beta: 1.2,
      hotwords: new Hotwords(['the river', 'forty two'], 4),
    });
    expect(readings.slice(0, 6).map(({ text }) => text)).toEqual(wanted.map(({ text = '' }) => text));
    wanted.forEach(({ score, tokens }, index) =>
      expect(Math.abs((readings[index]?.score ?? 0) - score)).toBeLessThan(
        TOLERANCE.score * Math.max(1, tokens.length),
      ),
    );
  });
});
