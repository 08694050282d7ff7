/** The report of an evaluation: rates of the whole and of every recording, as `sotto wer --json` prints and the page saves them. */
import { atOnce } from './edit-distance.ts';
import { type ErrorRateDetail, errorRateInSteps, sumErrorRates } from './word-error-rate.ts';

/** One recording, with what was heard in it. */
export type RatedFile = {
  /** As the manifest names it. */
  readonly audio: string;
  /** Seconds. */
  readonly duration: number;
  readonly reference: string;
  readonly text: string;
  readonly words: ErrorRateDetail;
  readonly characters: ErrorRateDetail;
};

/** A recording that is not compared yet. */
export type HeardFile = Omit<RatedFile, 'words' | 'characters'>;

/** Compares what was heard with what was said. */
export function rateFile(file: HeardFile): RatedFile {
  return atOnce(rateInSteps(file));
}

/** As `rateFile`, with a pause every few milliseconds: the characters of an hour take seconds. */
export function* rateInSteps(file: HeardFile): Generator<void, RatedFile> {
  const [texts, references] = [[file.text], [file.reference]];
  return {
    ...file,
    words: yield* errorRateInSteps(texts, references),
    characters: yield* errorRateInSteps(texts, references, { useCer: true }),
  };
}

/**
 * Rates of all errors over all words, as NeMo's, not averages of recordings.
 *
 * @param seconds `total` is the time of transcribing alone, which RTFx is made of
 * @param about what else is to be told: manifest, device…
 */
export function errorRateReport<About extends object>(
  files: readonly RatedFile[],
  seconds: { readonly load: number; readonly total: number },
  about: About,
) {
  const words = sumErrorRates(files.map((file) => file.words));
  const characters = sumErrorRates(files.map((file) => file.characters));
  const duration = files.reduce((sum, file) => sum + file.duration, 0);
  return {
    ...about,
    files: files.length,
    duration,
    wer: words.wer,
    cer: characters.wer,
    words: counts(words),
    characters: counts(characters),
    seconds,
    rtfx: duration / seconds.total,
    results: files.map(({ audio, duration, reference, text, words: { wer } }) => ({
      audio,
      duration,
      reference,
      text,
      wer,
    })),
  };
}

/** Errors, and the words or characters they are counted against. */
export type ErrorCounts = ReturnType<typeof counts>;

function counts({ words, substitutions, insertions, deletions }: ErrorRateDetail) {
  return { reference: words, substitutions, insertions, deletions };
}
