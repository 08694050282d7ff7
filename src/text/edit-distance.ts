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

/** Cells of the table that are done in one step of `countInSteps`: some milliseconds. */
const CELLS_PER_STEP = 1 << 21;

/** Counts in linear memory. */
export function countEdits(reference: readonly string[], hypothesis: readonly string[]): EditCounts {
  return atOnce(countInSteps(reference, hypothesis));
}

/** As `countEdits`, with a pause now and then: the characters of an hour take seconds. */
export function* countInSteps(
  reference: readonly string[],
  hypothesis: readonly string[],
): Generator<void, EditCounts> {
  const idOf = numbering();
  const ids = Int32Array.from(reference, idOf);
  const size = ids.length + 1;
  // Row-wise best cost to each reference position, and the insertions of the path that has it; the rest follows from both.
  let cost = Int32Array.from({ length: size }, (_, r) => r);
  let insertions = new Int32Array(size);
  let nextCost = new Int32Array(size);
  let nextInsertions = new Int32Array(size);
  let numCells = 0;
  for (const [index, item] of hypothesis.entries()) {
    const id = idOf(item);
    nextCost[0] = nextInsertions[0] = index + 1;
    for (let r = 1; r < size; r++) {
      const substituted = cost[r - 1]! + (ids[r - 1] === id ? 0 : 1);
      const inserted = cost[r]! + 1;
      const deleted = nextCost[r - 1]! + 1;
      if (substituted < inserted && substituted < deleted) {
        nextCost[r] = substituted;
        nextInsertions[r] = insertions[r - 1]!;
      } else if (deleted < inserted) {
        nextCost[r] = deleted;
        nextInsertions[r] = nextInsertions[r - 1]!;
      } else {
        nextCost[r] = inserted;
        nextInsertions[r] = insertions[r]! + 1;
      }
    }
    [cost, nextCost] = [nextCost, cost];
    [insertions, nextInsertions] = [nextInsertions, insertions];
    numCells += size;
    if (numCells < CELLS_PER_STEP) continue;
    numCells = 0;
    yield;
  }
  const inserted = insertions[size - 1]!;
  const deletions = inserted - hypothesis.length + reference.length;
  return { substitutions: cost[size - 1]! - inserted - deletions, insertions: inserted, deletions };
}

/** What a generator comes to, without its pauses. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Numbers items by what they say: numbers are compared faster. */
function numbering(): (item: string) => number {
  const ids = new Map<string, number>();
  return (item) => {
    const known = ids.get(item);
    if (known !== undefined) return known;
    ids.set(item, ids.size);
    return ids.size - 1;
  };
}

/** The alignment behind `countEdits`, in reading order. @throws RangeError when both are longer than about 16 000 items */
export function alignEdits(reference: readonly string[], hypothesis: readonly string[]): EditStep[] {
  const width = reference.length + 1;
  if (width * (hypothesis.length + 1) > MAX_CELLS) throw new RangeError('These texts are too long to be aligned.');
  const idOf = numbering();
  const ids = Int32Array.from(reference, idOf);
  const kinds = new Uint8Array(width * (hypothesis.length + 1));
  let cost = Int32Array.from({ length: width }, (_, i) => i);
  let nextCost = new Int32Array(width);
  for (let h = 1; h <= hypothesis.length; h++) {
    const id = idOf(hypothesis[h - 1]!);
    nextCost[0] = h;
    for (let r = 1; r < width; r++) {
      const substituted = cost[r - 1]! + (ids[r - 1] === id ? 0 : 1);
      const inserted = cost[r]! + 1;
      const deleted = nextCost[r - 1]! + 1;
      const kind = substituted < inserted && substituted < deleted ? 0 : deleted < inserted ? 2 : 1;
      kinds[h * width + r] = kind;
      nextCost[r] = kind === 0 ? substituted : kind === 1 ? inserted : deleted;
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
