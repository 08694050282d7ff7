/**
 * CTC beam search with a language model over the words of a lexicon, or over tokens without one (NeMo strategy `flashlight`: flashlight-text's
 * `LexiconDecoder` and `LexiconFreeDecoder`, taking the best of equal paths).
 *
 * Between words the search may stay silent; NeMo takes the unknown token for silence, or the space of a character model. Words of the lexicon need
 * no such silence between them. Without a lexicon NeMo asks the language model for the wrong tokens (it numbers them in the order of a hash table);
 * here a token is scored as itself.
 */
import type { Emission } from '../base/emission.ts';
import type { BeamReading } from './beam-path.ts';
import type { LexiconNode } from './lexicon.ts';
import { topIndices } from './scores.ts';
import type { WordLm } from './word-lm.ts';
import { type WordState, WordStates } from './word-states.ts';

export type LexiconBeamOptions = {
  /** Pieces by class, without the blank. */
  readonly pieces: readonly string[];
  readonly lexicon: LexiconNode | undefined;
  readonly lm: WordLm;
  readonly beamSize: number;
  /** Classes tried at each frame. */
  readonly beamSizeToken: number;
  /** Paths more than this below the best are dropped. */
  readonly beamThreshold: number;
  /** Weight of the language model, whose scores are logarithms of base 10. */
  readonly alpha: number;
  /** Added for every word of the lexicon. */
  readonly wordScore: number;
  /** Added for every unknown word; minus infinity leaves them out. */
  readonly unknownScore: number;
  /** Class of silence, -1 where there is none, and what is added for each of its frames. */
  readonly silence: number;
  readonly silenceScore: number;
};

type Path = {
  readonly score: number;
  readonly state: WordState;
  readonly node: LexiconNode | undefined;
  readonly token: number;
  readonly afterBlank: boolean;
  readonly before: Path | undefined;
};
type Step = Omit<Path, 'before'>;

/** Readings, best first. @param logProbs [numFrames, pieces + 1], blank last */
export function decodeCtcLexicon(logProbs: Float32Array, options: LexiconBeamOptions): BeamReading[] {
  const numClasses = options.pieces.length + 1;
  const states = new WordStates(options.lm);
  const propose = options.lexicon ? proposeWords : proposeTokens;
  let paths: Path[] = [
    {
      score: 0,
      state: states.start,
      node: options.lexicon,
      token: options.silence,
      afterBlank: false,
      before: undefined,
    },
  ];
  for (let from = 0; from < logProbs.length; from += numClasses) {
    const row = logProbs.subarray(from, from + numClasses);
    const tokens = topIndices(row, options.beamSizeToken);
    paths = keepBest(
      paths.flatMap((path) =>
        propose(path, { row, tokens, states, options }).map((step) => ({ ...step, before: path })),
      ),
      options,
    );
  }
  const whole = paths.filter(({ node }) => node === options.lexicon); // no word is left half spelled
  const ended = (whole.length > 0 ? whole : paths).map((path): Path => {
    const { state, score } = states.after(path.state, '</s>');
    return { ...path, state, score: path.score + options.alpha * score, token: options.silence, before: path };
  });
  return keepBest(ended, options).map((path) => toReading(path, options));
}

type Frame = {
  readonly row: Float32Array;
  readonly tokens: readonly number[];
  readonly states: WordStates;
  readonly options: LexiconBeamOptions;
};

/** Steps along the lexicon: into words, out of them, staying, and blank. */
function proposeWords(path: Path, { row, tokens, states, options }: Frame): Step[] {
  const { lexicon, alpha, wordScore, unknownScore, silence, silenceScore } = options;
  const { node = lexicon as LexiconNode, state } = path;
  const isBetween = node === lexicon;
  const paid = isBetween ? 0 : node.best;
  const scoreOf = (token: number): number => path.score + row[token]! + (token === silence ? silenceScore : 0);
  const steps: Step[] = [];
  for (const token of tokens) {
    const child = node.children.get(token);
    if (!child) continue;
    const score = scoreOf(token);
    if ((path.afterBlank || token !== path.token) && child.children.size > 0)
      steps.push({ score: score + alpha * (child.best - paid), state, node: child, token, afterBlank: false });
    const finish = (word: string, bonus: number): void => {
      const after = states.after(state, word);
      const total = score + alpha * (after.score - paid) + bonus;
      steps.push({ score: total, state: after.state, node: lexicon, token, afterBlank: false });
    };
    // A word of one token must not come again from the same token that goes on.
    if (!isBetween || token !== path.token) for (const word of child.words) finish(word, wordScore);
    if (child.words.length === 0 && unknownScore > Number.NEGATIVE_INFINITY) finish('<unk>', unknownScore);
  }
  const stay = isBetween ? silence : path.token;
  if (stay >= 0 && (isBetween || !path.afterBlank))
    steps.push({ score: scoreOf(stay), state, node, token: stay, afterBlank: false });
  steps.push(blankStep(path, row));
  return steps;
}

/** Every token is a word of the language model. */
function proposeTokens(path: Path, { row, tokens, states, options }: Frame): Step[] {
  const { pieces, alpha, silence, silenceScore } = options;
  const { node, state } = path;
  return tokens.map((token): Step => {
    if (token === pieces.length) return blankStep(path, row);
    const score = path.score + row[token]! + (token === silence ? silenceScore : 0);
    if (token === path.token && !path.afterBlank) return { score, state, node, token, afterBlank: false };
    const after = states.after(state, pieces[token]!);
    return { score: score + alpha * after.score, state: after.state, node, token, afterBlank: false };
  });
}

function blankStep({ score, state, node }: Path, row: Float32Array): Step {
  const blank = row.length - 1;
  return { score: score + row[blank]!, state, node, token: blank, afterBlank: true };
}

/** The best of every place, the best of those; best first. */
function keepBest(paths: readonly Path[], { beamSize, beamThreshold }: LexiconBeamOptions): Path[] {
  const least = paths.reduce((most, { score }) => Math.max(most, score), Number.NEGATIVE_INFINITY) - beamThreshold;
  const places = new Map<string, Path>();
  for (const path of paths) {
    if (!(path.score >= least)) continue;
    const name = `${path.state.id} ${path.node?.id} ${path.token} ${path.afterBlank}`;
    const same = places.get(name);
    if (!same || path.score > same.score) places.set(name, path);
  }
  return [...places.values()].sort((a, b) => b.score - a.score).slice(0, beamSize);
}

/** Tokens without repeats and blanks; the silence that a reading begins and ends with is left out. */
function toReading(path: Path, { pieces, silence }: LexiconBeamOptions): BeamReading {
  const tokens: number[] = [];
  for (let at: Path | undefined = path; at; at = at.before) tokens.push(at.token);
  tokens.reverse();
  const emissions = tokens.flatMap((token, index): Emission[] =>
    token === tokens[index - 1] || token === pieces.length
      ? []
      : [{ token, frame: index - 1, duration: 1, logProb: 0 }],
  );
  if (emissions[0]?.token === silence) emissions.shift();
  if (emissions.at(-1)?.token === silence) emissions.pop();
  return { score: path.score, emissions, timestep: emissions.map(({ frame }) => frame) };
}
