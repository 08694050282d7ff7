/**
 * Rounds of several contenders as a table, a column each.
 *
 * Times are the best of all rounds, because whatever else a machine does can only add to them; memory and stalls are the worst. Tokens are
 * compared with the first contender's: the same weights should say the same.
 */
import { wordErrorRateDetail } from '../../src/text/word-error-rate.ts';
import type { Round, Step } from './measure-peers.ts';

export type TableRow = {
  readonly what: string;
  readonly unit: string;
  /** By contender. */
  readonly values: readonly (number | string)[];
};

/** @param clipSeconds of audio, by clip */
export function peerTable(all: readonly (readonly Round[])[], clipSeconds: readonly number[]): TableRow[] {
  const row = (what: string, unit: string, value: (rounds: readonly Round[]) => number | string): TableRow => ({
    what,
    unit,
    values: all.map(value),
  });
  const visits: readonly (readonly [string, (round: Round) => Step])[] = [
    ['first visit, until ready', (round) => round.firstVisit],
    ['second visit, until ready', (round) => round.secondVisit],
  ];
  return [
    row('runs on', '', ([round]) => round?.said ?? ''),
    row('downloaded: checkpoint', 'MB', ([round]) => (round?.downloadedBytes.checkpoint ?? 0) / 1e6),
    row('downloaded: code', 'MB', ([round]) => (round?.downloadedBytes.code ?? 0) / 1e6),
    row('stored', 'MB', ([round]) => (round?.storedBytes ?? 0) / 1e6),
    ...visits.flatMap(([what, step]) => [
      row(what, 's', (rounds) => least(rounds.map((round) => step(round).seconds))),
      ...stepRows(what, row, (rounds) => rounds.map(step)),
    ]),
    row('second visit, address to first text', 's', (rounds) => least(rounds.map((round) => round.firstTextSeconds))),
    ...clipSeconds.flatMap((seconds, clip) => {
      const what = `${seconds.toFixed(0)} s of speech`;
      const steps = (rounds: readonly Round[]) => rounds.flatMap(({ transcribed }) => transcribed[clip] ?? []);
      return [
        row(what, 's', (rounds) => least(steps(rounds).map((step) => step.seconds))),
        row(`${what}, times real time`, 'x', (rounds) => seconds / least(steps(rounds).map((step) => step.seconds))),
        ...stepRows(what, row, steps),
        ...['mel', 'encoder', 'decoding'].map((stage) =>
          row(`${what}, ${stage}`, 'ms', (rounds) =>
            least(rounds.map(({ heard }) => heard[clip]?.stages?.[stage] ?? Number.NaN)),
          ),
        ),
        row(`${what}, tokens`, '', ([round]) => round?.heard[clip]?.tokens.length ?? 0),
        row(`${what}, tokens unlike the first column’s`, '', ([round]) =>
          numDifferent(round?.heard[clip]?.tokens ?? [], all[0]?.[0]?.heard[clip]?.tokens ?? []),
        ),
      ];
    }),
  ];
}

function stepRows(
  what: string,
  row: (what: string, unit: string, value: (rounds: readonly Round[]) => number) => TableRow,
  steps: (rounds: readonly Round[]) => readonly Step[],
): TableRow[] {
  return [
    row(`${what}, processor time`, 's', (rounds) => least(steps(rounds).map((step) => step.processorSeconds))),
    row(`${what}, the page stood still`, 's', (rounds) => most(steps(rounds).map((step) => step.longestTaskSeconds))),
    row(`${what}, memory of the page`, 'MiB', (rounds) => most(steps(rounds).map((step) => step.pageMiB))),
  ];
}

/** Inserted, left out or replaced. */
function numDifferent(tokens: readonly number[], reference: readonly number[]): number {
  const { insertions, deletions, substitutions } = wordErrorRateDetail([tokens.join(' ')], [reference.join(' ')]);
  return insertions + deletions + substitutions;
}

function least(values: readonly number[]): number {
  return Math.min(...values);
}

function most(values: readonly number[]): number {
  return Math.max(...values);
}
