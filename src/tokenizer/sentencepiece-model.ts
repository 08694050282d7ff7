/**
 * Reads a SentencePiece model, the protobuf `ModelProto` of google/sentencepiece (`tokenizer.model` in a `.nemo`).
 *
 * The file is foreign: every count and every length is held against a limit.
 */
import { PbfReader } from 'pbf';
import { AsrError, messageOf } from '../base/errors.ts';
import { corrupt, decodeUtf8, lengthEnd, readBytes, readFloat, readInt, readMessage } from './sentencepiece-fields.ts';

/** Largest real vocabulary is 262 k. */
const MAX_PIECES = 1_000_000;
/** Real pieces stay below 100 bytes. */
const MAX_PIECE_BYTES = 4096;
/** All pieces together; a real vocabulary of 262 k has 2 MB. */
const MAX_TEXT_CHARACTERS = 8 << 20;
/** The largest rule set, nmt_nfkc_cf, takes 0.3 MB. */
const MAX_CHARSMAP_BYTES = 8 << 20;

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

type Draft = {
  pieces: string[];
  scores: number[];
  types: PieceType[];
  /** Characters of all pieces. */
  numCharacters: number;
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
    numCharacters: 0,
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
    else if (field === 2) score = readFloat(pbf);
    else if (field === 3) type = readInt(pbf);
  });
  const known = PIECE_TYPES[type];
  if (!known) throw corrupt(`piece ${draft.pieces.length} has the unknown type ${type}`);
  draft.numCharacters += piece.length;
  if (draft.numCharacters > MAX_TEXT_CHARACTERS)
    throw corrupt(`its pieces have more than ${MAX_TEXT_CHARACTERS} characters`);
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
  const { modelType: _, numCharacters: __, scores, ...rest } = draft;
  return { ...rest, type, unknownId, scores: Float32Array.from(scores) };
}
