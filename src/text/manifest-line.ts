/** A line of a NeMo manifest with its transcript, as `transcribe_speech.py` writes it: NeMo's evaluation tools read `pred_text` beside `text`. */
import type { Hypothesis, TimeSpan } from '../base/hypothesis.ts';

/** What is known of the recording. */
export type ManifestLineOptions = {
  readonly audioFilepath: string;
  /** Seconds of audio. */
  readonly duration?: number;
  /** Reference text. */
  readonly text?: string;
};

/** One line of JSON with its line feed; timestamps, word confidences and languages are there when the hypothesis has them. */
export function toManifestLine(hypothesis: Hypothesis, { audioFilepath, duration, text }: ManifestLineOptions): string {
  const { timestamp, wordConfidence, langs } = hypothesis;
  const line = {
    audio_filepath: audioFilepath,
    ...(duration === undefined ? {} : { duration }),
    ...(text === undefined ? {} : { text }),
    pred_text: hypothesis.text,
    ...(timestamp.char ? { char: timestamp.char.map(spelled) } : {}),
    ...(timestamp.word ? { word: timestamp.word.map(spelled) } : {}),
    ...(timestamp.segment ? { segment: timestamp.segment.map(spelled) } : {}),
    ...(wordConfidence ? { word_confidence: wordConfidence } : {}),
    ...(langs === undefined ? {} : { pred_lang: langs }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** NeMo's names. */
function spelled<Stamp extends TimeSpan>({ startOffset, endOffset, start, end, ...what }: Stamp): object {
  return { ...what, start_offset: startOffset, end_offset: endOffset, start, end };
}
