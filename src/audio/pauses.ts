/**
 * Cuts long audio into windows at its pauses, so that no word is cut and no window exceeds what a model takes.
 *
 * There is no threshold: each window ends at the quietest moment among those where it may end, a pause if there is one and the least
 * harm if there is none (music, noise).
 */

export type SampleRange = {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
};

export type PauseOptions = {
  /** Seconds no window exceeds. @default 30 */
  readonly maxSeconds?: number;
  /** Seconds no window falls below, unless all of the audio does; at most half of `maxSeconds`. @default half of maxSeconds */
  readonly minSeconds?: number;
};

const FRAMES_PER_SECOND = 100;
const PAUSE_FRAMES = 20; // energy is averaged over 0.2 s: a stop consonant is shorter, a pause longer

/**
 * Windows that cover all samples in order, without gap or overlap; none for no samples.
 *
 * @throws RangeError when the limits cannot hold
 */
export function cutAtPauses(samples: Float32Array, sampleRate: number, options: PauseOptions = {}): SampleRange[] {
  const { maxSeconds = 30, minSeconds = maxSeconds / 2 } = options;
  const longest = Math.floor(maxSeconds * sampleRate);
  const shortest = Math.ceil(minSeconds * sampleRate);
  if (!(longest >= 1 && shortest >= 0 && 2 * minSeconds <= maxSeconds))
    throw new RangeError(
      `cannot cut into windows of ${minSeconds} to ${maxSeconds} seconds: minSeconds may be half of maxSeconds at most`,
    );
  const hop = Math.max(1, Math.round(sampleRate / FRAMES_PER_SECOND));
  const energies = smoothedEnergies(samples, hop);
  const ranges: SampleRange[] = [];
  let start = 0;
  while (samples.length - start > longest) {
    // The rest must not fall below the shortest window either.
    const earliest = start + Math.max(1, shortest);
    const latest = Math.max(earliest, Math.min(start + longest, samples.length - shortest));
    const end = quietest(energies, hop, earliest, Math.min(latest, start + longest));
    ranges.push({ start, end });
    start = end;
  }
  if (start < samples.length) ranges.push({ start, end: samples.length });
  return ranges;
}

/** The sample in [earliest, latest] where the average energy is least; the latest of equals, which makes fewer windows. */
function quietest(energies: Float64Array, hop: number, earliest: number, latest: number): number {
  let best = latest;
  let least = Number.POSITIVE_INFINITY;
  for (let frame = Math.ceil(earliest / hop); frame * hop <= latest; frame++) {
    if (energies[frame]! > least) continue;
    least = energies[frame]!;
    best = frame * hop;
  }
  return best;
}

/** Entry i: mean energy of the 0.2 s around sample i * hop. */
function smoothedEnergies(samples: Float32Array, hop: number): Float64Array {
  const numFrames = Math.ceil(samples.length / hop);
  const sums = new Float64Array(numFrames + 1);
  for (let frame = 0; frame < numFrames; frame++) {
    let energy = 0;
    for (let i = frame * hop, end = Math.min(i + hop, samples.length); i < end; i++)
      energy += samples[i]! * samples[i]!;
    sums[frame + 1] = sums[frame]! + energy;
  }
  return Float64Array.from({ length: numFrames + 1 }, (_, frame) => {
    const from = Math.max(0, frame - PAUSE_FRAMES / 2);
    const to = Math.min(numFrames, frame + PAUSE_FRAMES / 2);
    return to > from ? (sums[to]! - sums[from]!) / (to - from) : 0;
  });
}
