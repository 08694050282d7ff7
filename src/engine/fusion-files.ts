/** Reads the language models and phrases of a decoding config and makes fusion models of them. */
import { AsrError, messageOf } from '../base/errors.ts';
import { buildBoostingTree } from '../decoding/boosting-tree.ts';
import type { WeightedFusion } from '../decoding/fusion.ts';
import { type NgramLmOptions, loadNgramLm } from '../decoding/ngram-lm.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { isArchive, openFusionArchive } from './fusion-archive.ts';
import type { BoostingConfig, FileLike, FusionConfig } from './decoding-sections.ts';

/** @throws AsrError `unsupported-option` for models that do not fit, `download-failed` for files that cannot be had */
export async function loadFusion(
  { lm, lmAlpha, boosting, boostingAlpha }: FusionConfig,
  tokenizer: Tokenizer,
  { asKenlm = false }: Partial<Pick<NgramLmOptions, 'asKenlm'>> = {},
): Promise<WeightedFusion[]> {
  const { vocabularySize } = tokenizer;
  const models: WeightedFusion[] = [];
  if (lm) {
    const file = await openFile(lm, 'ngram_lm_model');
    const model = (await isArchive(file))
      ? await openFusionArchive(file, { key: 'ngram_lm_model', vocabularySize })
      : await loadNgramLm(file, { vocabularySize, asKenlm });
    models.push({ model, alpha: lmAlpha, scoresEnd: true });
  }
  if (boosting) models.push({ model: await loadPhrases(boosting, tokenizer), alpha: boostingAlpha, scoresEnd: false });
  return models;
}

/** The boosting tree of phrases, or of NeMo's own archive of one. @throws as `loadFusion` */
export async function loadPhrases(config: BoostingConfig, tokenizer: Tokenizer): Promise<WeightedFusion['model']> {
  if (config.model) {
    const key = 'boosting_tree.model_path';
    return openFusionArchive(await openFile(config.model, key), { key, vocabularySize: tokenizer.vocabularySize });
  }
  const phrases = config.file ? await readPhrases(config.file, config.lang) : config.phrases;
  const distinct = new Map(phrases.map((item) => [item.phrase, item]));
  const tokenized = [...distinct.values()].map(({ phrase, lang }) => ({
    tokens: tokenizer.kind === 'aggregate' ? tokenizer.textToIds(phrase, lang) : tokenizer.textToIds(phrase),
    score: Math.round((config.scorePerPhrase / phrase.length) * 100) / 100, // NeMo spreads it over the characters
  }));
  return buildBoostingTree(tokenized, { ...config, vocabularySize: tokenizer.vocabularySize });
}

async function readPhrases(
  file: FileLike,
  lang: string,
): Promise<{ readonly phrase: string; readonly lang: string }[]> {
  const text = await (await openFile(file, 'key_phrases_file')).text();
  const phrases = text.split('\n').map((line) => line.trim());
  return phrases.filter((phrase) => phrase !== '').map((phrase) => ({ phrase, lang }));
}

/** Files that were handed over, and URLs; the command line opens its paths before they get here. */
export async function openFile(file: FileLike, key: string): Promise<Blob> {
  if (file instanceof Blob) return file;
  try {
    const response = await fetch(file);
    if (response.ok) return await response.blob();
    throw new AsrError(
      'download-failed',
      `${key}: ${file} could not be fetched: the server answered ${response.status}.`,
    );
  } catch (error) {
    if (error instanceof AsrError) throw error;
    throw new AsrError('download-failed', `${key}: ${file} could not be fetched: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
