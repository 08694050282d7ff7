/**
 * Joins two overlapping token sequences by their longest common substring (NeMo `lcs_alignment_merge_buffer`, streaming_utils.py).
 *
 * A substring that reaches the end of the first sequence is a perfect overlap. Otherwise the leftmost long one is extended along its diagonal
 * over tokens that differ, because the end of a buffer is often misread. Reproduced with its odd corners: results are compared token by token.
 */

type Keyed = { readonly token: number };
/** Tokens of both sequences before the overlap, and how many the overlap has. */
type Overlap = { readonly left: number; readonly start: number; readonly length: number };

/** Common substrings up to this length are taken for chance. */
const MIN_SUBSTRING = 1;

/**
 * @param searchSize tokens at the end of `merged` in which the overlap is looked for; 0 joins without looking
 */
export function lcsMerge<Token extends Keyed>(
  merged: readonly Token[],
  data: readonly Token[],
  searchSize: number,
): Token[] {
  if (searchSize < 1 || merged.length === 0) return [...merged, ...data];
  const { start, length } = overlapOf(merged.slice(-searchSize), data);
  return [...merged, ...(length < 1 ? data : data.slice(start + length))];
}

/** Tokens that a second of overlap may have besides blanks, as a share of its frames. */
const TOKENS_A_FRAME = 0.6;
/** Tokens a frame may have at the end of what is merged. */
const STEPS_A_FRAME = 2;

/**
 * Appends a chunk that was decoded by itself and begins one second before the end of what is merged (NeMo `merge_parallel_chunks`). What the
 * two say differently behind their overlap is the chunk's to say.
 *
 * @param delay encoder frames of the second
 */
export function mergeChunk<Token extends Keyed>(
  merged: readonly Token[],
  chunk: readonly Token[],
  delay: number,
): Token[] {
  const head = chunk.slice(0, Math.trunc(delay * TOKENS_A_FRAME));
  const rest = chunk.slice(head.length);
  if (delay < 1 || merged.length === 0) return [...merged, ...chunk];
  const end = merged.slice(-delay * STEPS_A_FRAME);
  const { left, start, length } = overlapOf(end, head);
  if (length < 1) return [...merged, ...chunk];
  return [...merged.slice(0, merged.length - end.length + left + length), ...head.slice(start + length), ...rest];
}

function overlapOf(left: readonly Keyed[], right: readonly Keyed[]): Overlap {
  const table = suffixTable(left, right);
  let best = { row: 0, column: 0, length: 0 };
  table.forEach((cells, row) =>
    cells.forEach((length, column) => {
      if (length > 0 && length >= best.length) best = { row, column, length };
    }),
  );
  return best.row === left.length ? perfectOverlap(table, best) : partialOverlap(table);
}

/** `table[i][j]`: length of the common substring that ends at token i of the first and token j of the second sequence, counted from 1. */
function suffixTable(left: readonly Keyed[], right: readonly Keyed[]): number[][] {
  const table = [Array<number>(right.length + 1).fill(0)];
  left.forEach(({ token }, row) => {
    const above = table[row] as number[];
    table.push([0, ...right.map((other, column) => (other.token === token ? above[column]! + 1 : 0))]);
  });
  return table;
}

function perfectOverlap(
  table: readonly number[][],
  { row, column, length }: { row: number; column: number; length: number },
): Overlap {
  let [i, j, left] = [row, column, length];
  while (left >= 0 && i > 0 && j > 0) {
    const goesOn = table[i - 1]![j - 1]! > 0;
    [i, j, left] = [i - 1, j - 1, left - 1];
    if (!goesOn) break;
  }
  return { left: i, start: j, length };
}

function partialOverlap(table: readonly number[][]): Overlap {
  const [lastRow, lastColumn] = [table.length - 1, table[0]!.length - 1];
  const { row, column, length } = leftmost(table);
  if (length <= MIN_SUBSTRING) return { left: row, start: 0, length: 0 };

  // Downwards along the diagonal, one column wider for every row in which it breaks.
  let extension = 0;
  let numSkips = 0;
  for (let i = row + 1, j = column + 1; i <= lastRow; i++, j++) {
    let skips = 0;
    for (let k = j; k <= Math.min(j + numSkips, lastColumn); k++) {
      if (table[i]![k] === 0) skips = 1;
      else extension = 1 + numSkips + skips;
    }
    numSkips += skips;
  }

  // And back to where the overlap begins.
  let [i, j] = [row, column + extension];
  let count = 0;
  let numSkipped = 0;
  while (i > 0 && j > 0) {
    // Extended past the table NeMo would fail; nothing in common is what such a cell means.
    if ((table[i]![j] ?? 0) === 0) {
      j -= 1;
      numSkipped += 1;
    }
    if (j > 0) {
      count += 1;
      i -= 1;
      j -= 1;
    }
  }
  return { left: Math.max(0, i), start: Math.max(0, j), length: count + numSkipped };
}

/** From the last row upwards: a longer substring replaces the one found only if it does not begin further right. */
function leftmost(table: readonly number[][]): { row: number; column: number; length: number } {
  let best = { row: table.length - 1, column: table[0]!.length - 1, length: 0 };
  for (let row = table.length - 1; row >= 0; row--) {
    table[row]!.forEach((length, column) => {
      if (length > best.length && column <= best.column) best = { row, column, length };
    });
  }
  return best;
}
