/** KenLM's hash tables: open addressing, linear probing, an empty bucket is all zeros. */
import type { KenlmHeader, KenlmWords } from './kenlm-layout.ts';
import { extendHash, hashWord } from './kenlm-hash.ts';
import type { NgramMatch, NgramTable } from './ngram-table.ts';

/** A table of entries that begin with a 64-bit key. */
class HashTable {
  readonly #data: DataView;
  readonly #start: number;
  readonly #entryBytes: number;
  readonly #numBuckets: number;

  constructor(data: DataView, start: number, entryBytes: number, numBuckets: number) {
    this.#data = data;
    this.#start = start;
    this.#entryBytes = entryBytes;
    this.#numBuckets = numBuckets;
  }

  get end(): number {
    return this.#start + this.#entryBytes * this.#numBuckets;
  }

  /** Offset of what an entry holds behind its key; -1 where there is none. */
  find(key: bigint): number {
    let bucket = Number(key % BigInt(this.#numBuckets));
    for (let tried = 0; tried < this.#numBuckets; tried++) {
      const at = this.#start + bucket * this.#entryBytes;
      const found = this.#data.getBigUint64(at, true);
      if (found === key) return at + 8;
      if (found === 0n) return -1;
      bucket = bucket + 1 === this.#numBuckets ? 0 : bucket + 1;
    }
    return -1;
  }
}

export function probingVocabulary(data: DataView, start: number, header: KenlmHeader): KenlmWords {
  const table = new HashTable(data, start + 8, 12, numBuckets(header.counts[0]!, header));
  return {
    idOf: (word) => {
      const at = table.find(hashWord(word));
      return at < 0 ? 0 : data.getUint32(at, true);
    },
    end: table.end,
  };
}

export function openProbing(data: DataView, { idOf, end }: KenlmWords, header: KenlmHeader): NgramTable {
  const { order, counts, hasRestCosts } = header;
  const weightBytes = hasRestCosts ? 12 : 8;
  const tables: HashTable[] = [];
  let at = end + (counts[0]! + 1) * weightBytes;
  for (let length = 2; length <= order; length++) {
    const entryBytes = 8 + (length === order ? 4 : weightBytes);
    tables.push(new HashTable(data, at, entryBytes, numBuckets(counts[length - 1]!, header)));
    at = tables.at(-1)!.end;
  }
  data.getUint8(at - 1); // the file must reach to here

  /** Offset of the weights of an n-gram, given by its last word and the words before it, the nearest first. */
  const find = (words: readonly number[]): number => {
    const [word = 0, ...before] = words;
    if (before.length === 0) return end + word * weightBytes;
    return tables[before.length - 1]!.find(before.reduce(extendHash, BigInt(word)));
  };
  // The sign of a stored weight is a mark; logarithms of probabilities are never positive.
  const weight = (offset: number): number => -Math.abs(data.getFloat32(offset, true)) * Math.LN10;

  return {
    order,
    idOf,
    match(history, word): NgramMatch {
      let found: NgramMatch = { weight: weight(find([word])), length: 1 };
      let hash = BigInt(word);
      for (let length = 2; length <= Math.min(order, history.length + 1); length++) {
        hash = extendHash(hash, history[history.length + 1 - length]!);
        const offset = tables[length - 2]!.find(hash);
        if (offset < 0) break;
        found = { weight: weight(offset), length };
      }
      return found;
    },
    backoff(words): number {
      if (words.length >= order) return 0;
      const offset = find([...words].reverse());
      return offset < 0 ? 0 : data.getFloat32(offset + 4, true) * Math.LN10;
    },
  };
}

/** KenLM counts buckets in single precision. */
function numBuckets(entries: number, { multiplier }: KenlmHeader): number {
  return Math.max(entries + 1, Math.trunc(Math.fround(multiplier * Math.fround(entries))));
}
