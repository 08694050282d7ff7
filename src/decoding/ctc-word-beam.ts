/**
 * CTC prefix beam search over words, with a word language model (NeMo strategy `pyctcdecode`, whose rules these are).
 *
 * Paths of the same text sum their probability. A word is scored when the next one begins; until then its beginning pays for being none of the
 * model's words. What comes out is text: tokens are made from it afterwards.
 */
import type { Hotwords } from './hotwords.ts';
import { logAddExp, maxIndex } from './scores.ts';
import type { WordHistory, WordLm } from './word-lm.ts';

export type WordBeamOptions = {
  /** Pieces by class, without the blank. */
  readonly pieces: readonly string[];
  readonly beamSize: number;
  /** Paths this much below the best are dropped; negative. */
  readonly beamPrune: number;
  /** Classes below this log-probability are not tried. */
  readonly tokenMin: number;
  readonly lm: WordLm | undefined;
  /** Weight of the language model. */
  readonly alpha: number;
  /** Added for every word. */
  readonly beta: number;
  readonly hotwords?: Hotwords | undefined;
  /** Keep one path of those that differ only in words the language model has forgotten. @default false */
  readonly prunesHistory?: boolean | undefined;
};

export type WordReading = {
  readonly text: string;
  readonly score: number;
  /** Words with their first frame and the one after their last. */
  readonly words: readonly { readonly word: string; readonly start: number; readonly end: number }[];
};

type Frames = readonly [number, number];
type Path = {
  readonly text: string;
  readonly history: WordHistory;
  readonly lmScore: number;
  /** A word that is complete, but not scored yet. */
  readonly nextWord: string;
  readonly part: string;
  readonly lastPiece: string;
  readonly wordFrames: readonly Frames[];
  readonly partFrames: Frames;
  readonly score: number;
};
type Scored = Path & { readonly total: number };

const NO_FRAMES: Frames = [-1, -1];
const UNKNOWN_OFFSET = -10; // log10, for a word the model lacks
const MEAN_WORD_LENGTH = 6; // longer unknown beginnings pay more
const LEAST_LOG_PROB = Math.log(1e-15);

/** Readings, best first. @param logProbs [numFrames, pieces + 1], blank last */
export function decodeCtcWords(logProbs: Float32Array, options: WordBeamOptions): WordReading[] {
  const numClasses = options.pieces.length + 1;
  const pieces = [...boundaryPieces(options.pieces), ''];
  const isBpe = pieces.some((piece) => piece.startsWith('▁'));
  let paths: Path[] = [
    {
      text: '',
      history: options.lm?.start ?? [],
      lmScore: 0,
      nextWord: '',
      part: '',
      lastPiece: '',
      wordFrames: [],
      partFrames: NO_FRAMES,
      score: 0,
    },
  ];
  let breaksNext = false; // a piece such as ▁⁇▁ ends a word too

  for (let frame = 0; frame * numClasses < logProbs.length; frame++) {
    const row = logProbs.subarray(frame * numClasses, (frame + 1) * numClasses);
    const best = maxIndex(row, 0, numClasses);
    const next: Path[] = [];
    for (let token = 0; token < numClasses; token++) {
      if (row[token]! < options.tokenMin && token !== best) continue;
      const piece = pieces[token]!;
      const logProb = Math.max(row[token]!, LEAST_LOG_PROB);
      for (const path of paths) {
        const score = path.score + logProb;
        if (piece === '' || piece === path.lastPiece) {
          const partFrames: Frames = piece === '' ? path.partFrames : [path.partFrames[0], frame + 1];
          next.push({ ...path, lastPiece: piece, partFrames, score });
        } else if (isBpe && (piece.startsWith('▁') || breaksNext)) {
          breaksNext = piece.endsWith('▁');
          const part = piece.replace(/^▁/u, '').replace(/▁$/u, '');
          next.push({ ...finishPart(path), part, lastPiece: piece, partFrames: [frame, frame + 1], score });
        } else if (!isBpe && piece === ' ') {
          next.push({ ...finishPart(path), part: '', lastPiece: piece, partFrames: NO_FRAMES, score });
        } else {
          const start = path.partFrames[0] < 0 ? frame : path.partFrames[0];
          next.push({ ...path, part: path.part + piece, lastPiece: piece, partFrames: [start, frame + 1], score });
        }
      }
    }
    const trimmed = trim(
      merge(next).map((path) => scoreWord(path, options, false)),
      options,
    );
    paths = options.prunesHistory ? pruneHistory(trimmed, options.lm?.order ?? 1) : trimmed;
  }

  const ended = paths.map((path) => ({ ...finishPart(path), part: '', lastPiece: '', partFrames: NO_FRAMES }));
  return trim(
    merge(ended).map((path) => scoreWord(path, options, true)),
    options,
  ).map(({ text, wordFrames, total }) => ({
    text: text
      .split(/\s+/u)
      .filter((word) => word !== '')
      .join(' '),
    score: total,
    words: text
      .split(' ')
      .flatMap((word, index) =>
        wordFrames[index] ? [{ word, start: wordFrames[index][0], end: wordFrames[index][1] }] : [],
      ),
  }));
}

/** The unknown piece stands between words, and marks of WordPiece become those of SentencePiece. */
function boundaryPieces(pieces: readonly string[]): string[] {
  const isWordPiece = pieces.some((piece) => piece.startsWith('##'));
  const isSentencePiece = pieces.some((piece) => piece.startsWith('▁'));
  if (!isWordPiece && !isSentencePiece) return pieces.map((piece) => (piece === '|' ? ' ' : piece));
  return pieces.map((piece) => {
    if (piece === '<unk>' || piece === '[UNK]' || piece === '⁇') return '▁⁇▁';
    if (!isWordPiece) return piece;
    return piece.startsWith('##') ? piece.slice(2) : `▁${piece}`;
  });
}

function finishPart(path: Path): Path {
  const wordFrames = path.part === '' ? path.wordFrames : [...path.wordFrames, path.partFrames];
  return { ...path, nextWord: path.part, wordFrames };
}

/** Sums paths of the same text, beginning of a word and last class. */
function merge(paths: readonly Path[]): Path[] {
  const merged = new Map<string, Path>();
  for (const path of paths) {
    const name = `${joined(path)}\n${path.part}\n${path.lastPiece}`;
    const same = merged.get(name);
    merged.set(name, same ? { ...path, score: logAddExp(same.score, path.score) } : path);
  }
  return [...merged.values()];
}

function joined({ text, nextWord }: Path): string {
  if (nextWord === '' || text === '') return text + nextWord;
  return `${text} ${nextWord}`;
}

/** Takes the finished word into the text and scores it; the total adds what the beginning of the next one costs. */
function scoreWord(path: Path, { lm, alpha, beta, hotwords }: WordBeamOptions, isEnd: boolean): Scored {
  const text = joined(path);
  const bonus = hotwords?.score(text) ?? 0;
  const partial = hotwords?.partialScore(path.part) ?? (lm ? partialScore(path.part, lm) : 0);
  if (!lm) return { ...path, text, nextWord: '', total: path.score + bonus + partial };
  if (path.nextWord === '' && !isEnd) return { ...path, text, total: path.score + path.lmScore + bonus + partial };
  const { score, history } = lm.score(path.history, path.nextWord);
  const unknown = lm.knows(path.nextWord) ? 0 : UNKNOWN_OFFSET * Math.LN10;
  const end = isEnd ? lm.score(history, '</s>').score : 0;
  const lmScore = path.lmScore + alpha * (score + unknown + end) + beta;
  return { ...path, text, history, lmScore, nextWord: '', total: path.score + lmScore + bonus + partial };
}

function partialScore(part: string, lm: WordLm): number {
  if (part === '' || lm.hasPrefix(part)) return 0;
  return UNKNOWN_OFFSET * Math.max(1, part.length / MEAN_WORD_LENGTH);
}

function pruneHistory(paths: readonly Scored[], order: number): Scored[] {
  const seen = new Set<string>();
  return paths.filter(({ text, part, lastPiece }) => {
    const name = `${text
      .split(' ')
      .slice(-Math.max(1, order - 1))
      .join(' ')}\n${part}\n${lastPiece}`;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

function trim(paths: readonly Scored[], { beamSize, beamPrune }: WordBeamOptions): Scored[] {
  const best = paths.reduce((most, { total }) => Math.max(most, total), Number.NEGATIVE_INFINITY);
  return paths
    .filter(({ total }) => total >= best + beamPrune)
    .sort((a, b) => b.total - a.total)
    .slice(0, beamSize);
}
