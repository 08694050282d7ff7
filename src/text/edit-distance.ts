/**
 * Levenshtein distance with counts of substitutions, insertions and deletions, as kaldialign (which NeMo uses) counts them.
 *
 * The total is unique, the split is not: on equal cost an insertion wins over a deletion, and both over a substitution.
 */
export type EditCounts = { readonly substitutions: number; readonly insertions: number; readonly deletions: number };
export type EditKind = 'equal' | 'substitution' | 'insertion' | 'deletion';
/** One column of an alignment; `reference` is absent for an insertion, `hypothesis` for a deletion. */
export type EditStep = { readonly kind: EditKind; readonly reference?: string; readonly hypothesis?: string };

/** Largest alignment table in cells (bytes); 16 thousand words against as many. */
const MAX_CELLS = 1 << 28;

/** Counts in linear memory. */
export function countEdits(reference: readonly string[], hypothesis: readonly string[]): EditCounts {
  const size = reference.length + 1;
  // Row-wise best cost to each reference position, with the counts of the path that has it.
  let cost = Int32Array.from({ length: size }, (_, i) => i);
  let counts = { sub: new Int32Array(size), ins: new Int32Array(size), del: Int32Array.from(cost) };
  let nextCost = new Int32Array(size);
  let next = { sub: new Int32Array(size), ins: new Int32Array(size), del: new Int32Array(size) };

  for (let h = 1; h <= hypothesis.length; h++) {
    nextCost[0] = h;
    next.sub[0] = next.del[0] = 0;
    next.ins[0] = h;
    for (let r = 1; r < size; r++) {
      const isEqual = hypothesis[h - 1] === reference[r - 1];
      const kind = cheapest(cost[r - 1]! + (isEqual ? 0 : 1), cost[r]! + 1, nextCost[r - 1]! + 1);
      const from = kind === 'deletion' ? next : counts;
      const at = kind === 'insertion' ? r : r - 1;
      nextCost[r] = (kind === 'deletion' ? nextCost : cost)[at]! + (kind === 'substitution' && isEqual ? 0 : 1);
      next.sub[r] = from.sub[at]! + (kind === 'substitution' && !isEqual ? 1 : 0);
      next.ins[r] = from.ins[at]! + (kind === 'insertion' ? 1 : 0);
      next.del[r] = from.del[at]! + (kind === 'deletion' ? 1 : 0);
    }
    [cost, nextCost] = [nextCost, cost];
    [counts, next] = [next, counts];
  }
  return { substitutions: counts.sub[size - 1]!, insertions: counts.ins[size - 1]!, deletions: counts.del[size - 1]! };
}

/** The alignment behind `countEdits`, in reading order. @throws RangeError when both are longer than about 16 000 items */
export function alignEdits(reference: readonly string[], hypothesis: readonly string[]): EditStep[] {
  const width = reference.length + 1;
  if (width * (hypothesis.length + 1) > MAX_CELLS) throw new RangeError('These texts are too long to be aligned.');
  const kinds = new Uint8Array(width * (hypothesis.length + 1));
  let cost = Int32Array.from({ length: width }, (_, i) => i);
  let nextCost = new Int32Array(width);
  for (let h = 1; h <= hypothesis.length; h++) {
    nextCost[0] = h;
    for (let r = 1; r < width; r++) {
      const isEqual = hypothesis[h - 1] === reference[r - 1];
      const kind = cheapest(cost[r - 1]! + (isEqual ? 0 : 1), cost[r]! + 1, nextCost[r - 1]! + 1);
      kinds[h * width + r] = KINDS.indexOf(kind);
      nextCost[r] =
        kind === 'deletion'
          ? nextCost[r - 1]! + 1
          : kind === 'insertion'
            ? cost[r]! + 1
            : cost[r - 1]! + (isEqual ? 0 : 1);
    }
    [cost, nextCost] = [nextCost, cost];
  }

  const steps: EditStep[] = [];
  for (let r = reference.length, h = hypothesis.length; r > 0 || h > 0; ) {
    const kind = h === 0 ? 'deletion' : r === 0 ? 'insertion' : KINDS[kinds[h * width + r]!]!;
    if (kind === 'insertion') steps.push({ kind, hypothesis: hypothesis[--h]! });
    else if (kind === 'deletion') steps.push({ kind, reference: reference[--r]! });
    else {
      const pair = { reference: reference[--r]!, hypothesis: hypothesis[--h]! };
      steps.push({ kind: pair.reference === pair.hypothesis ? 'equal' : 'substitution', ...pair });
    }
  }
  return steps.reverse();
}

const KINDS = ['substitution', 'insertion', 'deletion'] as const;

function cheapest(substitution: number, insertion: number, deletion: number): (typeof KINDS)[number] {
  if (substitution < insertion && substitution < deletion) return 'substitution';
  return deletion < insertion ? 'deletion' : 'insertion';
}
