/**
 * NeMo manifests: one JSON object a line, with `audio_filepath` and optionally `text`, `offset`, `duration` and prompt slots.
 *
 * `duration` alone does not cut anything, as in NeMo: only a line with an `offset` stands for a part of its file.
 */
import { AsrError, messageOf } from './errors.ts';

/** One line. */
export type ManifestLine = {
  /** Counted from 1, blank lines too. */
  readonly number: number;
  /** `audio_filepath` as written; relative ones are relative to the manifest. */
  readonly audio: string;
  /** Seconds; absent: the whole file. */
  readonly offset?: number;
  /** Seconds, as the manifest says. */
  readonly duration?: number;
  /** Reference text. */
  readonly text?: string;
  /** Prompt slots by NeMo's names. */
  readonly slots?: Readonly<Record<string, string | boolean>>;
  /** `biasing_request`: boosted phrases of this recording, as NeMo's scripts read them. */
  readonly biasingRequest?: Readonly<Record<string, unknown>>;
};

/** Fields of a line that are prompt slots; `taskname` is what older manifests call the task. */
const SLOTS = [
  'source_lang',
  'target_lang',
  'task',
  'pnc',
  'itn',
  'timestamp',
  'diarize',
  'emotion',
  'decodercontext',
] as const;

/** @param name of the manifest, for messages @throws AsrError `manifest-invalid` that names the line */
export function parseManifest(text: string, name: string): ManifestLine[] {
  const lines = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseManifestLine(line, index + 1, name)]));
  if (lines.length === 0) throw invalid(`The manifest ${name} has no lines.`);
  return lines;
}

function parseManifestLine(line: string, number: number, name: string): ManifestLine {
  const where = `line ${number} of ${name}`;
  const fields = parseObject(line, where);
  const audio = fields['audio_filepath'] ?? fields['audio_filename'];
  if (typeof audio !== 'string' || audio === '') throw invalid(`${where} has no audio_filepath.`);
  const offset = seconds(fields['offset'], 'offset', where);
  const duration = seconds(fields['duration'], 'duration', where);
  const slots = slotsOf(fields);
  const { text, biasing_request: biasing } = fields;
  const hasBiasing = biasing !== undefined && biasing !== null;
  if (hasBiasing && (typeof biasing !== 'object' || Array.isArray(biasing)))
    throw invalid(`${where} has a biasing_request that is no object.`);
  if (text !== undefined && text !== null && typeof text !== 'string')
    throw invalid(`${where} has a text that is no string.`);
  return {
    number,
    audio,
    ...(offset === undefined ? {} : { offset }),
    ...(duration === undefined ? {} : { duration }),
    ...(typeof text === 'string' ? { text } : {}),
    ...(slots ? { slots } : {}),
    ...(hasBiasing ? { biasingRequest: biasing as Record<string, unknown> } : {}),
  };
}

function parseObject(line: string, where: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (thrown) {
    throw invalid(`${where} is not JSON: ${messageOf(thrown)}.`, thrown);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw invalid(`${where} is not a JSON object.`);
  return row as Record<string, unknown>;
}

function seconds(value: unknown, key: string, where: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw invalid(`${where} has ${key} ${JSON.stringify(value)}; it is a number of seconds.`);
  return value;
}

function slotsOf(fields: Record<string, unknown>): Record<string, string | boolean> | undefined {
  const named: Record<string, unknown> = { ...fields, task: fields['task'] ?? fields['taskname'] };
  const slots = SLOTS.flatMap((slot) => {
    const value = named[slot];
    return typeof value === 'string' || typeof value === 'boolean' ? [[slot, value] as const] : [];
  });
  return slots.length > 0 ? Object.fromEntries(slots) : undefined;
}

function invalid(message: string, cause?: unknown): AsrError {
  return new AsrError('manifest-invalid', message, cause === undefined ? {} : { cause });
}
