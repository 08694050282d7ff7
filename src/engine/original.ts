/**
 * The checkpoint as it came, for saving it: a converted one cannot be turned back (norms are folded, scales multiplied in).
 *
 * Nothing is kept for it: a file is read again, a download fetched again, for a copy in this browser's store from where that came. What came from a
 * file cannot be had once the file is gone: keeping it too would double every checkpoint for the few who save one.
 */
import { readWeights } from '../archive/read-weights.ts';
import { writeTar } from '../archive/write-tar.ts';
import { writeTorchZip } from '../archive/write-torch-zip.ts';
import { writeYaml } from '../archive/write-yaml.ts';
import { readYaml } from '../archive/yaml.ts';
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import { type CheckpointSource, type OpenedSource, type SourceOptions, openSource } from '../checkpoint/source.ts';
import { copyBlob } from '../checkpoint/stored-blob.ts';
import { recognizerConfig, recognizerWeights } from '../model/checkpoint-spec.ts';
import { targetClass } from '../model/config.ts';
import { ASR_WITH_TTS } from '../model/model-class.ts';
import type { CheckpointOrigin } from './checkpoint-parts.ts';
import { openCheckpoint } from './convert.ts';

const CONFIG = 'model_config.yaml';
const WEIGHTS = 'model_weights.ckpt';

/**
 * The checkpoint's own files. Throws `unsupported-option` where they are not to be had, and what opening a source throws.
 *
 * @param stored what a copy in the store knows of itself
 */
export async function openOriginal(
  source: CheckpointSource,
  options: SourceOptions,
  stored: { readonly name: string; readonly origin?: CheckpointOrigin },
): Promise<CheckpointFiles> {
  if (source.kind === 'stored') return openOrigin(stored, options);
  return openContent(await openSource(source, options), options.signal);
}

async function openOrigin(
  { name, origin }: { readonly name: string; readonly origin?: CheckpointOrigin },
  options: SourceOptions,
): Promise<CheckpointFiles> {
  if (!origin)
    throw new AsrError(
      'unsupported-option',
      `${name} was opened from this browser's store, which keeps checkpoints converted: norms are folded in, and there is no way back. Open its .nemo again, as a file or from its address, and save that model.`,
    );
  const { source, contentId, ...where } = origin;
  const opened = await openSource(source, { ...options, ...where });
  if (opened.id === contentId) return openContent(opened, options.signal);
  throw new AsrError(
    'unsupported-option',
    `${name} has changed where it came from (${source.kind === 'url' ? source.url : source.name}) since it was stored: open it from there to save what is there now.`,
  );
}

async function openContent(opened: OpenedSource, signal: AbortSignal | undefined): Promise<CheckpointFiles> {
  const content = await opened.open(signal ? { signal } : {});
  // Copied: the result outlives the download.
  const copy =
    content instanceof Blob
      ? await copyBlob(content)
      : new Map(await Promise.all([...content].map(async ([name, file]) => [name, await copyBlob(file)] as const)));
  await opened.discard();
  return openCheckpoint(copy, signal);
}

/** A `.nemo` of the members as they are (NeMo `save_to`); weights that torch cannot read, such as safetensors, are written anew. */
export async function saveCheckpoint(files: CheckpointFiles): Promise<Blob> {
  const weights = files.get(WEIGHTS);
  if (!weights || (await isTorchFile(weights))) return writeTar(files);
  return writeTar(new Map([...files, [WEIGHTS, await writeTorchZip(await readWeights(weights))]]));
}

/** The recognizer inside an `ASRWithTTSModel` as a `.nemo` of its own (NeMo `save_asr_model_to`). */
export async function saveRecognizer(files: CheckpointFiles): Promise<Blob> {
  const config = await readYaml(files.get(CONFIG) ?? new Blob());
  const className = targetClass(config);
  if (className !== ASR_WITH_TTS)
    throw new AsrError(
      'unsupported-option',
      `Only an ${ASR_WITH_TTS} has a recognizer to be taken out; this is an ${className}: save it as it is.`,
    );
  const inner = recognizerConfig(config);
  const weights = recognizerWeights(config, await readWeights(files.get(WEIGHTS) ?? new Blob()));
  const members = new Set(namedMembers(inner));
  return writeTar(
    new Map([
      ...[...files].filter(([name]) => members.has(name)),
      [CONFIG, writeYaml(inner)],
      [WEIGHTS, await writeTorchZip(weights)],
    ]),
  );
}

/** Members that the configuration names, `nemo:<member>`. */
function namedMembers(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('nemo:') ? [value.slice('nemo:'.length)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(namedMembers) : [];
}

/** Zip, or the pickle that `torch.save` wrote before 1.6; both begin so. */
async function isTorchFile(blob: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return (first === 0x50 && second === 0x4b) || first === 0x80;
}
