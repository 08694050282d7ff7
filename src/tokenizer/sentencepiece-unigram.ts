/**
 * Unigram segmentation: the most probable sequence of pieces (Viterbi), as SentencePiece `unigram::Model::EncodeOptimized`.
 *
 * Ties must fall as in NeMo: path scores are summed in float32, and the first of two equals wins.
 */
import { characterEnd, PrefixTree } from './prefix-tree.ts';
import type { SentencePieceModel } from './sentencepiece-model.ts';

export type Segment = { readonly piece: string; readonly id: number };
/** Cuts normalised text into pieces; unknown characters get the unknown id. */
export type Segmenter = (normalized: string) => Segment[];

const UNKNOWN_PENALTY = 10; // SentencePiece kUnkPenalty
const SMALLEST_FLOAT = 1.1754943508222875e-38; // FLT_MIN, where SentencePiece's search for the highest score starts

export function createUnigramSegmenter(model: SentencePieceModel): Segmenter {
  const { pieces, types, scores, unknownId } = model;
  const normal = scores.filter((_, id) => types[id] === 'normal');
  const highest = normal.reduce((a, b) => Math.max(a, b), SMALLEST_FLOAT);
  const unknownScore = Math.fround(normal.reduce((a, b) => Math.min(a, b), 3.4028234663852886e38) - UNKNOWN_PENALTY);
  const weights = Float32Array.from(scores);
  const entries: [string, number][] = [];
  for (const [id, piece] of pieces.entries()) {
    // A score this high makes a user-defined symbol always win.
    if (types[id] === 'user-defined') weights[id] = new TextEncoder().encode(piece).length * highest - 0.1;
    // Unused pieces are never emitted, the others are reserved: only these two can be found in text.
    if (types[id] === 'normal' || types[id] === 'user-defined') entries.push([piece, id]);
  }
  const tree = new PrefixTree(entries);

  return (text) => {
    // The best path that ends before unit i: its score, its last piece and where that piece starts.
    const bestScore = new Float32Array(text.length + 1);
    const bestStart = new Int32Array(text.length + 1).fill(-1);
    const bestId = new Int32Array(text.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      if (bestStart[end]! >= 0 && !(score > bestScore[end]!)) return;
      bestScore[end] = score;
      bestStart[end] = start;
      bestId[end] = id;
    };

    for (let start = 0; start < text.length; ) {
      const next = characterEnd(text, start);
      const scoreHere = bestScore[start]!;
      let hasSingle = false;
      tree.forEachMatch(text, start, (end, id) => {
        offer(start, end, id, Math.fround(weights[id]! + scoreHere));
        if (end === next) hasSingle = true;
      });
      if (!hasSingle) offer(start, next, unknownId, Math.fround(unknownScore + scoreHere));
      start = next;
    }

    const segments: Segment[] = [];
    for (let end = text.length; end > 0; end = bestStart[end]!)
      segments.push({ piece: text.slice(bestStart[end], end), id: bestId[end]! });
    return segments.reverse();
  };
}
