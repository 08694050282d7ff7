/**
 * Greedy decoding of transducers, several clips at once (NeMo's label looping: `rnnt_label_looping.py`, `tdt_label_looping.py`).
 *
 * Each round joins every unfinished clip's current frame with its current prediction in one batch, then feeds the clips that emitted a token
 * to the prediction network in a second one. A blank therefore costs no prediction, and a clip's result never depends on its neighbours.
 * RNNT is TDT with a blank that moves one frame (or several blanks that move more) and tokens that move none.
 * Papers: arXiv 1211.3711, 2211.03541, 2304.06795, 2406.06220.
 */
import type { Emission } from '../base/emission.ts';
import { FusionState, type WeightedFusion } from './fusion.ts';
import { logSumExp, maxIndex } from './scores.ts';
import type { TransducerNetwork } from './transducer-network.ts';

export type TransducerOptions = {
  /** Class of the blank; logits after it are durations. */
  readonly blank: number;
  /** Frames a duration class stands for; empty for RNNT. */
  readonly durations: readonly number[];
  /**
   * Frames the big blanks of a multi-blank model skip; their classes come right before `blank`, the first of the list nearest to it. @default none
   */
  readonly bigBlankDurations?: readonly number[];
  /** Tokens a frame may emit. */
  readonly maxSymbols: number;
  /** Language model and boosted phrases of every clip that choose among tokens; whether a step is blank stays the network's decision. */
  readonly fusion?: readonly (readonly WeightedFusion[])[];
  /**
   * TDT: whether blanks and tokens that jump count among `maxSymbols` too, and the last one that may be taken moves a frame further, as in NeMo's
   * strategy `greedy`. @default false
   */
  readonly countsJumps?: boolean;
  /**
   * A first frame without a token starts the network again as if token 0 had been said: NeMo's strategy `greedy_batch` for an embedding without a row
   * for the blank (`blank_as_pad: false`) puts a token in its place everywhere but at the first step. @default false
   */
  readonly restartsAtZero?: boolean;
  /** Keep every step's logits for `hypothesis.alignments` and confidence. @default false */
  readonly keepSteps?: boolean;
  /** Called after every round; throwing ends the decoding. */
  readonly onRound?: () => void;
};

/** One joint evaluation: what was chosen at which frame. */
export type TransducerStep = {
  readonly frame: number;
  readonly token: number;
  readonly duration: number;
  readonly logits: Float32Array;
};

/** Everything needed to go on with the next chunk of the same clip. */
export type TransducerState<State> = {
  readonly network: State;
  /** Frames by which the last jump went past the end of the chunk. */
  readonly overshoot: number;
  /** Frames decoded so far. */
  readonly frame: number;
  readonly fusion?: FusionState | undefined;
  /** Whether the last step was a blank. */
  readonly afterBlank?: boolean;
};

export type TransducerDecoded<State> = {
  readonly emissions: readonly Emission[];
  readonly score: number;
  readonly steps: readonly TransducerStep[];
  readonly state: TransducerState<State>;
};

type Row<State> = {
  readonly clip: number;
  readonly numFrames: number;
  readonly frameOffset: number;
  readonly emissions: Emission[];
  readonly steps: TransducerStep[];
  state: State;
  fusion: FusionState | undefined;
  /** Whether the last step was a blank, so that this one does not open a search for the next token. */
  afterBlank: boolean;
  frame: number;
  emittedAt: number;
  numEmitted: number;
  /** Steps since the row moved, where they are counted. */
  numSteps: number;
  score: number;
};

/**
 * Decodes clips of `lengths` frames.
 *
 * @param previous state of the chunk before of every clip that has one
 */
export async function decodeTransducerGreedy<State>(
  network: TransducerNetwork<State>,
  lengths: readonly number[],
  options: TransducerOptions,
  previous?: readonly (TransducerState<State> | undefined)[],
): Promise<TransducerDecoded<State>[]> {
  const numNew = lengths.filter((_, clip) => !previous?.[clip]).length;
  const starts = numNew > 0 ? await network.start(numNew) : [];
  const rows = lengths.map((numFrames, clip): Row<State> => {
    const before = previous?.[clip];
    const fusion = options.fusion?.[clip] ?? [];
    return {
      clip,
      numFrames,
      frameOffset: before?.frame ?? 0,
      emissions: [],
      steps: [],
      state: before ? before.network : (starts.shift() as State),
      fusion: before?.fusion ?? (fusion.length > 0 ? new FusionState(fusion) : undefined),
      afterBlank: before?.afterBlank ?? false,
      frame: before?.overshoot ?? 0,
      emittedAt: -1,
      numEmitted: 0,
      numSteps: 0,
      score: 0,
    };
  });

  for (let active = rows.filter(isUnfinished); active.length > 0; active = active.filter(isUnfinished)) {
    const logits = await network.join(active);
    const numOutputs = logits.length / active.length;
    const emitted = active.filter((row, index) =>
      advance(row, logits.subarray(index * numOutputs, (index + 1) * numOutputs), options),
    );
    if (emitted.length > 0) {
      const tokens = emitted.map((row) => (row.emissions.at(-1) as Emission).token);
      const states = await network.predict(
        tokens,
        emitted.map((row) => row.state),
      );
      emitted.forEach((row, index) => {
        row.state = states[index] as State;
      });
    }
    const silent = options.restartsAtZero ? active.filter(isSilentAtFirst) : [];
    if (silent.length > 0) {
      const [state] = await network.start(1, 0);
      for (const row of silent) row.state = state as State;
    }
    options.onRound?.();
  }

  return rows.map((row) => ({
    emissions: row.emissions,
    score: row.score,
    steps: row.steps,
    state: {
      network: row.state,
      overshoot: row.frame - row.numFrames,
      frame: row.frameOffset + row.numFrames,
      fusion: row.fusion,
      afterBlank: row.afterBlank,
    },
  }));
}

function isUnfinished<State>(row: Row<State>): boolean {
  return row.frame < row.numFrames;
}

/** True right after the first frame, when it gave no token. */
function isSilentAtFirst<State>({ frameOffset, frame, emissions }: Row<State>): boolean {
  return frameOffset === 0 && frame === 1 && emissions.length === 0;
}

/** Applies one step's decision to the row; true when it emitted a token. */
function advance<State>(row: Row<State>, logits: Float32Array, options: TransducerOptions): boolean {
  const { blank, durations, bigBlankDurations = [], maxSymbols, keepSteps } = options;
  const numTokens = blank + 1;
  const best = maxIndex(logits, 0, numTokens);
  const isBlank = best >= blank - bigBlankDurations.length;
  const token = row.fusion && !isBlank ? fusedToken(logits, row.fusion.scores) : best;
  const isTdt = durations.length > 0;
  const ownDuration = isBlank ? (bigBlankDurations[blank - token - 1] ?? 1) : 0;
  const duration = isTdt ? (durations[maxIndex(logits, numTokens, logits.length) - numTokens] as number) : ownDuration;
  const frame = row.frame;
  if (keepSteps) row.steps.push({ frame: row.frameOffset + frame, token, duration, logits: logits.slice() });

  const { afterBlank } = row;
  row.afterBlank = isBlank;
  if (isBlank) {
    row.frame += Math.max(duration, 1);
    if (isTdt && duration > 0) countJump(row, duration, options);
    else row.numSteps = 0;
    return false;
  }
  // NeMo on the CPU normalises tokens and durations together, so TDT scores are no probabilities; we give the same numbers. With fusion
  // NeMo scores a token found right after another by all models, one found after a blank by the network's best, whatever was taken.
  const total = logSumExp(logits);
  const logProb = logits[token]! - total;
  row.score += row.fusion && afterBlank ? logits[best]! - total : logProb + (row.fusion?.scores[token] ?? 0);
  row.fusion = row.fusion?.after(token);
  row.emissions.push({ token, frame: row.frameOffset + frame, duration: isTdt ? duration : 1, logProb });
  row.numEmitted = row.emittedAt === frame ? row.numEmitted + 1 : 1;
  row.emittedAt = frame;
  row.frame += duration;
  if (options.countsJumps) countJump(row, duration, options);
  else if (duration === 0 && row.numEmitted >= maxSymbols) row.frame += 1;
  return true;
}

/** A step where all steps are counted: the last one that a frame may have moves on by one more. */
function countJump<State>(row: Row<State>, duration: number, { countsJumps, maxSymbols }: TransducerOptions): void {
  if (!countsJumps) return;
  row.numSteps += 1;
  if (row.numSteps >= maxSymbols) row.frame += 1;
  if (duration > 0 || row.numSteps >= maxSymbols) row.numSteps = 0;
}

/** The best token by network and fusion models together. */
function fusedToken(logits: Float32Array, scores: Float32Array): number {
  let best = 0;
  for (let token = 1; token < scores.length; token++)
    if (logits[token]! + scores[token]! > logits[best]! + scores[best]!) best = token;
  return best;
}
