/**
 * Binary language models of KenLM's `build_binary` (format version 5), read where they lie: hash tables (`probing`, with rest costs too) and
 * tries, with quantised weights and array-compressed pointers.
 *
 * The file is a header, a table of words' hashes, and the n-grams; the words themselves may follow, and nobody needs them.
 */
import { AsrError } from '../base/errors.ts';
import type { KenlmHeader } from './kenlm-layout.ts';
import { openProbing, probingVocabulary } from './kenlm-probing.ts';
import { openTrie, sortedVocabulary } from './kenlm-trie.ts';
import type { NgramTable } from './ngram-table.ts';

const MAGIC = 'mmap lm http://kheafield.com/code';
const VERSION = ' format version 5\n';
/** Magic and its padding, then floats 0, 1, -0.5 and integers 1, 2^32 - 1, 0, 1 that tell a foreign byte order. */
const SANITY_BYTES = 88;
const FIXED_BYTES = 20;
const MAX_ORDER = 16;

/** Whether a file begins as KenLM binaries do. */
export async function isKenlmBinary(file: Blob): Promise<boolean> {
  return (await file.slice(0, MAGIC.length).text()) === MAGIC;
}

/** @throws AsrError `unsupported-option` for a file of another version or that is not whole */
export async function openKenlm(file: Blob): Promise<NgramTable> {
  const data = new DataView(await bytesOf(file));
  try {
    const { isTrie, start, ...header } = readHeader(data);
    const words = isTrie ? sortedVocabulary(data, start, header) : probingVocabulary(data, start, header);
    return (isTrie ? openTrie : openProbing)(data, words, header);
  } catch (error) {
    if (error instanceof RangeError) throw unreadable('is not whole');
    throw error;
  }
}

async function bytesOf(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch (cause) {
    throw new AsrError('out-of-memory', `The language model (${file.size} bytes) does not fit into memory.`, { cause });
  }
}

function readHeader(data: DataView): KenlmHeader & { readonly isTrie: boolean; readonly start: number } {
  const magic = String.fromCharCode(...new Uint8Array(data.buffer, 0, MAGIC.length + VERSION.length));
  if (magic !== MAGIC + VERSION) throw unreadable('has another format version than 5; make it anew with build_binary');
  if (data.getFloat32(60, true) !== 1 || data.getUint32(68, true) !== 1)
    throw unreadable('was made on another kind of machine; make it anew with build_binary');
  const order = data.getUint8(SANITY_BYTES);
  const multiplier = data.getFloat32(SANITY_BYTES + 4, true);
  const type = data.getUint32(SANITY_BYTES + 8, true);
  if (type > 5 || order < 2 || order > MAX_ORDER || !(multiplier > 1)) throw unreadable('has an unknown structure');
  const counts = Array.from({ length: order }, (_, index) =>
    Number(data.getBigUint64(SANITY_BYTES + FIXED_BYTES + 8 * index, true)),
  );
  return {
    order,
    multiplier,
    counts,
    isTrie: type >= 2,
    hasRestCosts: type === 1,
    isQuantised: type === 3 || type === 5,
    hasArrayPointers: type >= 4,
    start: Math.ceil((SANITY_BYTES + FIXED_BYTES + 8 * order) / 8) * 8,
  };
}

function unreadable(what: string): AsrError {
  return new AsrError('unsupported-option', `The language model, a KenLM binary, ${what}.`);
}
