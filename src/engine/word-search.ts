/** What the CTC searches over words need besides their config: language models, lexicon, hotwords, read from the files it names. */
import { AsrError } from '../base/errors.ts';
import type { LexiconBeamOptions } from '../decoding/ctc-lexicon-beam.ts';
import { Hotwords } from '../decoding/hotwords.ts';
import { type LexiconNode, type Spelling, buildLexicon, parseLexicon } from '../decoding/lexicon.ts';
import { WordLm } from '../decoding/word-lm.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { CtcDecodingConfig } from './decoding-config.ts';
import { openFile } from './fusion-files.ts';

/** For strategy `pyctcdecode`. */
export type WordSearch = {
  readonly lm: WordLm | undefined;
  readonly hotwords: Hotwords | undefined;
  readonly pieces: readonly string[];
  readonly textToIds: (text: string) => number[];
};

/** For strategy `flashlight`. */
export type LexiconSearch = Pick<LexiconBeamOptions, 'pieces' | 'lexicon' | 'lm' | 'silence'>;

export async function loadWordSearch({ fusion, words }: CtcDecodingConfig, tokenizer: Tokenizer): Promise<WordSearch> {
  return {
    lm: fusion.lm ? await WordLm.load(await openFile(fusion.lm, 'ngram_lm_model')) : undefined,
    hotwords: words.hotwords.length > 0 ? new Hotwords(words.hotwords, words.hotwordWeight) : undefined,
    pieces: tokenizer.pieces,
    textToIds: (text) => tokenizer.textToIds(text),
  };
}

/** @throws AsrError `unsupported-option` for a lexicon of other pieces than the checkpoint's */
export async function loadLexiconSearch(
  { fusion, lexicon }: CtcDecodingConfig,
  tokenizer: Tokenizer,
): Promise<LexiconSearch> {
  const lm = await WordLm.load(await openFile(fusion.lm as NonNullable<typeof fusion.lm>, 'ngram_lm_model'));
  const silence = silenceOf(tokenizer);
  if (!lexicon.file) return { pieces: tokenizer.pieces, lexicon: undefined, lm, silence };
  const text = await (await openFile(lexicon.file, 'flashlight_cfg.lexicon_path')).text();
  const boosted = lexicon.boostFile && (await (await openFile(lexicon.boostFile, 'flashlight_cfg.boost_path')).text());
  return { pieces: tokenizer.pieces, lexicon: lexiconOf(text, boosted ?? '', { lm, tokenizer, silence }), lm, silence };
}

type LexiconParts = { readonly lm: WordLm; readonly tokenizer: Tokenizer; readonly silence: number };

/** A word weighs what the language model says of it at the start of a sentence, or its boost; boosted words need not be in the lexicon. */
function lexiconOf(text: string, boosts: string, { lm, tokenizer, silence }: LexiconParts): LexiconNode {
  const boostOf = new Map(boosts.split('\n').map((line) => line.trim().split('\t') as [string, string]));
  boostOf.delete('');
  const idOf = new Map(tokenizer.pieces.map((piece, id) => [piece, id]));
  const lines = parseLexicon(text);
  const spellings = lines.map(({ word, pieces }): Spelling => {
    const boost = boostOf.get(word);
    return {
      word,
      tokens: pieces.map((piece) => idOf.get(piece) ?? silence),
      score: boost === undefined ? lm.score(lm.start, word).score / Math.LN10 : Number(boost),
    };
  });
  const known = new Set(lines.map(({ word }) => word));
  for (const [word, boost] of boostOf)
    if (!known.has(word)) spellings.push({ word, tokens: tokenizer.textToIds(word), score: Number(boost) });
  // As in NeMo words that need the unknown token are left out.
  const spelled = spellings.filter(({ tokens }) => !tokens.includes(silence));
  if (spelled.length > 0) return buildLexicon(spelled);
  throw new AsrError(
    'unsupported-option',
    'flashlight_cfg.lexicon_path: none of its words is spelled with pieces of this checkpoint.',
  );
}

/** What NeMo takes for silence: the space of a character model, else the unknown token. */
function silenceOf({ kind, pieces }: Tokenizer): number {
  const names = kind === 'char' ? [' ', '<unk>'] : ['<unk>', '[UNK]'];
  return names.map((name) => pieces.indexOf(name)).find((id) => id >= 0) ?? -1;
}
