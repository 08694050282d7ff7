/** What every decoder emits and everything in `text/` starts from: one token at one encoder frame. */
export type Emission = {
  readonly token: number;
  /** Encoder frame at which the token was first emitted. */
  readonly frame: number;
  /** Frames the token spans: 1 for RNNT, the predicted duration for TDT, the distance to the previous emission for CTC. */
  readonly duration: number;
  /** Log-probability of the token as NeMo scores it. */
  readonly logProb: number;
};
