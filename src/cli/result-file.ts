/**
 * Results as JSON lines in a file that a later run goes on with: lines are appended, and entries that are there already are skipped.
 *
 * A run that was killed may leave half a line at the end; it is cut off, and its entry done again.
 */
import { appendFileSync, closeSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { type Entry, ManifestError } from './manifest.ts';
import type { Recognized } from './recognize.ts';

const BLOCK_BYTES = 1 << 20;
const LINE_FEED = 10;

export class ResultFile {
  readonly #path: string;
  /** How often each recording is in the file: a manifest may name one twice. */
  readonly #done = new Map<string, number>();

  /** @throws ManifestError for a file that holds something else */
  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    let end = 0;
    let number = 0;
    for (const line of wholeLines(path)) {
      number += 1;
      end += line.length + 1;
      if (line.length > 0) this.#count(parseResult(line.toString('utf8'), `line ${number} of ${path}`));
    }
    if (end < statSync(path).size) truncateSync(path, end);
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

/** Lines that have their end, one by one: results of a long run are larger than a string can be. */
function* wholeLines(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    let rest: Buffer[] = [];
    for (let size = readSync(file, block); size > 0; size = readSync(file, block)) {
      let start = 0;
      for (let end = block.indexOf(LINE_FEED); end >= 0 && end < size; end = block.indexOf(LINE_FEED, start)) {
        yield Buffer.concat([...rest, block.subarray(start, end)]);
        rest = [];
        start = end + 1;
      }
      rest.push(Buffer.from(block.subarray(start, size)));
    }
  } finally {
    closeSync(file);
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
