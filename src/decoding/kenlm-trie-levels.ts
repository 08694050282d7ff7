/** The bit-packed levels of a KenLM trie: orders 2 and up. */
import { AsrError } from '../base/errors.ts';
import type { KenlmHeader } from './kenlm-layout.ts';

export type TrieLevel = {
  readonly wordAt: (index: number) => number;
  /** Base-10 logarithms. */
  readonly weightsAt: (index: number) => { readonly weight: number; readonly backoff: number };
  /** Records of the next level that go on from this one. */
  readonly childrenAt: (index: number) => { readonly begin: number; readonly end: number };
};

/** Reads a level's weights; `bits` is what they take of a record. */
type Weights = {
  readonly bits: number;
  readonly read: (bitOffset: number) => { readonly weight: number; readonly backoff: number };
};

/** Where longer n-grams begin: all of a pointer in the record, or its low bits there and the high ones in a table. */
type Pointers = { readonly bits: number; readonly bytes: number; readonly highAt: (index: number) => number };

/** @param start of the n-grams */
export function openLevels(
  data: DataView,
  start: number,
  header: KenlmHeader,
): { readonly unigramsAt: number; readonly levels: readonly TrieLevel[] } {
  const { order, counts, isQuantised, hasArrayPointers } = header;
  const tables = isQuantised ? quantisedWeights(data, start, order) : undefined;
  const unigramsAt = tables?.end ?? start;
  const wordBits = bitsOf(counts[0]!);
  const levels: TrieLevel[] = [];
  let at = unigramsAt + 16 * (counts[0]! + 2);
  // The first level of pointers says how many of their bits a table may hold.
  const tableBits = hasArrayPointers && order > 2 ? data.getUint8(at + 1) : 0;

  for (let length = 2; length <= order; length++) {
    const entries = counts[length - 1]!;
    const isLongest = length === order;
    const weights = tables?.levels[length - 2] ?? (isLongest ? plainWeight(data) : plainWeights(data));
    const pointers = isLongest
      ? NO_POINTERS
      : hasArrayPointers
        ? arrayPointers(data, at, entries + 1, counts[length]!, tableBits)
        : { ...NO_POINTERS, bits: bitsOf(counts[length]!) };
    const base = 8 * (at + pointers.bytes);
    const recordBits = wordBits + weights.bits + pointers.bits;
    const pointer = (index: number): number =>
      pointers.highAt(index) * 2 ** pointers.bits +
      readBits(data, base + index * recordBits + wordBits + weights.bits, pointers.bits);
    levels.push({
      wordAt: (index) => readBits(data, base + index * recordBits, wordBits),
      weightsAt: (index) => weights.read(base + index * recordBits + wordBits),
      childrenAt: (index) => (isLongest ? { begin: 0, end: 0 } : { begin: pointer(index), end: pointer(index + 1) }),
    });
    at += pointers.bytes + Math.floor(((entries + 1) * recordBits + 7) / 8) + 8;
  }
  data.getUint8(at - 1); // the file must reach to here
  return { unigramsAt, levels };
}

const NO_POINTERS: Pointers = { bits: 0, bytes: 0, highAt: () => 0 };

/** 31 bits of a float that is never positive, then a whole one. */
function plainWeights(data: DataView): Weights {
  return {
    bits: 63,
    read: (at) => ({ weight: -floatOf(readBits(data, at, 31)), backoff: floatOf(readBits(data, at + 31, 32)) }),
  };
}

function plainWeight(data: DataView): Weights {
  return { bits: 31, read: (at) => ({ weight: -floatOf(readBits(data, at, 31)), backoff: 0 }) };
}

/** Indices into tables of floats, two an order (weights, backoffs), one for the longest. */
function quantisedWeights(data: DataView, start: number, order: number): { levels: Weights[]; end: number } {
  const weightBits = data.getUint8(start + 1);
  const backoffBits = data.getUint8(start + 2);
  if (data.getUint8(start) !== 2 || weightBits > 25 || backoffBits > 25)
    throw new AsrError('unsupported-option', 'The language model, a KenLM binary, is quantised in an unknown way.');
  let at = start + 8;
  const levels: Weights[] = [];
  for (let length = 2; length <= order; length++) {
    const weightsAt = at;
    const backoffsAt = at + 4 * 2 ** weightBits;
    const isLongest = length === order;
    const lowBits = isLongest ? 0 : backoffBits;
    levels.push({
      bits: weightBits + lowBits,
      read: (bit) => ({
        weight: data.getFloat32(weightsAt + 4 * readBits(data, bit + lowBits, weightBits), true),
        backoff: isLongest ? 0 : data.getFloat32(backoffsAt + 4 * readBits(data, bit, backoffBits), true),
      }),
    });
    at = backoffsAt + (isLongest ? 0 : 4 * 2 ** backoffBits);
  }
  return { levels, end: at };
}

/**
 * Pointers only grow, so a table says from which record on the high bits are 1, 2, 3… How many bits are high is whatever makes the file smallest,
 * and has to be worked out again.
 */
function arrayPointers(data: DataView, at: number, entries: number, largest: number, tableBits: number): Pointers {
  const required = bitsOf(largest);
  let chopped = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let chop = 0; chop <= Math.min(required, tableBits); chop++) {
    const change = 64 * Math.floor(largest / 2 ** (required - chop)) - entries * chop;
    if (change < least) [least, chopped] = [change, chop];
  }
  const numSteps = Math.floor(largest / 2 ** (required - chopped)) + 1;
  const stepsAt = Math.ceil(at / 8) * 8 + 8;
  return {
    bits: required - chopped,
    bytes: 8 * (1 + numSteps) + 7,
    highAt: (index) =>
      lowerBound(0, numSteps, (step) => data.getBigUint64(stepsAt + 8 * step, true) > BigInt(index)) - 1,
  };
}

/** Bits that hold all numbers up to a largest one. */
function bitsOf(largest: number): number {
  return largest === 0 ? 0 : Math.floor(Math.log2(largest)) + 1;
}

/** First index of [from, to) that passes, where all after one that passes do. */
export function lowerBound(from: number, to: number, passes: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** At most 45 bits from a bit offset on, the lowest first. */
function readBits(data: DataView, bitOffset: number, length: number): number {
  const shift = bitOffset % 8;
  let at = (bitOffset - shift) / 8;
  let value = 0;
  for (let read = 0; read < shift + length; read += 8) value += data.getUint8(at++) * 2 ** read;
  return Math.floor(value / 2 ** shift) % 2 ** length;
}

const FLOAT = new DataView(new ArrayBuffer(4));

function floatOf(bits: number): number {
  FLOAT.setUint32(0, bits);
  return FLOAT.getFloat32(0);
}
