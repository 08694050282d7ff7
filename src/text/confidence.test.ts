/** Confidence against NeMo: every measure on recorded distributions, every aggregation on frames of CTC. */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { type ConfidenceAggregation, type ConfidenceMethod, aggregateConfidence, confidenceOf } from './confidence.ts';
import { ctcTokenConfidence, transducerTokenConfidence } from './token-confidence.ts';
import type { TokenText } from './token-text.ts';
import { wordConfidence } from './word-confidence.ts';

const golden = openGolden('decoding');
const results = golden.json['results'] as Record<string, Record<string, unknown>>;

test('every measure at every alpha gives what NeMo gives', () => {
  const { data, shape } = golden.array('confidence.log_probs');
  const [rows = 0, classes = 0] = shape;
  const measures = Object.entries(results['confidence_measures'] as Record<string, number[]>);
  expect(measures).toHaveLength(28);
  for (const [key, wanted] of measures) {
    const [measure = '', ...alpha] = key.split('.');
    const [name, entropyType = 'tsallis', entropyNorm = 'exp'] =
      measure === 'max_prob' ? ['max_prob'] : measure.split('_');
    const method = { name, entropyType, entropyNorm, alpha: Number(alpha.join('.')) } as ConfidenceMethod;
    for (let row = 0; row < rows; row++) {
      const value = confidenceOf(data.subarray(row * classes, (row + 1) * classes), classes, method);
      expect(Math.abs(value - wanted[row]!), `${key}, row ${row}`).toBeLessThan(TOLERANCE.confidence);
    }
  }
});

test('aggregations of three values equal NeMo', () => {
  for (const [how, wanted] of Object.entries(results['confidence_aggregations']!)) {
    expect(aggregateConfidence([0.9, 0.25, 0.5], how as ConfidenceAggregation)).toBeCloseTo(wanted as number, 9);
  }
});

type Wanted = {
  readonly text: string;
  readonly token_confidence: number[];
  readonly word_confidence?: number[];
  readonly frame_confidence: number[];
};
type Config = {
  readonly exclude_blank: boolean;
  readonly aggregation: ConfidenceAggregation;
  readonly method_cfg: { name: string; entropy_type: string; alpha: number; entropy_norm: string };
};
type Inputs = { readonly lengths: number[]; readonly clips: string[]; readonly vocabulary: string[] };

const CASES = Object.keys(results).filter((key) => /^ctc\.(char|bpe)\.confidence_/.test(key));

test.each(CASES)('%s: frames, tokens and words of CTC equal NeMo', (key) => {
  const family = key.split('.')[1]!;
  const { lengths, clips, vocabulary } = results[`ctc.${family}.inputs`] as unknown as Inputs;
  const { decoding, hypotheses } = results[key] as unknown as {
    decoding: { confidence_cfg: Config };
    hypotheses: Wanted[];
  };
  const { exclude_blank: excludeBlank, aggregation, method_cfg: cfg } = decoding.confidence_cfg;
  const method = {
    name: cfg.name,
    entropyType: cfg.entropy_type,
    alpha: cfg.alpha,
    entropyNorm: cfg.entropy_norm,
  } as ConfidenceMethod;
  const classes = vocabulary.length + 1;

  clips.forEach((clip, index) => {
    const wanted = hypotheses[index]!;
    const { data } = golden.array(`ctc.${family}.${clip}.log_probs`);
    const rows = Array.from({ length: lengths[index]! }, (_, frame) =>
      data.subarray(frame * classes, (frame + 1) * classes),
    );
    const frames = rows.map((row) => confidenceOf(row, classes, method));
    const ids = rows.map((row) => row.indexOf(Math.max(...row)));
    const tokens = ctcTokenConfidence(frames, ids, classes - 1, { excludeBlank, aggregation });
    expectNear(frames, wanted.frame_confidence);
    expectNear(tokens, wanted.token_confidence);
    if (!wanted.word_confidence) return;
    const emitted = ids.filter((id, frame) => id !== classes - 1 && id !== ids[frame - 1]);
    expectNear(
      wordConfidence(wanted.text, emitted, tokens, { tokenizer: piecesOnly(vocabulary), aggregation }),
      wanted.word_confidence,
    );
  });
});

test('blanks belong to the token before them: all of them in TDT, the first step of later frames in RNNT', () => {
  const steps = [
    { frame: 0, isBlank: true, confidence: 0.1 },
    { frame: 1, isBlank: false, confidence: 0.9 },
    { frame: 1, isBlank: true, confidence: 0.2 },
    { frame: 2, isBlank: true, confidence: 0.6 },
    { frame: 3, isBlank: false, confidence: [0.8, 0.4] },
  ];
  const options = { excludeBlank: false, aggregation: 'min' } as const;
  expect(transducerTokenConfidence(steps, true, options).confidence).toEqual([0.2, 0.4]);
  expect(transducerTokenConfidence(steps, false, options).confidence).toEqual([0.6, 0.4]);
  expect(transducerTokenConfidence(steps, false, { ...options, excludeBlank: true }).confidence).toEqual([0.9, 0.4]);
});

function expectNear(ours: readonly number[], wanted: readonly number[]): void {
  expect(ours).toHaveLength(wanted.length);
  wanted.forEach((value, index) => expect(Math.abs(ours[index]! - value)).toBeLessThan(TOLERANCE.confidence));
}

/** SentencePiece's text of pieces, as far as these vocabularies go. */
function piecesOnly(pieces: readonly string[]): TokenText {
  return {
    kind: 'sentencepiece',
    pieces,
    idsToTokens: (ids) => ids.map((id) => pieces[id]!),
    tokensToText: (tokens) => tokens.join('').replaceAll('<unk>', ' ⁇ ').replaceAll('▁', ' ').replace(/^ /u, ''),
  };
}
