/**
 * Text that only grows, in blocks to lay out: a block stays as it is once the next one has begun, so hours of text cost no more to go on with
 * than minutes.
 */

/** From here on a block ends with the next sentence. */
const FULL_CHARS = 900;
/** And here with the next word. */
const MAX_CHARS = 1500;
/** And here at any character: a script without spaces, or no text at all. */
const MOST_CHARS = 2000;
const ENDS = /[.!?…]["'”’)\]]*\s+|[。！？]["'”’)\]]*|\s+/gu;

/** Blocks in order; joined they are the text, and all but the last are the same for every longer text that begins with it. */
export function toBlocks(text: string): string[] {
  const blocks: string[] = [];
  let from = 0;
  for (let end = endOfBlock(text, from); end !== undefined; end = endOfBlock(text, from)) {
    blocks.push(text.slice(from, end));
    from = end;
  }
  return [...blocks, text.slice(from)];
}

/** Where the block that begins at `from` ends; undefined while it may still grow. */
function endOfBlock(text: string, from: number): number | undefined {
  ENDS.lastIndex = from + FULL_CHARS;
  for (let match = ENDS.exec(text); match; match = ENDS.exec(text)) {
    const end = match.index + match[0].length;
    // What stands at the end of the text may become longer.
    if (end >= text.length || end - from > MOST_CHARS) break;
    if (/\S/u.test(match[0]) || match.index - from >= MAX_CHARS) return end;
  }
  if (text.length - from <= 2 * MOST_CHARS) return undefined;
  const end = from + MOST_CHARS;
  return isLowSurrogate(text, end) ? end + 1 : end;
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff;
}
