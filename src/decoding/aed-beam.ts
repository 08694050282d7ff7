/**
 * Beam search of an attention decoder (NeMo `BeamSearchSequenceGenerator`), several clips in step.
 *
 * NeMo's corners are kept, because ids and scores depend on them: the first token never ends a beam, not even `<|endoftext|>`; a beam that ended
 * competes with its padded self; each rank's score is multiplied back with the penalty of the beam that *stood* at that rank; one token more than
 * greedy may come out. (NeMo also mixes clips up when a batch has more than one beam; that is not kept.)
 */
import { fuseAedScores, startAedFusion } from './aed-fusion.ts';
import { type AedHypothesis, type AedNetwork, type AedSearchOptions, answerLength } from './aed-network.ts';
import type { WeightedFusion } from './fusion.ts';
import { topIndices } from './scores.ts';

/** What a beam needs to know besides. */
export type AedBeamOptions = AedSearchOptions & {
  readonly beamSize: number;
  /** Exponent of the length penalty ((5 + length) / 6). */
  readonly lengthPenalty: number;
  /** External models whose scores are added. */
  readonly fusion: readonly WeightedFusion[];
};

/** NeMo's 1 - NEG_INF: what keeps a finished beam from being continued with anything but padding (in NeMo not where boosting makes scores positive). */
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
  /** States of the external models. */
  readonly models: readonly number[];
};

type Clip = { beams: Beam[]; readonly room: number; done: boolean };

/** A token a beam may go on with, its score, and where the external models stand then. */
type Choice = { readonly token: number; readonly logProb: number; readonly models: readonly number[] };

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
  const { beamSize, maxLengths, fusion, onStep } = options;
  const promptLength = prompts[0]?.length ?? 0;
  let step = await network.start(prompts);
  let numClasses = step.logProbs.length / prompts.length;
  const rowOf = (row: number): Float32Array => step.logProbs.subarray(row * numClasses, (row + 1) * numClasses);
  const clips = prompts.map((_, index): Clip => {
    const room = (maxLengths[index] as number) - promptLength;
    const choices = bestChoices(rowOf(index), startAedFusion(fusion), options);
    return { beams: choices.map((choice) => firstBeam(choice, promptLength, index)), room, done: room <= 0 };
  });
  onStep?.();

  while (clips.some((clip) => !clip.done)) {
    const beams = clips.flatMap((clip) => clip.beams);
    const tokens = beams.map((beam) => beam.tokens.at(-1) as number);
    step = await network.step(
      step.state,
      tokens,
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
      const rows = clip.beams.map((_, rank) => rowOf(firstRow + rank));
      clip.beams = continueBeams(clip.beams, rows, { ...options, firstRow, promptLength });
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

function firstBeam({ token, logProb, models }: Choice, promptLength: number, parent: number): Beam {
  return {
    tokens: [token],
    logProbs: [logProb],
    score: logProb,
    length: promptLength + 2,
    ended: false,
    parent,
    models,
  };
}

type Continuation = AedBeamOptions & { readonly firstRow: number; readonly promptLength: number };

/** One round for one clip: beamSize continuations of each beam, the beamSize best of them all. */
function continueBeams(beams: readonly Beam[], rows: readonly Float32Array[], options: Continuation): Beam[] {
  const { beamSize, padding, endOfText, firstRow, promptLength } = options;
  const candidates = beams.flatMap((beam, rank) =>
    bestChoices(rows[rank] as Float32Array, beam.models, options).map((choice, place) => {
      const { token, logProb, models } = choice;
      const score = beam.ended ? beam.score + (place === 0 ? 0 : -Math.abs(logProb) * FORBIDDEN) : beam.score + logProb;
      const ranked = score / penalty(beam.length, options);
      return beam.ended
        ? { beam, rank, token: padding, logProb: 0, models, ranked }
        : { beam, rank, token, logProb, models, ranked };
    }),
  );
  candidates.sort((a, b) => b.ranked - a.ranked);
  return candidates.slice(0, beamSize).map(({ beam, rank, token, logProb, models, ranked }, place): Beam => {
    const tokens = [...beam.tokens, token];
    const numSpoken = tokens.filter((id) => id !== endOfText && id !== padding).length;
    return {
      tokens,
      logProbs: [...beam.logProbs, logProb],
      score: ranked * penalty((beams[place] as Beam).length, options),
      length: 1 + promptLength + numSpoken,
      ended: token === endOfText || token === padding,
      parent: firstRow + rank,
      models,
    };
  });
}

function penalty(length: number, { lengthPenalty }: AedBeamOptions): number {
  return ((5 + length) / 6) ** lengthPenalty;
}

/** The `beamSize` best tokens after a beam, best first. */
function bestChoices(logProbs: Float32Array, models: readonly number[], options: AedBeamOptions): Choice[] {
  const { beamSize, vocabularySize, fusion, endOfText } = options;
  const { scores, after } = fuseAedScores(logProbs.subarray(0, vocabularySize), fusion, models, endOfText);
  return topIndices(scores, beamSize).map((token) => ({ token, logProb: scores[token]!, models: after(token) }));
}

function toHypothesis({ tokens, logProbs, score }: Beam, options: AedBeamOptions): AedHypothesis {
  const length = answerLength(tokens, options);
  return { tokens: tokens.slice(0, length), logProbs: logProbs.slice(0, length), score };
}
