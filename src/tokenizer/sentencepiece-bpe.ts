/**
 * BPE segmentation: joins the adjacent pair with the best score until none is left, as SentencePiece `bpe::Model::SampleEncode`.
 *
 * The agenda keeps outdated pairs; one is recognised by its length, which no longer fits its two symbols.
 */
import { characterEnd, type PrefixTree } from './prefix-tree.ts';
import type { SentencePieceModel } from './sentencepiece-model.ts';
import type { Segment, Segmenter } from './sentencepiece-unigram.ts';

type Symbol = { piece: string; previous: number; next: number; readonly frozen: boolean };
type Pair = { readonly left: number; readonly right: number; readonly score: number; readonly length: number };

/** @param ids piece to id, reserved pieces included @param userDefined symbols that are never split or joined */
export function createBpeSegmenter(
  model: SentencePieceModel,
  ids: ReadonlyMap<string, number>,
  userDefined: PrefixTree,
): Segmenter {
  const { scores, types, unknownId } = model;

  return (text) => {
    const symbols: Symbol[] = [];
    for (let start = 0; start < text.length; ) {
      const match = userDefined.longestMatch(text, start);
      const end = match > start ? match : characterEnd(text, start);
      symbols.push({
        piece: text.slice(start, end),
        previous: symbols.length - 1,
        next: symbols.length + 1,
        frozen: match > start,
      });
      start = end;
    }
    if (symbols.length === 0) return [];
    symbols.at(-1)!.next = -1;

    const agenda: Pair[] = [];
    const partsOf = new Map<string, readonly [string, string]>();
    const offer = (left: number, right: number): void => {
      if (left < 0 || right < 0) return;
      const a = symbols[left]!;
      const b = symbols[right]!;
      if (a.frozen || b.frozen) return;
      const piece = a.piece + b.piece;
      const id = ids.get(piece);
      if (id === undefined || !isText(types[id]!)) return;
      push(agenda, { left, right, score: scores[id]!, length: piece.length });
      if (types[id] === 'unused') partsOf.set(piece, [a.piece, b.piece]);
    };

    for (let i = 1; i < symbols.length; i++) offer(i - 1, i);
    for (let top = pop(agenda); top; top = pop(agenda)) {
      const left = symbols[top.left]!;
      const right = symbols[top.right]!;
      if (left.piece === '' || right.piece === '' || left.piece.length + right.piece.length !== top.length) continue;
      left.piece += right.piece;
      left.next = right.next;
      if (right.next >= 0) symbols[right.next]!.previous = top.left;
      right.piece = '';
      offer(left.previous, top.left);
      offer(top.left, left.next);
    }

    const segments: Segment[] = [];
    const emit = (piece: string): void => {
      const id = ids.get(piece) ?? unknownId;
      const parts = types[id] === 'unused' ? partsOf.get(piece) : undefined;
      if (parts) parts.forEach(emit);
      else segments.push({ piece, id });
    };
    for (let i = 0; i >= 0; i = symbols[i]!.next) emit(symbols[i]!.piece);
    return segments;
  };
}

function isText(type: SentencePieceModel['types'][number]): boolean {
  return type === 'normal' || type === 'user-defined' || type === 'unused';
}

/** Higher score first, then further left. */
function isBefore(a: Pair, b: Pair): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

function push(heap: Pair[], pair: Pair): void {
  let i = heap.length;
  heap.push(pair);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(pair, heap[parent]!)) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = pair;
}

function pop(heap: Pair[]): Pair | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let i = 0;
  for (let child = 1; child < heap.length; child = 2 * i + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, last)) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
  return top;
}
