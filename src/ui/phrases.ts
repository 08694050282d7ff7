/**
 * Cuts the growing text of a stream into phrases to insert and utterances to announce: a pure reducer over updates.
 *
 * Two words, two meanings: a *phrase* is settled text that will not change (insert it now), an *utterance* ends when the speaker has paused
 * (act on it). Time is the stream's own, so a slow device does not end utterances early. A word still growing is never cut.
 */
import type { WordStamp } from '../base/hypothesis.ts';
import type { StreamUpdate } from '../rpc/protocol.ts';

/** Settled text to insert. */
export type Phrase = {
  readonly id: number;
  readonly text: string;
  readonly words: readonly WordStamp[];
  readonly start: number;
  readonly end: number;
};
/** Everything said between two pauses. */
export type Utterance = { readonly text: string; readonly start: number; readonly end: number };

/** Seconds of silence behind a phrase, unless the page says otherwise. */
export const PHRASE_PAUSE = 0.6;

/** Pauses in seconds of audio. */
export type PhraseOptions = {
  /** A settled phrase is handed out after this pause. @default 0.6 */
  readonly phrasePause?: number;
  /** An utterance ends after this pause. @default 1.5 */
  readonly utterancePause?: number;
};

/** What has been handed out; start with `NO_PHRASES`. */
export type PhraseState = {
  readonly numPhrases: number;
  readonly givenChars: number;
  readonly givenWords: number;
  readonly utteranceFrom: number;
  readonly utteranceStart: number | undefined;
  readonly lastText: string;
  readonly lastChange: number;
};

/** The state before the first update. */
export const NO_PHRASES: PhraseState = {
  numPhrases: 0,
  givenChars: 0,
  givenWords: 0,
  utteranceFrom: 0,
  utteranceStart: undefined,
  lastText: '',
  lastChange: 0,
};

const SENTENCE_END = /[.!?…]["'”’)\]]*\s/g;

/** The next state, with the phrase that became ready and the utterance that ended, if any. */
export function nextPhrase(
  before: PhraseState,
  update: StreamUpdate,
  { phrasePause = PHRASE_PAUSE, utterancePause = 1.5 }: PhraseOptions = {},
): { readonly state: PhraseState; readonly phrase: Phrase | undefined; readonly utterance: Utterance | undefined } {
  const { committed, draft, words, time, isFinal } = update;
  const text = committed + draft;
  const lastChange = text === before.lastText ? before.lastChange : time;
  const pause = time - lastChange;

  const isSettled = isFinal || (draft.trim() === '' && pause >= phrasePause);
  const cut = isSettled ? committed.length : lastSentenceEnd(committed, before.givenChars);
  const phraseText = committed.slice(before.givenChars, cut).trim();
  const numWords = phraseText === '' ? 0 : phraseText.split(/\s+/).length;
  const phraseWords = words.slice(before.givenWords, before.givenWords + numWords);
  const start = phraseWords[0]?.start ?? before.lastChange;
  const end = phraseWords.at(-1)?.end ?? time;
  const phrase =
    numWords === 0 ? undefined : { id: before.numPhrases + 1, text: phraseText, words: phraseWords, start, end };

  const givenChars = Math.max(before.givenChars, cut);
  const utteranceStart = before.utteranceStart ?? phrase?.start;
  const said = committed.slice(before.utteranceFrom, givenChars).trim();
  const hasEnded = said !== '' && (isFinal || (draft.trim() === '' && pause >= utterancePause));
  const utterance = hasEnded
    ? { text: said, start: utteranceStart ?? lastChange, end: words.at(-1)?.end ?? lastChange }
    : undefined;

  const state = {
    numPhrases: before.numPhrases + (phrase ? 1 : 0),
    givenChars,
    givenWords: before.givenWords + numWords,
    utteranceFrom: utterance ? givenChars : before.utteranceFrom,
    utteranceStart: utterance ? undefined : utteranceStart,
    lastText: text,
    lastChange,
  };
  return { state, phrase, utterance };
}

/** Position after the last complete sentence of `text` beyond `from`; `from` when there is none. */
function lastSentenceEnd(text: string, from: number): number {
  let end = from;
  SENTENCE_END.lastIndex = from;
  for (let match = SENTENCE_END.exec(text); match; match = SENTENCE_END.exec(text)) end = match.index + match[0].length;
  return end;
}
