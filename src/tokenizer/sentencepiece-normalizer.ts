/**
 * SentencePiece's normaliser: text to the form its pieces are made of (NFKC-like rewriting, spaces as ▁, one ▁ in front).
 *
 * The rewriting table is no Unicode normalisation form one could ask the platform for: it is compiled into the model, and matches the
 * longest known sequence at each position. Follows `Normalizer` and the trie format of s-yata/darts-clone.
 */
import { characterEnd, type PrefixTree } from './prefix-tree.ts';
import { corrupt } from './sentencepiece-fields.ts';
import type { SentencePieceRules } from './sentencepiece-model.ts';

export const SPACE_SYMBOL = '▁';
/** What one match is rewritten to; Unicode's longest, of U+FDFA, has 33 bytes. */
const MAX_REPLACEMENT_BYTES = 1024;

export type NormalizerOptions = {
  /** Symbols that are never rewritten: the user-defined pieces. */
  readonly keep?: PrefixTree;
  /** The ▁ goes behind the text instead of in front. @default false */
  readonly treatWhitespaceAsSuffix?: boolean;
};

/** Makes the function that normalises text. @throws AsrError `checkpoint-corrupt` for a table that cannot be one */
export function createNormalizer(rules: SentencePieceRules, options: NormalizerOptions = {}): (text: string) => string {
  const { keep, treatWhitespaceAsSuffix = false } = options;
  const { addDummyPrefix, removeExtraWhitespaces } = rules;
  const space = rules.escapeWhitespaces ? SPACE_SYMBOL : ' ';
  const rewrite = rules.charsmap.length === 0 ? undefined : createRewriter(rules.charsmap);

  return (input) => {
    const bytes = new TextEncoder().encode(input);
    const text = utf8.decode(bytes); // the same text, lone surrogates replaced
    let output = addDummyPrefix && !treatWhitespaceAsSuffix ? space : '';
    let isPreviousSpace = removeExtraWhitespaces;
    let isBlank = true;

    for (let position = 0, byte = 0; position < text.length; ) {
      let end = keep?.longestMatch(text, position) ?? position;
      const found = end > position ? undefined : rewrite?.(bytes, byte);
      if (end === position) end = found ? endAfterBytes(text, position, found.numBytes) : characterEnd(text, position);
      let replaced = found ? found.text : text.slice(position, end);
      byte += utf8Length(text, position, end);
      position = end;

      isBlank &&= replaced === ' ';
      if (isPreviousSpace) replaced = replaced.replace(/^ +/, '');
      if (replaced === '') continue;
      output += replaced.replaceAll(' ', space);
      isPreviousSpace = removeExtraWhitespaces && replaced.endsWith(' ');
    }

    if (text === '' || (removeExtraWhitespaces && isBlank)) return '';
    if (removeExtraWhitespaces) while (output.endsWith(space)) output = output.slice(0, -space.length);
    return addDummyPrefix && treatWhitespaceAsSuffix ? output + space : output;
  };
}

type Rewriter = (bytes: Uint8Array, start: number) => { readonly numBytes: number; readonly text: string } | undefined;

/** Longest match in the double array: a unit holds a label in 8 bits, "has a leaf" in bit 8, and the offset of its children above. */
function createRewriter(charsmap: Uint8Array): Rewriter {
  const view = new DataView(charsmap.buffer, charsmap.byteOffset, charsmap.byteLength);
  const trieBytes = charsmap.length < 4 ? 0 : view.getUint32(0, true);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes > charsmap.length - 4) {
    throw corrupt(`its normaliser claims a table of ${trieBytes} bytes`);
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = charsmap.subarray(4 + trieBytes);
  const known = new Map<number, string>();

  const replacementAt = (offset: number): string => {
    let text = known.get(offset);
    if (text === undefined) {
      const end = replacements.indexOf(0, offset);
      const found = replacements.subarray(offset, end < 0 ? undefined : end);
      if (found.length > MAX_REPLACEMENT_BYTES)
        throw corrupt(
          `its normaliser rewrites a match to ${found.length} bytes, the limit is ${MAX_REPLACEMENT_BYTES}`,
        );
      text = utf8.decode(found);
      known.set(offset, text);
    }
    return text;
  };

  return (bytes, start) => {
    let longest = 0;
    let offset = 0;
    let node = childrenOf(units[0]!);
    for (let i = start; i < bytes.length; i++) {
      node = (node ^ bytes[i]!) >>> 0;
      const unit = units[node];
      // A wild offset leaves the table: no match, as if the branch ended here.
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== bytes[i]) break;
      node = (node ^ childrenOf(unit)) >>> 0;
      if ((unit & 0x100) === 0) continue;
      longest = i + 1 - start;
      offset = (units[node] ?? 0) & 0x7fffffff;
    }
    return longest === 0 ? undefined : { numBytes: longest, text: replacementAt(offset) };
  };
}

function childrenOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function utf8Length(text: string, start: number, end: number): number {
  let length = 0;
  for (let i = start; i < end; i = characterEnd(text, i)) {
    const code = text.codePointAt(i)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

function endAfterBytes(text: string, start: number, numBytes: number): number {
  let end = start;
  for (let left = numBytes; left > 0 && end < text.length; ) {
    const next = characterEnd(text, end);
    left -= utf8Length(text, end, next);
    end = next;
  }
  return end;
}
