/**
 * How dictated text meets the text around the caret: spaces, first letter, final stop. Pure; the rules hold for every script.
 *
 * Case is changed for English function words only: which words may lose their capital depends on the language (German nouns must not).
 */
const WORD = /[\p{L}\p{N}]/u;
const NO_SPACE_SCRIPTS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const OPENING = /[([{«„“‘¿¡]$/u;
const CLOSING = /^[,.;:!?)\]}»”’…%]/u;
const SENTENCE_END = /(?:^|[.!?…]["'”’)\]]*)\s*$/u;

/** English words that are lower-case wherever they do not start a sentence. */
const LOWER_WORDS = new Set(
  (
    'a an and are as at be because but by can do does for from had has have he her his how if in into is it its just like me my no not of on or our out ' +
    'she so some than that the their them then there these they this to up was we were what when where which who will with would you your'
  ).split(' '),
);

/** The text to insert between `before` and `after`, so that it reads as if typed there. */
export function joinAtCaret(before: string, text: string, after: string): string {
  let joined = text.trim();
  if (joined === '') return '';
  if (!SENTENCE_END.test(before)) joined = lowerFunctionWord(joined);
  if (/^\s*[\p{L}\p{N}.,;:!?]/u.test(after) && /[^.]\.$/.test(joined)) joined = joined.slice(0, -1);
  const head = needsSpace(before, joined) ? ' ' : '';
  const tail = needsSpace(joined, after) ? ' ' : '';
  return head + joined + tail;
}

function lowerFunctionWord(text: string): string {
  const [first = ''] = /^\p{L}+/u.exec(text) ?? [];
  return LOWER_WORDS.has(first.toLowerCase()) ? first.toLowerCase() + text.slice(first.length) : text;
}

function needsSpace(left: string, right: string): boolean {
  const [last, next] = [left.at(-1) ?? '', right.at(0) ?? ''];
  if (last === '' || next === '' || /\s/.test(last) || /\s/.test(next)) return false;
  if (OPENING.test(left) || CLOSING.test(right)) return false;
  if (NO_SPACE_SCRIPTS.test(last) || NO_SPACE_SCRIPTS.test(next)) return false;
  return WORD.test(next) || WORD.test(last) || OPENING.test(next);
}
