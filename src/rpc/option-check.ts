/** Checks the options of public calls at the edge, so that a wrong one throws `TypeError` before anything is posted. */
import type { LoadOptions } from './protocol.ts';
import type { PageStreamOptions, PageTranscribeOptions } from './voice-detector.ts';

type Check = readonly [test: (value: unknown) => boolean, expected: string];

const isBoolean: Check = [(value) => typeof value === 'boolean', 'a boolean'];
const isText: Check = [(value) => typeof value === 'string', 'a string'];
const isFunction: Check = [(value) => typeof value === 'function', 'a function'];
const isSignal: Check = [(value) => value instanceof AbortSignal, 'an AbortSignal'];
const isPositive: Check = [
  (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  'a positive number',
];
const isCount: Check = [(value) => Number.isInteger(value) && (value as number) > 0, 'a positive integer'];

function isOneOf(...choices: readonly string[]): Check {
  return [(value) => choices.includes(value as string), choices.map((choice) => `'${choice}'`).join(' or ')];
}

const CALL: Record<string, Check> = { signal: isSignal, onProgress: isFunction };

const LOAD: Record<string, Check> = {
  ...CALL,
  device: isOneOf('auto', 'webgpu', 'wasm'),
  decoderDevice: isOneOf('auto', 'webgpu', 'wasm'),
  precision: isText, // the engine says which there are
  numThreads: isCount,
  assetBase: isText,
  cache: isBoolean,
  revision: isText,
  hubUrl: isText,
  accessToken: isText,
  onReport: isFunction,
};

const isVad: Check = [
  (value) => typeof value === 'object' && value !== null && 'checkpoint' in value,
  'an object with a checkpoint: { checkpoint, onset, offset, minDurationOn… }',
];

const TRANSCRIBE: Record<string, Check> = {
  ...CALL,
  batchSize: isCount,
  timestamps: isBoolean,
  returnAlignments: isBoolean,
  channelSelector: [
    (value) => value === 'average' || (Number.isInteger(value) && (value as number) >= 0),
    "a channel number or 'average'",
  ],
  long: isOneOf('auto', 'full', 'buffered', 'pauses'),
  partialHypothesis: [Array.isArray, 'a list with a hypothesis or null for every recording'],
  biasingRequests: [Array.isArray, 'a list with a request or null for every recording'],
  vad: isVad,
  buffered: [(value) => typeof value === 'object' && value !== null, 'an object'],
};

const STREAM: Record<string, Check> = {
  ...CALL,
  attContextSize: [
    (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isInteger),
    'two integers',
  ],
  chunkSeconds: isPositive,
  vad: isVad,
  biasingRequest: [(value) => typeof value === 'object' && value !== null, 'an object'],
  sampleRate: isPositive,
};

/** Options of `restoreFrom` and `fromPretrained`. */
export function checkLoadOptions(options: LoadOptions): void {
  check(options, LOAD);
}

/** Options of `transcribe`. Unknown ones pass: prompt slots of a checkpoint are options too, and only the engine knows them. */
export function checkTranscribeOptions(options: PageTranscribeOptions): void {
  check(options, TRANSCRIBE);
}

/** Options of `stream`. */
export function checkStreamOptions(options: PageStreamOptions): void {
  check(options, STREAM);
}

function check(options: object, checks: Record<string, Check>): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  for (const [name, value] of Object.entries(options)) {
    const rule = checks[name];
    if (value === undefined || !rule) continue;
    const [test, expected] = rule;
    if (!test(value)) throw new TypeError(`options.${name} must be ${expected}`);
  }
}
