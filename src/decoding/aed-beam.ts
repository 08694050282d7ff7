/**
 * Beam search of an attention decoder (NeMo `BeamSearchSequenceGenerator`), several clips in step.
 *
 * NeMo's corners are kept, because ids and scores depend on them: the first token never ends a beam, not even `<|endoftext|>`; a beam that ended
 * competes with its padded self; each rank's score is multiplied back with the penalty of the beam that *stood* at that rank; one token more than
 * greedy may come out. (NeMo also mixes clips up when a batch has more than one beam; that is not kept.)
 */
import { type AedHypothesis, type AedNetwork, type AedSearchOptions, answerLength } from './aed-network.ts';

export type AedBeamOptions = AedSearchOptions & {
  readonly beamSize: number;
  /** Exponent of the length penalty ((5 + length) / 6). */
  readonly lengthPenalty: number;
};

/** NeMo's NEG_INF: what keeps a finished beam from being continued with anything but padding. */
const FORBIDDEN = 10_001;

type Beam = {
  readonly tokens: readonly number[];
  readonly logProbs: readonly number[];
  readonly score: number;
  /** NeMo's `prefixes_len`: prompt, answer, and one. */
  readonly length: number;
  readonly ended: boolean;
  /** Row of the last step this beam goes on from. */
  readonly parent: number;
};

type Clip = { beams: Beam[]; readonly room: number; done: boolean };

/**
 * All beams of every clip in NeMo's order, with `best` the one NeMo picks.
 *
 * @param prompts one a clip, all of the same length
 */
export async function decodeAedBeam<State>(
  network: AedNetwork<State>,
  prompts: readonly (readonly number[])[],
  options: AedBeamOptions,
): Promise<{ readonly best: AedHypothesis; readonly beams: readonly AedHypothesis[] }[]> {
  const { beamSize, maxLengths, onStep } = options;
  const promptLength = prompts[0]?.length ?? 0;
  let step = await network.start(prompts);
  let numClasses = step.logProbs.length / prompts.length;
  const clips = prompts.map((_, index): Clip => {
    const first = bestTokens(step.logProbs, index * numClasses, options);
    const beams = first.map(({ token, logProb }) => ({
      tokens: [token],
      logProbs: [logProb],
      score: logProb,
      length: promptLength + 2,
      ended: false,
      parent: index,
    }));
    return {
      beams,
      room: (maxLengths[index] as number) - promptLength,
      done: (maxLengths[index] as number) <= promptLength,
    };
  });
  onStep?.();

  while (clips.some((clip) => !clip.done)) {
    const beams = clips.flatMap((clip) => clip.beams);
    step = await network.step(
      step.state,
      beams.map((beam) => beam.tokens.at(-1) as number),
      beams.map((beam) => beam.parent),
    );
    numClasses = step.logProbs.length / beams.length;
    for (const [index, clip] of clips.entries()) {
      const firstRow = index * beamSize;
      if (clip.done) {
        // Kept in step with the others; its result stands.
        clip.beams = clip.beams.map((beam, rank) => ({ ...beam, parent: firstRow + rank }));
        continue;
      }
      clip.beams = continueBeams(clip.beams, step.logProbs, { ...options, numClasses, firstRow, promptLength });
      const numAdded = (clip.beams[0] as Beam).tokens.length - 1;
      clip.done = clip.beams.every((beam) => beam.ended) || numAdded >= clip.room;
    }
    onStep?.();
  }
  network.release(step.state);
  return clips.map(({ beams }) => {
    const ranked = beams.map((beam) => beam.score / penalty(beam.length, options));
    const readings = beams.map((beam) => toHypothesis(beam, options));
    return { best: readings[ranked.indexOf(Math.max(...ranked))] as AedHypothesis, beams: readings };
  });
}

type Continuation = AedBeamOptions & {
  readonly numClasses: number;
  readonly firstRow: number;
  readonly promptLength: number;
};

/** One round for one clip: beamSize continuations of each beam, the beamSize best of them all. */
function continueBeams(beams: readonly Beam[], logProbs: Float32Array, options: Continuation): Beam[] {
  const { beamSize, padding, endOfText, numClasses, firstRow, promptLength } = options;
  const candidates = beams.flatMap((beam, rank) =>
    bestTokens(logProbs, (firstRow + rank) * numClasses, options).map(({ token, logProb }, choice) => {
      const score = beam.ended ? beam.score + (choice === 0 ? 0 : logProb * FORBIDDEN) : beam.score + logProb;
      return {
        beam,
        rank,
        token: beam.ended ? padding : token,
        logProb,
        score,
        ranked: score / penalty(beam.length, options),
      };
    }),
  );
  candidates.sort((a, b) => b.ranked - a.ranked);
  return candidates.slice(0, beamSize).map(({ beam, rank, token, logProb, ranked }, place): Beam => {
    const tokens = [...beam.tokens, token];
    const numSpoken = tokens.filter((id) => id !== endOfText && id !== padding).length;
    return {
      tokens,
      logProbs: [...beam.logProbs, beam.ended ? 0 : logProb],
      score: ranked * penalty((beams[place] as Beam).length, options),
      length: 1 + promptLength + numSpoken,
      ended: token === endOfText || token === padding,
      parent: firstRow + rank,
    };
  });
}

function penalty(length: number, { lengthPenalty }: AedBeamOptions): number {
  return ((5 + length) / 6) ** lengthPenalty;
}

/** The `beamSize` best tokens of the row that starts at `from`, best first. */
function bestTokens(
  logProbs: Float32Array,
  from: number,
  { beamSize, vocabularySize }: AedBeamOptions,
): { token: number; logProb: number }[] {
  const best: { token: number; logProb: number }[] = [];
  for (let token = 0; token < vocabularySize; token++) {
    const logProb = logProbs[from + token]!;
    if (best.length === beamSize && logProb <= best[beamSize - 1]!.logProb) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.logProb < logProb) place--;
    best.splice(place, 0, { token, logProb });
    if (best.length > beamSize) best.pop();
  }
  return best;
}

function toHypothesis({ tokens, logProbs, score }: Beam, options: AedBeamOptions): AedHypothesis {
  const length = answerLength(tokens, options);
  return { tokens: tokens.slice(0, length), logProbs: logProbs.slice(0, length), score };
}
