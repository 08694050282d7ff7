/**
 * SRT and WebVTT files of a hypothesis.
 *
 * Text comes from a model and may hold anything: `-->` would start a new cue in both formats and is altered (SRT) or escaped (VTT).
 * SRT is UTF-8 with LF and without a byte order mark unless asked otherwise, because many readers choke on one.
 */
import type { Hypothesis } from '../base/hypothesis.ts';
import { type CaptionWord, lineText } from './caption-words.ts';
import type { CaptionProfile } from './caption-profile.ts';
import { type Cue, toCues } from './captions.ts';

/** How `toSrt` writes. */
export type SrtOptions = {
  readonly captions?: Partial<CaptionProfile>;
  /** Byte order mark and CRLF. @default false */
  readonly forOldPlayers?: boolean;
};

/** How `toVtt` writes. */
export type VttOptions = {
  readonly captions?: Partial<CaptionProfile>;
  /** A timestamp tag before every word but the first of a cue, for karaoke-like display. @default false */
  readonly wordTimes?: boolean;
  /** Put into a NOTE at the top, e.g. 'Made by Sotto; automatic, not reviewed'. */
  readonly note?: string;
};

/** SubRip text; '' without words. @throws TypeError when the hypothesis has no timestamps, or for limits that nothing fits */
export function toSrt(hypothesis: Hypothesis, { captions, forOldPlayers = false }: SrtOptions = {}): string {
  const blocks = toCues(hypothesis, captions).map(({ start, end, lines }, index) => {
    const text = lines.map((line) => lineText(line).replaceAll('-->', '→')).join('\n');
    return `${index + 1}\n${clock(start, ',')} --> ${clock(end, ',')}\n${text}\n`;
  });
  const text = blocks.join('\n');
  return forOldPlayers ? `\ufeff${text.replaceAll('\n', '\r\n')}` : text;
}

/** WebVTT text. @throws TypeError when the hypothesis has no timestamps, or for limits that nothing fits */
export function toVtt(hypothesis: Hypothesis, { captions, wordTimes = false, note }: VttOptions = {}): string {
  const blocks = toCues(hypothesis, captions).map((cue) => {
    const text = wordTimes ? timedText(cue) : cue.lines.map((line) => escapeVtt(lineText(line))).join('\n');
    return `${clock(cue.start, '.')} --> ${clock(cue.end, '.')}\n${text}\n`;
  });
  const noteBlock = note === undefined ? [] : [`NOTE ${note.replace(/\s+/g, ' ').replaceAll('-->', '→').trim()}\n`];
  return ['WEBVTT\n', ...noteBlock, ...blocks].join('\n');
}

/** A tag must lie strictly between the one before (or the cue's start) and the cue's end; one that does not is dropped. */
function timedText({ start, end, lines }: Cue): string {
  let previous = start;
  const timed = (word: CaptionWord): string => {
    const at = Math.round(1000 * word.start);
    if (at <= previous || at >= end) return escapeVtt(word.text);
    previous = at;
    return `<${clock(at, '.')}>${escapeVtt(word.text)}`;
  };
  const first = lines[0]![0]!;
  return lines
    .map((line) =>
      line
        .map((word, i) => (i > 0 && word.hasSpace ? ' ' : '') + (word === first ? escapeVtt(word.text) : timed(word)))
        .join(''),
    )
    .join('\n');
}

function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** HH:MM:SS and milliseconds; hours have at least two digits and may exceed 99. */
function clock(milliseconds: number, separator: ',' | '.'): string {
  const pad = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');
  const seconds = milliseconds / 1000;
  return `${pad(seconds / 3600, 2)}:${pad((seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${separator}${pad(milliseconds % 1000, 3)}`;
}
