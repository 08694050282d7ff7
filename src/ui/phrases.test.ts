import { describe, expect, it } from 'vitest';
import type { StreamUpdate } from '../rpc/protocol.ts';
import { NO_PHRASES, nextPhrase } from './phrases.ts';

function run(updates: readonly (readonly [committed: string, draft: string, time: number, isFinal?: boolean])[]): {
  phrases: string[];
  utterances: string[];
} {
  let state = NO_PHRASES;
  const [phrases, utterances]: [string[], string[]] = [[], []];
  for (const [committed, draft, time, isFinal = false] of updates) {
    const words = (committed + draft)
      .split(/\s+/)
      .filter(Boolean)
      .map((word, i) => ({ word, startOffset: i, endOffset: i + 1, start: i, end: i + 1 }));
    const update: StreamUpdate = { committed, draft, words, time, isFinal };
    const next = nextPhrase(state, update);
    state = next.state;
    if (next.phrase) phrases.push(next.phrase.text);
    if (next.utterance) utterances.push(next.utterance.text);
  }
  return { phrases, utterances };
}

describe('nextPhrase', () => {
  it('hands out settled text after a pause, and ends the utterance after a longer one', () => {
    expect(
      run([
        ['', 'hel', 0.5],
        ['hello', ' wor', 1],
        ['hello world', '', 1.5],
        ['hello world', '', 2.2],
        ['hello world', '', 3.1],
      ]),
    ).toEqual({
      phrases: ['hello world'],
      utterances: ['hello world'],
    });
  });

  it('never cuts a word that is still growing', () => {
    expect(
      run([
        ['hel', '', 0.5],
        ['hello', '', 0.7],
        ['hello', '', 1.4],
      ]).phrases,
    ).toEqual(['hello']);
  });

  it('hands out a sentence as soon as the next one begins', () => {
    expect(run([['It works. And', ' then', 1]]).phrases).toEqual(['It works.']);
  });

  it('gives every word once, whatever the cuts', () => {
    const { phrases } = run([
      ['a b', '', 1],
      ['a b', '', 2],
      ['a b c. d', ' e', 3],
      ['a b c. d e', '', 4],
      ['a b c. d e', '', 4, true],
    ]);
    expect(phrases.join(' ')).toBe('a b c. d e');
  });

  it('ends the utterance once on stop, and never without words', () => {
    expect(
      run([
        ['', '', 5],
        ['', '', 9, true],
      ]),
    ).toEqual({ phrases: [], utterances: [] });
    expect(
      run([
        ['yes', '', 1, true],
        ['yes', '', 1, true],
      ]).utterances,
    ).toEqual(['yes']);
  });
});
