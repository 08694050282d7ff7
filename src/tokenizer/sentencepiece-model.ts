/**
 * Reads a SentencePiece model, the protobuf `ModelProto` of google/sentencepiece (`tokenizer.model` in a `.nemo`).
 *
 * The file is foreign: every length is checked against the bytes left and every count against a limit, because `pbf` itself reads
 * past the end without a word. Pieces are bytes that may hold NUL or a byte order mark, so no string helper of `pbf` is used.
 */
import { PbfReader } from 'pbf';

import { AsrError, messageOf } from '../base/errors.ts';

/** Largest real vocabulary is 262 k. */
const MAX_PIECES = 1_000_000;
/** Real pieces stay below 100 bytes. */
const MAX_PIECE_BYTES = 4096;
/** The largest rule set, nmt_nfkc_cf, takes 0.3 MB. */
const MAX_CHARSMAP_BYTES = 8 << 20;
const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;

export type PieceType = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

const PIECE_TYPES: readonly (PieceType | undefined)[] = [
  undefined,
  'normal',
  'unknown',
  'control',
  'user-defined',
  'unused',
  'byte',
];
const MODEL_TYPES = [undefined, 'unigram', 'bpe', 'word', 'char'] as const;

export type SentencePieceRules = {
  /** Longest-match rewriting table, empty when text is taken as it is: u32 size, double-array trie, NUL-ended replacements. */
  readonly charsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
};

export type SentencePieceModel = {
  readonly type: 'unigram' | 'bpe' | 'word' | 'char';
  /** Pieces by id. */
  readonly pieces: readonly string[];
  /** Log-probability (unigram) or merge priority (bpe) by id, float32. */
  readonly scores: Float32Array;
  readonly types: readonly PieceType[];
  readonly unknownId: number;
  readonly normalizer: SentencePieceRules;
  /** Applied to decoded text; absent in almost every model. */
  readonly denormalizer: SentencePieceRules | undefined;
  readonly byteFallback: boolean;
  readonly treatWhitespaceAsSuffix: boolean;
  /** What an unknown token prints. */
  readonly unknownSurface: string;
};

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

type Draft = {
  pieces: string[];
  scores: number[];
  types: PieceType[];
  modelType: number;
  byteFallback: boolean;
  treatWhitespaceAsSuffix: boolean;
  unknownSurface: string;
  normalizer: SentencePieceRules;
  denormalizer: SentencePieceRules | undefined;
};

const DEFAULT_RULES: SentencePieceRules = {
  charsmap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};

/** Parses a SentencePiece model. @throws AsrError `checkpoint-corrupt` saying what is wrong and where */
export function readSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const draft: Draft = {
    pieces: [],
    scores: [],
    types: [],
    modelType: 1,
    byteFallback: false,
    treatWhitespaceAsSuffix: false,
    unknownSurface: ' \u2047 ',
    normalizer: DEFAULT_RULES,
    denormalizer: undefined,
  };
  const pbf = new PbfReader(bytes);
  try {
    readMessage(pbf, bytes.length, (tag) => readModelField(tag, draft, pbf));
  } catch (error) {
    if (error instanceof AsrError) throw error;
    throw corrupt(`${messageOf(error)} at byte ${pbf.pos}`, error);
  }
  return checkModel(draft);
}

function readModelField(tag: number, draft: Draft, pbf: PbfReader): void {
  if (tag === 1) {
    if (draft.pieces.length >= MAX_PIECES) throw corrupt(`more than ${MAX_PIECES} pieces`);
    readPiece(draft, pbf);
  } else if (tag === 2) {
    readMessage(pbf, lengthEnd(pbf), (field) => {
      if (field === 3) draft.modelType = readInt(pbf);
      else if (field === 24) draft.treatWhitespaceAsSuffix = readInt(pbf) !== 0;
      else if (field === 35) draft.byteFallback = readInt(pbf) !== 0;
      else if (field === 44) draft.unknownSurface = decodeUtf8(readBytes(pbf, MAX_PIECE_BYTES));
    });
  } else if (tag === 3) draft.normalizer = readRules(pbf);
  else if (tag === 5) draft.denormalizer = readRules(pbf);
}

function readPiece(draft: Draft, pbf: PbfReader): void {
  let piece = '';
  let score = 0;
  let type = 1;
  readMessage(pbf, lengthEnd(pbf), (field) => {
    if (field === 1) piece = decodeUtf8(readBytes(pbf, MAX_PIECE_BYTES));
    else if (field === 2) {
      wanted(pbf, FIXED32);
      score = pbf.readFloat();
    } else if (field === 3) type = readInt(pbf);
  });
  const known = PIECE_TYPES[type];
  if (!known) throw corrupt(`piece ${draft.pieces.length} has the unknown type ${type}`);
  draft.pieces.push(piece);
  draft.scores.push(score);
  draft.types.push(known);
}

function readRules(pbf: PbfReader): SentencePieceRules {
  const rules = { ...DEFAULT_RULES };
  readMessage(pbf, lengthEnd(pbf), (field) => {
    if (field === 2) rules.charsmap = readBytes(pbf, MAX_CHARSMAP_BYTES).slice();
    else if (field === 3) rules.addDummyPrefix = readInt(pbf) !== 0;
    else if (field === 4) rules.removeExtraWhitespaces = readInt(pbf) !== 0;
    else if (field === 5) rules.escapeWhitespaces = readInt(pbf) !== 0;
  });
  return rules;
}

/** The checks of SentencePiece's `ModelInterface::InitializePieces`. */
function checkModel(draft: Draft): SentencePieceModel {
  const { pieces, types } = draft;
  const type = MODEL_TYPES[draft.modelType];
  if (!type) throw corrupt(`model type ${draft.modelType} does not exist`);
  const seen = new Set<string>();
  const seenReserved = new Set<string>();
  let unknownId = -1;
  let numBytePieces = 0;
  for (const [id, piece] of pieces.entries()) {
    if (piece === '') throw corrupt(`piece ${id} is empty`);
    const isReserved = types[id] === 'control' || types[id] === 'unknown' || types[id] === 'byte';
    const group = isReserved ? seenReserved : seen;
    if (group.has(piece)) throw corrupt(`piece ${id} is there twice`);
    group.add(piece);
    if (types[id] === 'byte') {
      if (!/^<0x[0-9A-F]{2}>$/.test(piece)) throw corrupt(`piece ${id} is no byte piece`);
      numBytePieces += 1;
    }
    if (types[id] !== 'unknown') continue;
    if (unknownId >= 0) throw corrupt('two unknown pieces');
    unknownId = id;
  }
  if (unknownId < 0) throw corrupt('no unknown piece');
  if (draft.byteFallback && numBytePieces !== 256) throw corrupt(`${numBytePieces} byte pieces instead of 256`);
  if (!draft.byteFallback && numBytePieces > 0) throw corrupt('byte pieces without byte_fallback');
  const { modelType: _, scores, ...rest } = draft;
  return { ...rest, type, unknownId, scores: Float32Array.from(scores) };
}

/** Runs `readField` for each field up to `end`; a field it leaves unread is skipped by `pbf`. */
function readMessage(pbf: PbfReader, end: number, readField: (tag: number) => void): void {
  for (let tag = pbf.nextField(end); pbf.pos <= end; tag = pbf.nextField(end)) {
    if (tag === 0) {
      if (pbf.pos === end) return;
      throw corrupt(`field number 0 at byte ${pbf.pos}`);
    }
    readField(tag);
  }
  throw corrupt(`a field runs over its end at byte ${end}`);
}

function readBytes(pbf: PbfReader, limit: number): Uint8Array {
  const end = lengthEnd(pbf);
  if (end - pbf.pos > limit)
    throw corrupt(`a field of ${end - pbf.pos} bytes at byte ${pbf.pos}, the limit is ${limit}`);
  const bytes = pbf.buf.subarray(pbf.pos, end);
  pbf.pos = end;
  return bytes;
}

function lengthEnd(pbf: PbfReader): number {
  wanted(pbf, BYTES);
  const length = pbf.readVarint();
  const end = pbf.pos + length;
  if (!(length >= 0 && end <= pbf.length))
    throw corrupt(`a field of ${length} bytes at byte ${pbf.pos}, ${pbf.length - pbf.pos} are left`);
  return end;
}

function readInt(pbf: PbfReader): number {
  wanted(pbf, VARINT);
  return pbf.readVarint();
}

function wanted(pbf: PbfReader, wireType: number): void {
  if (pbf.type !== wireType) throw corrupt(`wire type ${pbf.type} instead of ${wireType} at byte ${pbf.pos}`);
}

function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function corrupt(what: string, cause?: unknown): AsrError {
  return new AsrError(
    'checkpoint-corrupt',
    `The SentencePiece model cannot be read: ${what}.`,
    cause === undefined ? undefined : { cause },
  );
}
