/**
 * NeMo manifests: one JSON object a line, with `audio_filepath` (relative to the manifest), `text`, and optionally `offset` and `duration`.
 *
 * `duration` alone does not cut anything, as in NeMo: only a line with an `offset` stands for a part of its file.
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { type Slots, slotsOfLine } from './prompt.ts';

/** A manifest cannot be used; exit status 3. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code = 'bad-manifest';
}

/** One recording to transcribe, from a manifest or from the command line. */
export type Entry = {
  /** As written by the user. */
  readonly audio: string;
  /** Path or URL to open. */
  readonly path: string;
  /** Seconds; absent: the whole file. */
  readonly offset?: number;
  /** Seconds, as the manifest says. */
  readonly duration?: number;
  /** Reference text. */
  readonly text?: string;
  /** Prompt slots of the line. */
  readonly slots?: Slots;
};

/** Reads the whole manifest. @throws ManifestError that names the line */
export function readManifest(path: string): Entry[] {
  const entries = readLines(path).flatMap((line, index) =>
    line.trim() === '' ? [] : [parseLine(line, `line ${index + 1} of ${path}`, dirname(path))],
  );
  if (entries.length === 0) throw new ManifestError(`The manifest ${path} has no lines.`);
  return entries;
}

/** Every N-th entry from the I-th, counted from 1: shards of any number put together are the whole. */
export function shardOf(
  entries: readonly Entry[],
  { index, count }: { readonly index: number; readonly count: number },
): Entry[] {
  return entries.filter((_, position) => position % count === index - 1);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (thrown) {
    throw new ManifestError(`The manifest ${path} cannot be read: ${messageOf(thrown)}.`, { cause: thrown });
  }
}

function parseLine(line: string, where: string, folder: string): Entry {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (thrown) {
    throw new ManifestError(`${where} is not JSON: ${messageOf(thrown)}.`, { cause: thrown });
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new ManifestError(`${where} is not a JSON object.`);
  const fields = row as Record<string, unknown>;
  const audio = fields['audio_filepath'] ?? fields['audio_filename'];
  if (typeof audio !== 'string' || audio === '') throw new ManifestError(`${where} has no audio_filepath.`);
  const offset = seconds(fields['offset'], 'offset', where);
  const duration = seconds(fields['duration'], 'duration', where);
  const slots = slotsOfLine(fields);
  const { text } = fields;
  if (text !== undefined && text !== null && typeof text !== 'string')
    throw new ManifestError(`${where} has a text that is no string.`);
  const isUrl = /^https?:\/\//i.test(audio);
  return {
    audio,
    path: isUrl || isAbsolute(audio) ? audio : resolve(folder, audio),
    ...(offset === undefined ? {} : { offset }),
    ...(duration === undefined ? {} : { duration }),
    ...(typeof text === 'string' ? { text } : {}),
    ...(slots ? { slots } : {}),
  };
}

function seconds(value: unknown, key: string, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new ManifestError(`${where} has ${key} ${JSON.stringify(value)}; it is a number of seconds.`);
  return value;
}
