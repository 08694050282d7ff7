/** CTM (NIST): one word a line, `file channel start duration word [confidence]`, seconds with three decimals. */
import type { Hypothesis } from '../base/hypothesis.ts';
import { cleanText } from './caption-words.ts';
import { inTime } from './in-time.ts';
import { splitWords } from './whitespace.ts';

/** How `toCtm` names the recording and its channel. */
export type CtmOptions = {
  /** Name of the recording; its folder, extension and blanks are taken off. */
  readonly file: string;
  /** @default '1' */
  readonly channel?: string;
};

/** CTM lines of a hypothesis. @throws TypeError when it has no word timestamps */
export function toCtm({ text, timestamp, wordConfidence }: Hypothesis, { file, channel = '1' }: CtmOptions): string {
  if (!timestamp.word && text.trim() !== '')
    throw new TypeError('CTM needs timestamps: transcribe with { timestamps: true }.');
  const words = timestamp.word ?? [];
  const confidences = wordConfidence?.length === words.length ? wordConfidence : undefined;
  const name = oneField(file.replace(/^.*[/\\]/s, '').replace(/(?<=.)\.[^.]*$/, '')) || 'unnamed';
  return inTime(words)
    .map(({ word, start, end }, index) => ({
      word: oneField(word),
      start,
      duration: end - start,
      confidence: confidences?.[index],
    }))
    .filter(({ word }) => word !== '')
    .map(({ word, start, duration, confidence }) => {
      const fields = [name, oneField(channel), start.toFixed(3), duration.toFixed(3), word];
      return `${[...fields, ...(confidence === undefined ? [] : [confidence.toFixed(4)])].join(' ')}\n`;
    })
    .join('');
}

/** Blanks separate the fields, so inside one they become `_`. */
function oneField(text: string): string {
  return splitWords(cleanText(text)).join('_');
}
