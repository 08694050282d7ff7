/** The attention decoder as its search loops see it. */

/** What a run of the decoder gives. */
export type AedStep<State> = {
  /** Keys and values of all rows. A step uses its state up: go on from the newest one only. */
  readonly state: State;
  /** Log-probabilities of the next token, [rows, numClasses]; only the first `vocabularySize` classes are tokens. */
  readonly logProbs: Float32Array;
};

/** Rows are grouped by clip: every clip has the same number of them, side by side. */
export interface AedNetwork<State> {
  /** Runs every clip's prompt; one row a clip. */
  start(prompts: readonly (readonly number[])[]): Promise<AedStep<State>>;
  /** Feeds one token a row; row i goes on from row `parents[i]` of `state`. */
  step(state: State, tokens: readonly number[], parents: readonly number[]): Promise<AedStep<State>>;
  /** Frees a state that no step will use. */
  release(state: State): void;
}

/** What every search needs to know. */
export type AedSearchOptions = {
  /** Tokens of the tokenizer; classes after them only round the head up to a multiple of 8. */
  readonly vocabularySize: number;
  readonly endOfText: number;
  readonly padding: number;
  /** Tokens each clip may have, prompt included. */
  readonly maxLengths: readonly number[];
  /** Called after every step; throwing ends the search. */
  readonly onStep?: () => void;
};

/** One reading: the tokens after the prompt, without the end. */
export type AedHypothesis = {
  readonly tokens: readonly number[];
  /** Log-probability of every token. */
  readonly logProbs: readonly number[];
  /** Sum over tokens and end. */
  readonly score: number;
  /** Of every step, the end's among them, when they are measured. */
  readonly confidences?: readonly number[];
};

/** Number of tokens up to the last one that is neither end nor padding, as NeMo strips an answer. */
export function answerLength(
  tokens: readonly number[],
  { endOfText, padding }: Pick<AedSearchOptions, 'endOfText' | 'padding'>,
): number {
  let length = tokens.length;
  while (length > 0 && (tokens[length - 1] === endOfText || tokens[length - 1] === padding)) length--;
  return length;
}
