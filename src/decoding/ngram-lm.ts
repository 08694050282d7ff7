/**
 * An n-gram language model over a checkpoint's tokens (NeMo `NGramGPULanguageModel`, made by its `train_kenlm.py`).
 *
 * NeMo writes token n as the character of code n + 100, so that KenLM sees one "word" a token. Tokens the model lacks share the probability
 * of `<unk>` evenly, which KenLM itself does not do (nor NeMo where it asks KenLM: strategy `maes`).
 */
import { AsrError } from '../base/errors.ts';
import { type ArpaNgram, readArpa } from './arpa.ts';
import { ArpaTable } from './arpa-table.ts';
import { BackoffGraphBuilder, ROOT } from './backoff-graph.ts';
import type { FusionModel } from './fusion.ts';
import { isKenlmBinary, openKenlm } from './kenlm-binary.ts';
import { MISSING_UNKNOWN } from './ngram-table.ts';
import { TableFusion } from './table-fusion.ts';

/** NeMo `DEFAULT_TOKEN_OFFSET`. */
const TOKEN_OFFSET = 100;
const BOS = -1;
const EOS = -2;
const UNK = -3;
const SPECIAL: Record<string, number> = { '<s>': BOS, '</s>': EOS, '<unk>': UNK };

export type NgramLmOptions = {
  /** Tokens without the blank. */
  readonly vocabularySize: number;
  /** Whether a token the model lacks is KenLM's unknown word; otherwise such tokens share its probability and begin a new history. */
  readonly asKenlm: boolean;
};

/** Reads ARPA text or a KenLM binary. @throws AsrError `unsupported-option` for a model of other tokens */
export async function loadNgramLm(file: Blob, { vocabularySize, asKenlm }: NgramLmOptions): Promise<FusionModel> {
  const isBinary = await isKenlmBinary(file);
  if (isBinary || asKenlm) {
    const words = Array.from({ length: vocabularySize }, (_, token) => String.fromCodePoint(token + TOKEN_OFFSET));
    const model = new TableFusion(await (isBinary ? openKenlm(file) : ArpaTable.load(file)), words, asKenlm);
    if (model.numKnown > 0) return model;
    throw broken(`none of its words is a token (token n is written as character n + ${TOKEN_OFFSET})`);
  }
  const builder = new BackoffGraphBuilder(vocabularySize);
  const bos = builder.addState(ROOT, 0);
  const loader = new NgramLoader(builder, bos, vocabularySize);
  for await (const ngrams of readArpa(file)) {
    for (const ngram of ngrams) loader.add(toTokens(ngram.symbols, vocabularySize), ngram);
  }
  return loader.finish();
}

class NgramLoader {
  readonly #builder: BackoffGraphBuilder;
  readonly #bos: number;
  readonly #vocabularySize: number;
  #bosBackoff = 0;
  #unknown = MISSING_UNKNOWN;
  readonly #unigrams = new Map<number, { readonly weight: number; readonly backoff: number }>();
  #hasRoot = false;

  constructor(builder: BackoffGraphBuilder, bos: number, vocabularySize: number) {
    this.#builder = builder;
    this.#bos = bos;
    this.#vocabularySize = vocabularySize;
  }

  add(tokens: readonly number[], { order, weight, backoff, isHighestOrder }: ArpaNgram): void {
    if (tokens.length !== order) throw broken(`a ${order}-gram has ${tokens.length} tokens`);
    if (order === 1) {
      const token = tokens[0]!;
      if (token === UNK) this.#unknown = weight;
      else if (token === BOS) this.#bosBackoff = backoff;
      else if (token === EOS) this.#builder.setFinal(ROOT, weight);
      else this.#unigrams.set(token, { weight, backoff });
      return;
    }
    this.#addUnigrams();
    const token = tokens.at(-1)!;
    const from = this.#find(tokens.slice(0, -1));
    if (token === EOS) {
      this.#builder.setFinal(from, weight);
      return;
    }
    if (token < 0) return; // <unk> in longer n-grams names no token
    const shorter = this.#find(tokens.slice(1));
    // Nothing is longer than the highest order, so such an n-gram ends where its suffix does.
    this.#builder.addArc(from, token, isHighestOrder ? shorter : this.#builder.addState(shorter, backoff), weight);
  }

  finish(): FusionModel {
    this.#addUnigrams();
    return this.#builder.build(this.#bos);
  }

  #addUnigrams(): void {
    if (this.#hasRoot) return;
    this.#hasRoot = true;
    const numUnknown = this.#vocabularySize - this.#unigrams.size;
    const unknown = numUnknown > 1 ? this.#unknown - Math.log(numUnknown) : this.#unknown;
    for (let token = 0; token < this.#vocabularySize; token++) {
      const unigram = this.#unigrams.get(token);
      const to = unigram ? this.#builder.addState(ROOT, unigram.backoff) : ROOT;
      this.#builder.addArc(ROOT, token, to, unigram?.weight ?? unknown);
    }
    this.#builder.setBackoff(this.#bos, this.#bosBackoff);
  }

  #find(tokens: readonly number[]): number {
    let state = tokens[0] === BOS ? this.#bos : ROOT;
    for (const token of tokens[0] === BOS ? tokens.slice(1) : tokens) {
      const next = this.#builder.find(state, token);
      if (next === undefined) throw broken('an n-gram lacks its history');
      state = next;
    }
    return state;
  }
}

/** NeMo's encoding: one character a token, single spaces between, and the three special words. */
function toTokens(symbols: string, vocabularySize: number): number[] {
  const tokens: number[] = [];
  for (let at = 0; at < symbols.length; ) {
    const special = symbols[at] === '<' ? Object.keys(SPECIAL).find((word) => symbols.startsWith(word, at)) : undefined;
    const code = symbols.codePointAt(at)!;
    const token = special === undefined ? code - TOKEN_OFFSET : SPECIAL[special]!;
    if (special === undefined && (token < 0 || token >= vocabularySize)) {
      const shown = JSON.stringify(symbols.slice(0, 40));
      throw broken(
        `${shown} is none of the checkpoint's ${vocabularySize} tokens (token n is written as character n + ${TOKEN_OFFSET})`,
      );
    }
    tokens.push(token);
    at += special?.length ?? (code > 0xffff ? 2 : 1);
    if (symbols[at] === ' ') at += 1;
  }
  return tokens;
}

function broken(what: string): AsrError {
  return new AsrError(
    'unsupported-option',
    `The language model (ngram_lm_model) does not fit this checkpoint: ${what}.`,
  );
}
