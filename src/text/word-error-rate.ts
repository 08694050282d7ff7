/**
 * Word and character error rates: NeMo `word_error_rate` and `word_error_rate_detail`.
 *
 * Errors and words are summed over the list before dividing; texts are compared as they are (no lower-casing, no normalisation), and
 * without a single reference word the rate is infinite.
 */
import { atOnce, countInSteps } from './edit-distance.ts';
import { splitWords } from './whitespace.ts';

/** What is counted. */
export type ErrorRateOptions = {
  /** Count characters (code points, spaces included) instead of words. @default false */
  readonly useCer?: boolean;
};

/** An error rate with what it is made of: words (or characters), insertions, deletions and substitutions as shares. */
export type ErrorRateDetail = {
  readonly wer: number;
  /** Words (or characters) of the references. */
  readonly words: number;
  readonly insertionRate: number;
  readonly deletionRate: number;
  readonly substitutionRate: number;
  readonly insertions: number;
  readonly deletions: number;
  readonly substitutions: number;
};

/** Errors per reference word over all pairs. @throws TypeError when the lists differ in length */
export function wordErrorRate(
  hypotheses: readonly string[],
  references: readonly string[],
  options: ErrorRateOptions = {},
): number {
  return wordErrorRateDetail(hypotheses, references, options).wer;
}

/** The rate with its parts. @throws TypeError when the lists differ in length */
export function wordErrorRateDetail(
  hypotheses: readonly string[],
  references: readonly string[],
  options: ErrorRateOptions = {},
): ErrorRateDetail {
  return atOnce(errorRateInSteps(hypotheses, references, options));
}

/** As `wordErrorRateDetail`, with a pause every few milliseconds. */
export function* errorRateInSteps(
  hypotheses: readonly string[],
  references: readonly string[],
  { useCer = false }: ErrorRateOptions = {},
): Generator<void, ErrorRateDetail> {
  if (hypotheses.length !== references.length) {
    throw new TypeError(
      `${hypotheses.length} hypotheses and ${references.length} references: the lists must be of equal length.`,
    );
  }
  const split = useCer ? (text: string) => [...text] : splitWords;
  const pairs: PairCounts[] = [];
  for (const [index, text] of references.entries()) {
    const reference = split(text);
    pairs.push({ words: reference.length, ...(yield* countInSteps(reference, split(hypotheses[index]!))) });
  }
  return sumCounts(pairs);
}

/** The rate over all pairs that some rates are of: what `wordErrorRateDetail` gives for all of them at once. */
export function sumErrorRates(details: readonly ErrorRateDetail[]): ErrorRateDetail {
  return sumCounts(details);
}

type PairCounts = Pick<ErrorRateDetail, 'words' | 'insertions' | 'deletions' | 'substitutions'>;

function sumCounts(pairs: readonly PairCounts[]): ErrorRateDetail {
  let [words, insertions, deletions, substitutions] = [0, 0, 0, 0];
  for (const pair of pairs) {
    words += pair.words;
    insertions += pair.insertions;
    deletions += pair.deletions;
    substitutions += pair.substitutions;
  }
  const rate = (count: number): number => (words === 0 ? Number.POSITIVE_INFINITY : count / words);
  return {
    wer: rate(insertions + deletions + substitutions),
    words,
    insertionRate: rate(insertions),
    deletionRate: rate(deletions),
    substitutionRate: rate(substitutions),
    insertions,
    deletions,
    substitutions,
  };
}
