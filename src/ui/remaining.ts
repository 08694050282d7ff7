/**
 * How long the rest will take, from how long the part so far took.
 *
 * Nothing is said before there is evidence, and the estimate may not jump up by more than a third at once: a rising number reads as
 * broken, and a single slow window should not cause it.
 */
const EVIDENCE_MS = 4000;
const EVIDENCE_REPORTS = 3;
const MAX_RISE = 4 / 3;

/** What is known so far; start with `NO_ESTIMATE`. */
export type Estimate = {
  readonly startedAt: number;
  readonly startedDone: number;
  readonly numReports: number;
  /** Seconds left; undefined while there is too little evidence. */
  readonly secondsLeft: number | undefined;
};

/** The state before the first report. */
export const NO_ESTIMATE: Estimate = { startedAt: Number.NaN, startedDone: 0, numReports: 0, secondsLeft: undefined };

/** The estimate after a report that `done` of `total` is finished at `now` (milliseconds). */
export function estimateRemaining(before: Estimate, done: number, total: number, now: number): Estimate {
  if (before.numReports === 0) return { ...before, startedAt: now, startedDone: done, numReports: 1 };
  const numReports = before.numReports + 1;
  const elapsed = now - before.startedAt;
  const finished = done - before.startedDone;
  if (elapsed < EVIDENCE_MS || numReports < EVIDENCE_REPORTS || finished <= 0) return { ...before, numReports };
  const raw = ((total - done) * elapsed) / finished / 1000;
  const secondsLeft = before.secondsLeft === undefined ? raw : Math.min(raw, before.secondsLeft * MAX_RISE);
  return { ...before, numReports, secondsLeft };
}
