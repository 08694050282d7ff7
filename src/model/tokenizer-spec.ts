/** Which tokenizer a checkpoint has and where in the archive its files are (NeMo `ASRBPEMixin._setup_tokenizer`). */
import { AsrError } from '../base/errors.ts';
import { at } from './config.ts';

export type TokenizerSpec = {
  readonly kind: 'sentencepiece' | 'wordpiece' | 'char' | 'aggregate';
  /** Archive member of the SentencePiece model or of the WordPiece vocabulary. */
  readonly file?: string;
  /** Pieces or labels in id order as the config lists them, without the blank. */
  readonly vocabulary: readonly string[];
  /** Sub-tokenizers of an aggregate by language, in id order. */
  readonly languages?: readonly { readonly lang: string; readonly tokenizer: TokenizerSpec }[];
};

/** Reads the `tokenizer` section, or the labels of a character model from the section of its head. */
export function readTokenizerSpec(config: unknown, headSection: 'decoder' | 'joint'): TokenizerSpec {
  const section = at(config, 'tokenizer');
  const vocabulary = labels(at(config, `${headSection}.vocabulary`)) ?? labels(at(config, 'labels')) ?? [];
  if (section === undefined || section === null) {
    if (vocabulary.length === 0)
      throw new AsrError(
        'checkpoint-corrupt',
        `The configuration has neither a tokenizer nor ${headSection}.vocabulary.`,
      );
    return { kind: 'char', vocabulary };
  }
  return readSection(section, vocabulary);
}

function readSection(section: unknown, vocabulary: readonly string[]): TokenizerSpec {
  const type = String(at(section, 'type') ?? 'bpe').toLowerCase();
  if (type === 'bpe')
    return { kind: 'sentencepiece', ...member(at(section, 'model_path'), 'tokenizer.model'), vocabulary };
  if (type === 'wpe') {
    checkHuggingFace(at(section, 'hf_kwargs'));
    return { kind: 'wordpiece', ...member(at(section, 'vocab_path'), 'vocab.txt'), vocabulary };
  }
  if (type === 'agg') {
    const langs = at(section, 'langs');
    if (typeof langs !== 'object' || langs === null)
      throw new AsrError('checkpoint-corrupt', 'tokenizer.type is agg, but tokenizer.langs is missing.');
    const languages = Object.entries(langs).map(([lang, sub]) => ({ lang, tokenizer: readSection(sub, []) }));
    return { kind: 'aggregate', vocabulary, languages };
  }
  throw new AsrError('checkpoint-unsupported', `tokenizer.type is ${type}; supported are bpe, wpe and agg.`);
}

/** bert-base-cased and its special tokens: others would be added to the vocabulary, and pieces would get other ids. */
const HUGGING_FACE: Readonly<Record<string, string>> = {
  mask_token: '[MASK]',
  bos_token: '[CLS]',
  eos_token: '[SEP]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  cls_token: '[CLS]',
  unk_token: '[UNK]',
  pretrained_model_name: 'bert-base-cased',
};

/** `hf_kwargs` may say what is the case anyway. */
function checkHuggingFace(kwargs: unknown): void {
  for (const [key, supported] of Object.entries(HUGGING_FACE)) {
    const found = at(kwargs, key);
    if (found === undefined || found === null || found === supported) continue;
    throw new AsrError(
      'checkpoint-unsupported',
      `The configuration's tokenizer.hf_kwargs.${key} is ${found}; supported is ${supported}.`,
    );
  }
}

/** `nemo:<member>` names the member; older archives keep a path whose base name is the member's. */
function member(path: unknown, fallback: string): { file: string } {
  if (typeof path !== 'string' || path === '') return { file: fallback };
  return { file: path.startsWith('nemo:') ? path.slice('nemo:'.length) : (path.split('/').at(-1) as string) };
}

function labels(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}
