/** Which clips are encoded together: on a GPU a batch saves time, and its padding costs. */

/** Padding wasted in a batch at most, as a share of the longest clip. */
const MAX_PADDING = 0.2;

/**
 * Indices of the clips that are encoded together, at most `batchSize`: those of similar length. Clips without a single frame are left out:
 * their result is empty.
 */
export function groupForEncoder(lengths: readonly number[], batchSize: number): number[][] {
  const order = lengths.map((_, index) => index).filter((index) => (lengths[index] as number) > 0);
  if (batchSize > 1) order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
  const groups: number[][] = [];
  for (const index of order) {
    const group = groups.at(-1);
    const longest = lengths[group?.[0] as number] as number;
    if (group && group.length < batchSize && (lengths[index] as number) >= (1 - MAX_PADDING) * longest)
      group.push(index);
    else groups.push([index]);
  }
  return groups;
}
