/** `sotto transcribe`: recordings, or a share of a manifest, to text or JSON. */
import { isAsrError, messageOf } from '../base/errors.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { toJsonText } from './json.ts';
import { type Entry, ManifestError, readManifest, shardOf } from './manifest.ts';
import {
  openModel,
  openRecognizer,
  TRANSCRIBE_OPTIONS,
  TRANSCRIBE_USAGE,
  transcribeOptions,
  vadOption,
} from './model-options.ts';
import { ProgressLine } from './progress-line.ts';
import { type Recognized, recognize } from './recognize.ts';
import { ResultFile } from './result-file.ts';
import { OUTPUT_OPTIONS, OUTPUT_USAGE, transcriptOutput } from './transcript-output.ts';

export const transcribeCommand: Command = {
  summary: 'Recordings to text, to files of subtitles and the like with --format, or to NeMo hypotheses with --json.',
  usage: `AUDIO... [--json] [--timestamps] [--alignments]
      ${OUTPUT_USAGE}
      ${TRANSCRIBE_USAGE}
      --manifest FILE [--shard I/N] [--json-lines] [--output FILE]    instead of AUDIO; shards count from 1`,
  options: {
    ...TRANSCRIBE_OPTIONS,
    ...OUTPUT_OPTIONS,
    json: { type: 'boolean' },
    'json-lines': { type: 'boolean' },
    timestamps: { type: 'boolean' },
    alignments: { type: 'boolean' },
    manifest: { type: 'string' },
    shard: { type: 'string' },
    output: { type: 'string' },
  },
  async run(args, output) {
    const entries = selectEntries(args);
    const transcripts = transcriptOutput(args, entries, output);
    const options = {
      ...transcribeOptions(args),
      ...(await vadOption(args)),
      timestamps: args.flag('timestamps') || transcripts?.isTimed === true,
      returnAlignments: args.flag('alignments'),
    };
    const file = args.text('output') === undefined ? undefined : new ResultFile(args.text('output') as string);
    const asLines = args.flag('json-lines') || file !== undefined;
    const todo = file ? file.missing(entries) : entries;
    if (todo.length === 0) return;

    const opened = await (transcripts ? openRecognizer(args) : openModel(args));
    try {
      const progress = new ProgressLine(todo.length, args.has('manifest') ? output : undefined);
      const bad: string[] = [];
      const onBadEntry = (entry: Entry, error: unknown): void => {
        bad.push(entry.audio);
        output.err(`sotto: ${entry.audio}: ${messageOf(error)} [${isAsrError(error) ? error.code : 'bug'}]\n`);
      };
      const all: Recognized[] = [];
      for await (const { entry, result } of recognize(opened, todo, {
        ...options,
        ...(asLines || transcripts ? { onBadEntry } : {}),
      })) {
        progress.advance(result.duration);
        if (transcripts) await transcripts.write(entry, result);
        else if (file) file.append(toJsonText(result, 0));
        else if (asLines) output.out(`${toJsonText(result, 0)}\n`);
        else if (args.flag('json')) all.push(result);
        else output.out(plainText(result, { named: todo.length > 1, timestamps: args.flag('timestamps') }));
      }
      progress.end();
      if (args.flag('json') && !asLines) output.out(`${toJsonText(all, 2)}\n`);
      if (bad.length > 0)
        throw new ManifestError(
          `${bad.length} of ${todo.length} recordings could not be read; start again to retry them.`,
        );
    } finally {
      await opened.model.dispose();
    }
  },
};

function selectEntries(args: Arguments): Entry[] {
  const manifest = args.text('manifest');
  if (manifest === undefined) {
    if (args.has('shard')) throw new UsageError('--shard needs --manifest.');
    if (args.positionals.length === 0) throw new UsageError('AUDIO is missing: name a recording, or a --manifest.');
    return args.positionals.map((audio) => ({ audio, path: audio }));
  }
  if (args.positionals.length > 0) throw new UsageError('Name recordings or a --manifest, not both.');
  const text = args.text('shard');
  const shard = text === undefined ? { index: 1, count: 1 } : parseShard(text);
  return shardOf(readManifest(manifest), shard);
}

function parseShard(text: string): { index: number; count: number } {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count)
    throw new UsageError(`--shard is '${text}'; it is I/N with I from 1 to N, such as 1/4.`);
  return { index, count };
}

function plainText(
  { audio, hypotheses }: Recognized,
  { named, timestamps }: { named: boolean; timestamps: boolean },
): string {
  const best = hypotheses[0] as Hypothesis;
  const head = named ? `${audio}\t` : '';
  if (!timestamps) return `${head}${best.text.trim()}\n`;
  const lines = (best.timestamp.segment ?? []).map(
    ({ start, end, segment }) => `${start.toFixed(2)}\t${end.toFixed(2)}\t${segment.trim()}\n`,
  );
  return `${named ? `${audio}\n` : ''}${lines.join('')}`;
}
