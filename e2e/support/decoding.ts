/** What tests of decoding strategies share: a golden's checkpoint, its own config with changes, its inputs transcribed. Node only. */
import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Hypothesis } from '../../src/base/hypothesis.ts';
import { LoadedModel } from '../../src/engine/asr-model.ts';
import { loadModel } from '../../src/engine/load.ts';
import { type Golden, goldenFolder } from './golden.ts';

export type Config = Readonly<Record<string, unknown>>;

/** The checkpoint of a golden on WASM. */
export async function openModel(golden: Pick<Golden, 'name' | 'archive'>): Promise<LoadedModel> {
  const source = { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` } as const;
  const model = await loadModel(source, { device: 'wasm', cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  return model;
}

/** The section of a checkpoint's config with changes, as the goldens were made. */
export function changedConfig(model: LoadedModel, section: 'decoding' | 'aux_ctc.decoding', changes: Config): Config {
  let own: unknown = model.cfg;
  for (const key of section.split('.')) own = (own as Config)[key];
  return mergedConfig(own as Config, changes);
}

/** One config over another: sections are merged, lists replaced. */
export function mergedConfig(own: Config, changes: Config): Config {
  const result: Record<string, unknown> = { ...own };
  for (const [key, value] of Object.entries(changes)) {
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Blob);
    result[key] = isSection ? mergedConfig((own[key] as Config | undefined) ?? {}, value as Config) : value;
  }
  return result;
}

/** The goldens' inputs one by one, and as one batch. */
export async function transcribeEach(
  model: LoadedModel,
  golden: Golden,
): Promise<{ readonly single: readonly Hypothesis[]; readonly batch: readonly Hypothesis[] }> {
  const files = golden.inputs.map(({ file }) => file);
  const single: Hypothesis[] = [];
  for (const file of files) single.push(...(await model.transcribe([file])).map(({ hypothesis }) => hypothesis));
  return { single, batch: (await model.transcribe(files)).map(({ hypothesis }) => hypothesis) };
}

/** A config of the `decoding` golden with its language model opened. */
export async function withLanguageModel(decoding: Config): Promise<Config> {
  const opened: Record<string, unknown> = { ...decoding };
  for (const part of ['greedy', 'beam']) {
    const section = decoding[part] as Config | undefined;
    const file = section?.['ngram_lm_model'];
    if (typeof file === 'string') opened[part] = { ...section, ngram_lm_model: await openDecodingFile(file) };
  }
  return opened;
}

/** A file of the `decoding` golden. */
export function openDecodingFile(name: string): Promise<Blob> {
  return openAsBlob(fileURLToPath(new URL(name, goldenFolder('decoding'))));
}
