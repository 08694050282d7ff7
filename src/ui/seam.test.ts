import { expect, it } from 'vitest';
import { joinAtCaret } from './seam.ts';

const CASES: readonly (readonly [name: string, before: string, text: string, after: string, expected: string])[] = [
  ['puts a space between words', 'I said', 'hello', '', ' hello'],
  ['adds no second space', 'I said ', 'hello', ' again', 'hello'],
  ['adds none before punctuation', 'I said', ', hello', '', ', hello'],
  ['adds none after an opening bracket', 'see (', 'the figure', ')', 'the figure'],
  ['adds none in scripts without spaces', '你好', '世界', '', '世界'],
  ['adds none at the start', '', 'Hello there.', '', 'Hello there.'],
  ['spaces the next sentence', 'One.', 'Two.', '', ' Two.'],
  ['lowers a function word in mid-sentence', 'I think', 'The answer', '', ' the answer'],
  ['keeps a capital after a sentence', 'I think. ', 'The answer', '', 'The answer'],
  ['keeps names and nouns', 'I met', 'Berlin', '', ' Berlin'],
  ['keeps I', 'because', 'I know', '', ' I know'],
  ['drops the final stop before more text', 'say', 'hello.', ' and go', ' hello'],
  ['never doubles a stop', 'say', 'hello.', '.', ' hello'],
  ['keeps an ellipsis', 'say', 'well...', ' and', ' well...'],
  ['spaces towards the text after', '', 'hello', 'world', 'hello '],
];

it.each(CASES)('%s', (_name, before, text, after, expected) => {
  expect(joinAtCaret(before, text, after)).toBe(expected);
});
