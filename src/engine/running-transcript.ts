/**
 * Text and words of a decoding that goes on, at a cost that does not grow with it.
 *
 * Only a window of the latest tokens is turned into text anew. Its front is settled where a cut is seen to change nothing: the text and the
 * words behind the cut, computed alone, are the end of those computed with what is before. So no rule of a tokenizer is assumed.
 */
import type { Emission } from '../base/emission.ts';
import type { WordStamp } from '../base/hypothesis.ts';

/** Tokens that stay in the window: a later token may still change a word or two. */
const KEPT_TOKENS = 32;
/** Tokens beyond those before a cut is looked for. */
const SLACK_TOKENS = 64;

/** How tokens become text and words; each is given a run of tokens from the middle of a recording. */
export type TranscriptRules = {
  text(emissions: readonly Emission[]): string;
  words(emissions: readonly Emission[]): readonly WordStamp[];
};

export type Transcript = { readonly text: string; readonly words: readonly WordStamp[] };

export class RunningTranscript {
  readonly #rules: TranscriptRules;
  #settled: Transcript = { text: '', words: [] };
  #window: Emission[] = [];
  /** Window length at which the next cut is looked for; moved on where none was found. */
  #cutAt = KEPT_TOKENS + SLACK_TOKENS;

  constructor(rules: TranscriptRules) {
    this.#rules = rules;
  }

  append(emissions: readonly Emission[]): void {
    this.#window.push(...emissions);
  }

  /** Everything so far. Words that are settled are the same objects every time. */
  read(): Transcript {
    const current = this.#write(this.#window);
    const all = {
      text: this.#settled.text + current.text,
      words: [...this.#settled.words, ...current.words.slice(this.#settled.words.length > 0 ? 1 : 0)],
    };
    if (this.#window.length >= this.#cutAt) this.#settle(current, all);
    return all;
  }

  #settle(current: Transcript, all: Transcript): void {
    for (let cut = this.#window.length - KEPT_TOKENS; cut > 0; cut--) {
      const rest = this.#write(this.#window.slice(cut));
      if (!isEndOf(rest, current)) continue;
      this.#settled = {
        text: all.text.slice(0, all.text.length - rest.text.length),
        words: all.words.slice(0, all.words.length - rest.words.length + 1),
      };
      this.#window = this.#window.slice(cut);
      break;
    }
    this.#cutAt = this.#window.length + SLACK_TOKENS;
  }

  #write(emissions: readonly Emission[]): Transcript {
    return { text: this.#rules.text(emissions), words: this.#rules.words(emissions) };
  }
}

/** But for the start of its first word, which may lie in the token before (CTC). That word is settled, and so left out of what the window says. */
function isEndOf(rest: Transcript, whole: Transcript): boolean {
  const before = whole.words.length - rest.words.length;
  if (rest.words.length < 2 || before <= 0 || !whole.text.endsWith(rest.text)) return false;
  return rest.words.every((word, index) => {
    const other = whole.words[before + index];
    return (
      other?.word === word.word &&
      word.endOffset === other.endOffset &&
      (index === 0 || word.startOffset === other.startOffset)
    );
  });
}
