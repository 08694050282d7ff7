/** `sotto wer`: word and character error rates of a manifest, equal to NeMo's `word_error_rate`, with speed. */
import type { Hypothesis } from '../base/hypothesis.ts';
import { type ErrorCounts, type RatedFile, errorRateReport, rateFile } from '../text/error-rate-report.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';
import { ManifestError, readManifest } from './manifest.ts';
import { openRecognizer, TRANSCRIBE_OPTIONS, TRANSCRIBE_USAGE, transcribeOptions } from './model-options.ts';
import { ProgressLine } from './progress-line.ts';
import { recognize } from './recognize.ts';

export const werCommand: Command = {
  summary: 'Word and character error rates over a NeMo manifest.',
  usage: `MANIFEST [--json]\n      ${TRANSCRIBE_USAGE}`,
  options: { ...TRANSCRIBE_OPTIONS, json: { type: 'boolean' } },
  async run(args, output) {
    const [manifest] = args.exactly('MANIFEST') as [string];
    const options = transcribeOptions(args);
    const entries = readManifest(manifest);
    const silent = entries.findIndex(({ text }) => text === undefined);
    if (silent >= 0)
      throw new ManifestError(
        `Entry ${silent + 1} of ${manifest} (${entries[silent]?.audio}) has no text to compare with.`,
      );
    const opened = await openRecognizer(args);
    try {
      const files: RatedFile[] = [];
      const progress = new ProgressLine(entries.length, output);
      const startedAt = performance.now();
      for await (const { entry, result } of recognize(opened, entries, options)) {
        progress.advance(result.duration);
        const { text } = result.hypotheses[0] as Hypothesis;
        files.push(rateFile({ audio: entry.audio, duration: result.duration, reference: entry.text ?? '', text }));
      }
      progress.end();
      const { device, precision } = opened.model.report;
      const report = errorRateReport(
        files,
        { load: opened.loadSeconds, total: (performance.now() - startedAt) / 1000 },
        { manifest, device, precision },
      );
      output.out(args.flag('json') ? `${toJsonText(report, 2)}\n` : screen(report));
    } finally {
      await opened.model.dispose();
    }
  },
};

type Report = ReturnType<typeof errorRateReport<{ manifest: string; device: string; precision: string }>>;

function screen({ files, duration, wer, cer, words, characters, seconds, rtfx, device, precision }: Report): string {
  const line = (name: string, rate: number, of: ErrorCounts): string =>
    `${name} ${(100 * rate).toFixed(2)} %   of ${of.reference}: ${of.substitutions} substituted, ${of.insertions} inserted, ${of.deletions} deleted\n`;
  const speed = `${files} files, ${duration.toFixed(1)} s of audio in ${seconds.total.toFixed(1)} s: RTFx ${rtfx.toFixed(1)} (${device}, ${precision}; loaded in ${seconds.load.toFixed(1)} s)\n`;
  return line('WER', wer, words) + line('CER', cer, characters) + speed;
}
