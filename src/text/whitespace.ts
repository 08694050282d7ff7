/** Python's idea of whitespace (`str.split`, `re` `\s`), which is not JavaScript's: U+001C to U+001F and U+0085 count, U+FEFF does not. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const RUN = new RegExp(`[${SPACE}]+`, 'u');

/** Source of a regular expression for one such character. */
export const whitespaceClass = `[${SPACE}]`;

/** Python `text.split()`: words between runs of whitespace. */
export function splitWords(text: string): string[] {
  return text.split(RUN).filter((word) => word !== '');
}
