/**
 * Results as JSON lines in a file that a later run goes on with: lines are appended, and entries that are there already are skipped.
 *
 * A run that was killed may leave half a line at the end; it is cut off, and its entry done again.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { type Entry, ManifestError } from './manifest.ts';
import type { Recognized } from './recognize.ts';

export class ResultFile {
  readonly #path: string;
  /** How often each recording is in the file: a manifest may name one twice. */
  readonly #done = new Map<string, number>();

  /** @throws ManifestError for a file that holds something else */
  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const bytes = readFileSync(path);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) truncateSync(path, end);
    for (const [index, line] of bytes.subarray(0, end).toString('utf8').split('\n').entries()) {
      if (line !== '') this.#count(parseResult(line, `line ${index + 1} of ${path}`));
    }
  }

  /** The entries that are not in the file yet. */
  missing(entries: readonly Entry[]): Entry[] {
    const left = new Map(this.#done);
    return entries.filter((entry) => {
      const count = left.get(keyOf(entry)) ?? 0;
      if (count > 0) left.set(keyOf(entry), count - 1);
      return count === 0;
    });
  }

  append(line: string): void {
    appendFileSync(this.#path, `${line}\n`);
  }

  #count(result: Recognized): void {
    this.#done.set(keyOf(result), (this.#done.get(keyOf(result)) ?? 0) + 1);
  }
}

function keyOf({ audio, offset }: { readonly audio: string; readonly offset?: number }): string {
  return `${audio}\0${offset ?? ''}`;
}

function parseResult(line: string, where: string): Recognized {
  try {
    const row = JSON.parse(line) as Recognized;
    if (typeof row.audio === 'string') return row;
  } catch (thrown) {
    throw new ManifestError(`${where} is no result of sotto (${messageOf(thrown)}): name another --output.`, {
      cause: thrown,
    });
  }
  throw new ManifestError(`${where} is no result of sotto (it has no audio): name another --output.`);
}
