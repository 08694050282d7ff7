/**
 * `sotto bench`: how long loading and every stage take, and how much memory, on this machine.
 *
 * The first run warms the sessions up and is not counted. Peak memory is that of the whole process, Node included.
 */
import { type StageTimes, timeStages } from '../engine/stage-times.ts';
import { openAudioArgument } from './audio-argument.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';
import { openRecognizer, TRANSCRIBE_OPTIONS, TRANSCRIBE_USAGE } from './model-options.ts';

const DEFAULT_RUNS = 5;

export const benchCommand: Command = {
  summary: 'Load time, peak memory and milliseconds of every stage: the median of some runs.',
  usage: `AUDIO [--runs N] [--json]\n      ${TRANSCRIBE_USAGE}`,
  options: { ...TRANSCRIBE_OPTIONS, json: { type: 'boolean' }, runs: { type: 'string' } },
  async run(args, output) {
    const [path] = args.exactly('AUDIO') as [string];
    const numRuns = args.integer('runs', { min: 1 }) ?? DEFAULT_RUNS;
    using audio = await openAudioArgument(path);
    const { model, loadSeconds } = await openRecognizer(args);
    try {
      const { seconds, text, numTokens } = await timeStages(model, audio.blob);
      const runs: StageTimes[] = [];
      for (let run = 0; run < numRuns; run++) runs.push((await timeStages(model, audio.blob)).times);
      const stages = mediansOf(runs);
      const total = median(runs.map((times) => Object.values(times).reduce((sum, time) => sum + time, 0)));
      const { device, decoderDevice, precision, numThreads } = model.report;
      const report = {
        audio: path,
        duration: seconds,
        device,
        decoderDevice,
        precision,
        numThreads,
        runs: numRuns,
        load: loadSeconds,
        peakMiB: process.resourceUsage().maxRSS / 1024,
        ms: { ...stages, total },
        rtfx: (1000 * seconds) / total,
        numTokens,
        text,
      };
      output.out(args.flag('json') ? `${toJsonText(report, 2)}\n` : screen(report));
    } finally {
      await model.dispose();
    }
  },
};

type Report = {
  readonly duration: number;
  readonly device: string;
  readonly decoderDevice: string;
  readonly precision: string;
  readonly runs: number;
  readonly load: number;
  readonly peakMiB: number;
  readonly ms: StageTimes & { readonly total: number };
  readonly rtfx: number;
};

function screen({ duration, device, decoderDevice, precision, runs, load, peakMiB, ms, rtfx }: Report): string {
  const where = device === decoderDevice ? device : `encoder on ${device}, decoder on ${decoderDevice}`;
  const rows = Object.entries(ms).map(([stage, time]) => `${stage.padEnd(10)}${time.toFixed(1).padStart(10)} ms\n`);
  return `${duration.toFixed(2)} s of audio, ${where}, ${precision}, median of ${runs}\n${rows.join('')}${'load'.padEnd(10)}${load.toFixed(2).padStart(10)} s\n${'peak'.padEnd(10)}${peakMiB.toFixed(0).padStart(10)} MiB\n${'RTFx'.padEnd(10)}${rtfx.toFixed(1).padStart(10)}\n`;
}

function mediansOf(runs: readonly StageTimes[]): StageTimes {
  const stages = Object.keys(runs[0] as StageTimes) as (keyof StageTimes)[];
  return Object.fromEntries(stages.map((stage) => [stage, median(runs.map((times) => times[stage]))])) as StageTimes;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
