/**
 * The `--decoding` JSON with its files opened: the engine takes Blobs and URLs, never paths.
 *
 * Keys are NeMo's, in either spelling.
 */
import { existsSync, openAsBlob, statSync } from 'node:fs';
import { AsrError } from '../base/errors.ts';

const FILE_KEYS = new Set(['ngramlmmodel', 'kenlmpath', 'keyphrasesfile', 'modelpath', 'lexiconpath', 'boostpath']);

/** @throws AsrError `unsupported-option` for a path that is no file */
export async function openDecodingFiles(config: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const opened: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) opened[key] = await openValue(key, value);
  return opened;
}

async function openValue(key: string, value: unknown): Promise<unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return openDecodingFiles(value as Record<string, unknown>);
  if (
    typeof value !== 'string' ||
    !FILE_KEYS.has(key.replaceAll('_', '').toLowerCase()) ||
    /^https?:\/\//iu.test(value)
  )
    return value;
  if (existsSync(value) && statSync(value).isFile()) return openAsBlob(value);
  throw new AsrError('unsupported-option', `${key} is '${value}', which is no file.`);
}
