import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';

import { goldenFolder } from '../../e2e/support/golden.ts';
import { readSentencePiece } from './sentencepiece-model.ts';
import { createSentencePieceTokenizer } from './sentencepiece.ts';

const folder = goldenFolder('tokenizers');
const model = new Uint8Array(readFileSync(new URL('specials-bos-eos-pad.model', folder)));
const withTable = new Uint8Array(readFileSync(new URL('unigram-world.model', folder)));
const corrupt = expect.objectContaining({ code: 'checkpoint-corrupt' });

type Piece = { text: string; type?: number };

function write({
  pieces = [{ text: '<unk>', type: 2 }],
  charsmap,
  byteFallback,
}: {
  pieces?: Piece[];
  charsmap?: Uint8Array;
  byteFallback?: boolean;
}): Uint8Array {
  const pbf = new PbfWriter();
  for (const { text, type } of pieces) {
    pbf.writeMessage(
      1,
      (_, inner) => {
        inner.writeBytesField(1, new TextEncoder().encode(text));
        if (type !== undefined) inner.writeVarintField(3, type);
      },
      undefined,
    );
  }
  if (byteFallback) pbf.writeMessage(2, (_, inner) => inner.writeBooleanField(35, true), undefined);
  if (charsmap) pbf.writeMessage(3, (_, inner) => inner.writeBytesField(2, charsmap), undefined);
  return pbf.finish();
}

test('pieces may hold NUL and a byte order mark', () => {
  const tokenizer = createSentencePieceTokenizer(
    readSentencePiece(write({ pieces: [{ text: '<unk>', type: 2 }, { text: 'a\0b' }, { text: '\ufeffx' }] })),
  );
  expect(tokenizer.idsToText([1, 2])).toBe('a\0b\ufeffx');
});

describe('hostile models are refused as corrupt', () => {
  const cases: Record<string, Uint8Array> = {
    'no pieces': write({ pieces: [] }),
    'no unknown piece': write({ pieces: [{ text: 'a' }] }),
    'two unknown pieces': write({
      pieces: [
        { text: '<unk>', type: 2 },
        { text: '<u>', type: 2 },
      ],
    }),
    'an empty piece': write({ pieces: [{ text: '<unk>', type: 2 }, { text: '' }] }),
    'a piece of 100 kB': write({ pieces: [{ text: '<unk>', type: 2 }, { text: 'x'.repeat(100_000) }] }),
    'more text than any vocabulary': write({
      pieces: Array.from({ length: 2200 }, (_, id) => ({ text: `${id}`.padEnd(4000, 'x') })),
    }),
    'a piece twice': write({ pieces: [{ text: '<unk>', type: 2 }, { text: 'a' }, { text: 'a' }] }),
    'an unknown type': write({ pieces: [{ text: '<unk>', type: 9 }] }),
    'a byte piece out of range': write({
      pieces: [
        { text: '<unk>', type: 2 },
        { text: '<0x-1>', type: 6 },
      ],
      byteFallback: true,
    }),
    'too few byte pieces': write({
      pieces: [
        { text: '<unk>', type: 2 },
        { text: '<0x41>', type: 6 },
      ],
      byteFallback: true,
    }),
    'a length of 2^63': Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
    'a varint of 11 bytes': Uint8Array.of(0x0a, ...new Array(11).fill(0xff)),
    'a group': Uint8Array.of(0x0b, 0x0c),
    'field number 0': Uint8Array.of(0x00, 0x00),
    'an empty file': new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(cases))
    test(name, () => expect(() => readSentencePiece(bytes)).toThrow(corrupt));
});

test('a rewriting table that claims more bytes than it has is refused when it is first used', () => {
  const tokenizer = createSentencePieceTokenizer(
    readSentencePiece(write({ charsmap: Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0) })),
  );
  expect(() => tokenizer.textToIds('a')).toThrow(corrupt);
});

test('what a match is rewritten to has a limit', () => {
  const rewriting = (length: number) => {
    const units = new Uint32Array(98);
    units[0x61] = 0x61 | 0x100 | (1 << 10); // "a" ends here, and units[0x60] says at which byte its replacement begins
    const charsmap = Uint8Array.from([
      ...new Uint8Array(Uint32Array.of(units.byteLength).buffer),
      ...new Uint8Array(units.buffer),
      ...new TextEncoder().encode('b'.repeat(length)),
    ]);
    return createSentencePieceTokenizer(
      readSentencePiece(write({ pieces: [{ text: '<unk>', type: 2 }, { text: 'bb' }, { text: '▁b' }], charsmap })),
    );
  };
  expect(rewriting(3).textToIds('a')).toEqual([2, 1]);
  expect(() => rewriting(1025).textToIds('a')).toThrow(corrupt);
});

test('wild offsets in a rewriting table end the match', () => {
  const charsmap = Uint8Array.from([...new Uint8Array(Uint32Array.of(8, 0xfffffe00, 0xffffffff).buffer), 0x61, 0]);
  const tokenizer = createSentencePieceTokenizer(readSentencePiece(write({ charsmap })));
  expect(tokenizer.textToIds('abc')).toEqual([0]);
});

test('a model cut off anywhere is refused or stays a whole smaller model', () => {
  for (let length = 0; length < model.length; length++) {
    try {
      expect(readSentencePiece(model.subarray(0, length)).unknownId).toBe(0);
    } catch (error) {
      expect(error).toEqual(corrupt);
    }
  }
});

test('a damaged model never throws anything but checkpoint-corrupt, nor hangs', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(model, withTable),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme' }),
      (source, edits, text) => {
        const bytes = source.slice();
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          const tokenizer = createSentencePieceTokenizer(readSentencePiece(bytes));
          tokenizer.idsToText(tokenizer.textToIds(text));
        } catch (error) {
          expect(error).toEqual(corrupt);
        }
      },
    ),
    { numRuns: 150 },
  );
});
