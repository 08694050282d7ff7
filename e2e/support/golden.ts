/**
 * One case of `e2e/fixtures/families`: a tiny `.nemo`, and what NeMo computes from it. Node only.
 *
 * Names and shapes are explained in `e2e/fixtures/README.md`. Input i is the i-th clip of the case. Stages count from the padded
 * array, so cut to `featuresLength` or `encodedLength` before comparing: what lies behind is NeMo's padding.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type NpyArray, readNpz } from './npz.ts';

/** Absolute tolerances against NeMo in float32, as measured (features have unit variance, encoder outputs reach 4 to 10). */
export const TOLERANCE = { features: 3e-4, encoded: 2e-4, logits: 1e-3, score: 1e-3, confidence: 1e-3 } as const;

export type GoldenStamp = {
  readonly start_offset: number;
  readonly end_offset: number;
  readonly start?: number;
  readonly end?: number;
};

/** NeMo's Hypothesis in its own spelling. `y_sequence` is absent for CTC through transcribe(): NeMo puts the log-probs there. */
export type GoldenHypothesis = {
  readonly text: string;
  readonly score: number;
  readonly y_sequence?: readonly number[];
  readonly timestamp?:
    | readonly number[]
    | {
        readonly timestep: readonly number[];
        readonly char: readonly (GoldenStamp & { readonly char: string | readonly string[] })[];
        readonly word: readonly (GoldenStamp & { readonly word: string })[];
        readonly segment: readonly (GoldenStamp & { readonly segment: string })[];
      };
  readonly token_confidence?: readonly number[];
  readonly word_confidence?: readonly number[];
  readonly frame_confidence?: readonly unknown[];
};

/** An answer of transcribe(): one call an input, and all inputs in one batch. */
export type GoldenTranscripts = {
  readonly single: readonly GoldenHypothesis[];
  readonly batch: readonly GoldenHypothesis[];
};

type SingleStage = {
  readonly features_shape: readonly number[];
  readonly features_length: number;
  readonly features_file?: string;
  readonly encoded_shape: readonly number[];
  readonly encoded_length: number;
  /** [frame, token, duration] of every greedy step of a transducer. */
  readonly decisions?: readonly (readonly [number, number, number])[];
};

type ExpectedJson = {
  readonly [key: string]: unknown;
  readonly case: string;
  readonly class?: string;
  readonly inputs?: readonly {
    readonly name: string;
    readonly file?: string;
    readonly text?: string;
    readonly written?: string;
  }[];
  readonly stages?: {
    readonly single: readonly SingleStage[];
    readonly batch: { readonly features_length: readonly number[]; readonly encoded_length: readonly number[] };
  };
  readonly smallest_margin?: number | null;
};

export type Golden = {
  readonly name: string;
  /** Everything of expected.json, for the keys without an accessor here. */
  readonly json: ExpectedJson;
  readonly inputs: readonly GoldenInput[];
  /** The bytes of an archive, `model.nemo` unless named. */
  archive(file?: string): Blob;
  /** A recorded array as float32, whatever its name; throws when there is none. */
  array(name: string): NpyArray<Float32Array>;
  hasArray(name: string): boolean;
  /** The answer under a key such as `'greedy'`, `'timestamps'`, `'ctc.greedy'`; throws where NeMo refused. */
  transcripts(key: string): GoldenTranscripts;
  /** Padded features of all inputs as one batch do not exist: features of input i alone, [mels, columns]. */
  features(input: number): NpyArray<Float32Array>;
  /** Encoder output of input i alone, [width, frames]. */
  encoded(input: number): NpyArray<Float32Array>;
  /** Output of the CTC head, [frames, vocabulary + 1]. */
  logProbs(input: number): NpyArray<Float32Array>;
  featuresLength(input: number): number;
  encodedLength(input: number): number;
};

export type GoldenInput = {
  readonly name: string;
  readonly text: string;
  readonly written: string;
  /** Mono, 16 kHz, in [-1, 1]. */
  readonly samples: Float32Array;
  /** The WAV file's bytes. */
  readonly file: Blob;
};

const OWN = new URL('../fixtures/', import.meta.url);
/** `npm run verify -- DIR` names another set here, with `families/` and `audio/`; a case that it lacks is taken from the repository's. */
const OTHER = process.env['SOTTO_FIXTURES'];

/** Cases `prefix`-0, `prefix`-1, … of another set: what is drawn by chance is not in the repository's. */
export function oddCases(prefix: string): string[] {
  const families = OTHER ? new URL('families/', pathToFileURL(`${OTHER}/`)) : undefined;
  return families && existsSync(families)
    ? readdirSync(families).filter(
        (name) => name.startsWith(`${prefix}-`) && existsSync(new URL(`${name}/expected.json`, families)),
      )
    : [];
}

/** The folder of a case, with a slash at its end. */
export function goldenFolder(name: string): URL {
  const other = OTHER && new URL(`families/${name}/`, pathToFileURL(`${OTHER}/`));
  return other && existsSync(other) ? other : new URL(`families/${name}/`, OWN);
}

/** A file beside the families. */
export function goldenFile(name: string): URL {
  return new URL(name, OTHER ? pathToFileURL(`${OTHER}/`) : OWN);
}

/** The names of all cases. */
export function listGoldens(): string[] {
  const index: { cases: Record<string, unknown> } = JSON.parse(
    readFileSync(new URL('families/index.json', OWN), 'utf8'),
  );
  return Object.keys(index.cases);
}

/** Opens a case by its folder's name. */
export function openGolden(name: string): Golden {
  const folder = goldenFolder(name);
  const json: ExpectedJson = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8'));
  const arraysFile = new URL('expected.npz', folder);
  const arrays = existsSync(arraysFile) ? readNpz(arraysFile) : new Map<string, NpyArray>();

  const array = (key: string) => asFloats(arrays.get(key), `${name}: ${key}`);
  const stage = (input: number) => known(json.stages?.single[input], `${name}: stage of input ${input}`);
  return {
    name,
    json,
    inputs: (json.inputs ?? [])
      .filter((entry) => entry.file !== undefined)
      .map((entry) => openClip(new URL(entry.file as string, folder), entry)),
    archive: (file = 'model.nemo') => new Blob([readFileSync(new URL(file, folder))]),
    array,
    hasArray: (key) => arrays.has(key),
    transcripts: (key) => transcriptsOf(json[key], `${name}: ${key}`),
    features: (input) => {
      const file = known(stage(input).features_file, `${name}: features of input ${input}`);
      return asFloats(readNpz(new URL(file, folder)).get('features'), file);
    },
    encoded: (input) => array(`single.${input}.encoded`),
    logProbs: (input) =>
      array(arrays.has(`single.${input}.log_probs`) ? `single.${input}.log_probs` : `single.${input}.ctc_log_probs`),
    featuresLength: (input) => stage(input).features_length,
    encodedLength: (input) => stage(input).encoded_length,
  };
}

/** A clip of the set's `audio` by name. */
export function openInput(name: string): GoldenInput {
  const other = OTHER && new URL(`audio/${name}.wav`, pathToFileURL(`${OTHER}/`));
  return openClip(other && existsSync(other) ? other : new URL(`audio/${name}.wav`, OWN), { name });
}

type Clip = { readonly name: string; readonly text?: string; readonly written?: string };

function openClip(path: URL, { name, text = '', written = '' }: Clip): GoldenInput {
  const bytes = readFileSync(path);
  return {
    name,
    text,
    written,
    samples: wavSamples(bytes),
    file: new Blob([bytes], { type: 'audio/wav' }),
  };
}

/** The largest absolute difference of the first `length` columns of two [rows, columns] arrays; NaN counts as infinite. */
export function maxDifference(
  actual: NpyArray<Float32Array>,
  expected: NpyArray<Float32Array>,
  length: number,
): number {
  const [rows = 0, columns = 0] = expected.shape;
  const [actualRows, actualColumns = 0] = actual.shape;
  if (actualRows !== rows || actualColumns < length || columns < length)
    throw new Error(`shapes [${actual.shape}] and [${expected.shape}], ${length} columns wanted`);
  let worst = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < length; column += 1) {
      const difference = Math.abs(actual.data[row * actualColumns + column]! - expected.data[row * columns + column]!);
      if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    }
  }
  return worst;
}

/** Samples of a 16-bit mono WAV file, read here without the product's own reader so that both can be compared. */
export function wavSamples(bytes: Buffer): Float32Array {
  let at = 12;
  while (bytes.toString('latin1', at, at + 4) !== 'data') at += 8 + bytes.readUInt32LE(at + 4);
  const count = bytes.readUInt32LE(at + 4) / 2;
  return Float32Array.from({ length: count }, (_, i) => bytes.readInt16LE(at + 8 + 2 * i) / 32768);
}

function asFloats(array: NpyArray | undefined, what: string): NpyArray<Float32Array> {
  const { shape, data } = known(array, what);
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data, Number) };
}

function transcriptsOf(value: unknown, what: string): GoldenTranscripts {
  if (typeof value !== 'object' || value === null || !('single' in value))
    throw new Error(`${what}: NeMo gave ${JSON.stringify(value)}`);
  return value as GoldenTranscripts;
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no such golden: ${what}`);
  return value;
}
