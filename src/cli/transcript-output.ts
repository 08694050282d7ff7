/** `--format` and `--output-dir`: transcripts as subtitles, CTM, NeMo manifest and so on, printed or written beside each other. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Hypothesis } from '../base/hypothesis.ts';
import { type CaptionProfile, captionProblem } from '../text/caption-profile.ts';
import {
  TRANSCRIPT_FORMATS,
  type TranscriptFormat,
  extensionOf,
  isJoinable,
  isTimed,
  transcriptAs,
} from '../text/transcript-format.ts';
import { type Arguments, type Output, UsageError } from './command.ts';
import type { Entry } from './manifest.ts';
import type { Recognized } from './recognize.ts';
import { writeBlob } from './write-files.ts';

export const OUTPUT_USAGE = `[--format ${TRANSCRIPT_FORMATS.join('|')}] [--captions JSON] [--word-times] [--output-dir FOLDER]`;
export const OUTPUT_OPTIONS = {
  format: { type: 'string' },
  captions: { type: 'string' },
  'word-times': { type: 'boolean' },
  'output-dir': { type: 'string' },
} as const;

export type TranscriptOutput = {
  /** Whether the format says when words were spoken. */
  readonly isTimed: boolean;
  write(entry: Entry, result: Recognized): Promise<void>;
};

/** What the options ask for; undefined without `--format`. @throws UsageError */
export function transcriptOutput(
  args: Arguments,
  entries: readonly Entry[],
  output: Output,
): TranscriptOutput | undefined {
  const format = args.choice('format', TRANSCRIPT_FORMATS);
  const folder = args.text('output-dir');
  const captions = captionRules(args);
  const wordTimes = args.flag('word-times');
  if (!format) {
    if (folder !== undefined || captions || wordTimes)
      throw new UsageError('--output-dir, --captions and --word-times need a --format.');
    return undefined;
  }
  for (const other of ['json', 'json-lines', 'output'])
    if (args.has(other)) throw new UsageError(`--format and --${other} are two ways to write: use one.`);
  if (captions && format !== 'srt' && format !== 'vtt') throw new UsageError('--captions is for srt and vtt.');
  if (wordTimes && format !== 'vtt') throw new UsageError('--word-times is for vtt.');
  const path = folder === undefined ? undefined : paths(folder, format, entries);
  if (!path && entries.length > 1 && isTimed(format) && !isJoinable(format))
    throw new UsageError(`${entries.length} recordings are not one ${format} file: name a folder with --output-dir.`);

  return {
    isTimed: isTimed(format),
    async write(entry, { audio: name, duration, hypotheses }) {
      const best = hypotheses[0] as Hypothesis;
      const text = transcriptAs(format, best, { name, duration, reference: entry.text, captions, wordTimes });
      const to = path?.get(entry);
      if (to === undefined) output.out(text);
      else await writeBlob(to, new Blob([text]));
    },
  };
}

/** A file for every entry, named as its recording. @throws UsageError where two would have one name */
function paths(folder: string, format: TranscriptFormat, entries: readonly Entry[]): Map<Entry, string> {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new UsageError(`'${folder}' cannot be made.`, { cause });
  }
  const taken = new Map<string, Entry>();
  for (const entry of entries) {
    const name = `${basename(entry.audio).replace(/(?<=.)\.[^.]*$/, '')}.${extensionOf(format)}`;
    const other = taken.get(name);
    if (other)
      throw new UsageError(`'${other.audio}' and '${entry.audio}' would both be ${name}: use a folder for each.`);
    taken.set(name, entry);
  }
  return new Map([...taken].map(([name, entry]) => [entry, join(folder, name)]));
}

/** `--captions '{"lineLength": 37, "maxDuration": 5}'`: numbers by the names of `CaptionProfile`. */
function captionRules(args: Arguments): Partial<CaptionProfile> | undefined {
  const rules = args.jsonObject('captions');
  const problem = captionProblem(rules ?? {});
  if (problem !== undefined) throw new UsageError(`--captions${problem}`);
  return rules;
}
