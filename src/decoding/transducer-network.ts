/** What a transducer's searches need of its prediction network and joint. */

/** The two networks, with opaque states so that loops and beams can keep, copy and drop them at will. */
export interface TransducerNetwork<State> {
  /** State before the first token, as after the blank, or after `token` with nothing before it. */
  start(rows: number, token?: number): Promise<State[]>;
  /** Feeds one token a row. */
  predict(tokens: readonly number[], states: readonly State[]): Promise<State[]>;
  /** Logits [rows, numOutputs] of each row's frame joined with its state. */
  join(rows: readonly JoinRow<State>[]): Promise<Float32Array>;
}

export type JoinRow<State> = {
  readonly clip: number;
  /** Frame of the clip; undefined joins the state with no sound at all, which is a HAT joint's internal language model. */
  readonly frame: number | undefined;
  readonly state: State;
};
