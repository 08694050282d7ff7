/** One progress report as a line of text and a fraction: phases have names, because one bar for everything reads as stuck. */
import type { Progress } from '../base/progress.ts';
import { formatBytes, formatClock, formatRemaining } from './quantities.ts';

/** Text for people, and how full the bar is; `fraction` is undefined where the end is unknown. */
export type ProgressLine = { readonly text: string; readonly fraction: number | undefined };

/** The line for a report; `secondsLeft` comes from `estimateRemaining`. */
export function progressLine(progress: Progress, secondsLeft?: number): ProgressLine {
  const left = secondsLeft === undefined ? '' : ` · ${formatRemaining(secondsLeft)}`;
  switch (progress.phase) {
    case 'download': {
      const { loadedBytes, totalBytes, bytesPerSecond } = progress;
      const rate = bytesPerSecond > 0 ? ` · ${formatBytes(Math.round(bytesPerSecond))}/s` : '';
      const of = totalBytes ? ` of ${formatBytes(totalBytes)}` : '';
      return {
        text: `Fetching the model · ${formatBytes(loadedBytes)}${of}${rate}${left}`,
        fraction: totalBytes && loadedBytes / totalBytes,
      };
    }
    case 'convert':
      return {
        text: `Preparing the model${left}`,
        fraction: progress.totalBytes ? progress.loadedBytes / progress.totalBytes : undefined,
      };
    case 'load':
      return { text: `Starting the model · ${progress.part}`, fraction: undefined };
    case 'transcribe': {
      const { seconds, totalSeconds } = progress;
      const of = totalSeconds ? ` of ${formatClock(totalSeconds)}` : '';
      return {
        text: `Transcribing · ${formatClock(seconds)}${of}${left}`,
        fraction: totalSeconds ? seconds / totalSeconds : undefined,
      };
    }
  }
}
