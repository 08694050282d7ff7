/** Which files of a repository or folder make its checkpoint. Names are only compared, never followed, so `..` in them means nothing. */
import { AsrError } from '../base/errors.ts';

export const MODEL_CONFIG = 'model_config.yaml';
const MAX_NAMES_IN_MESSAGE = 20;
/** Not part of an extracted checkpoint. */
const NOT_CHECKPOINT = /(^|\/)\.|\.(md|png|jpe?g|gif|svg|pdf|wav|flac|mp3|nemo)$/i;

export type FoundFiles = {
  readonly isArchive: boolean;
  /** Where they are. */
  readonly paths: readonly string[];
  /** The same files by their names within the checkpoint. */
  readonly names: readonly string[];
  /** Folder of an extracted checkpoint, `''` at the top. */
  readonly folder: string;
};

/**
 * One `.nemo` (of several the one named like the repository, as NeMo asks for), else the folder that holds `model_config.yaml`.
 *
 * @throws AsrError 'checkpoint-not-found', listing what there is
 */
export function findCheckpointFiles(entries: readonly { readonly path: string }[], repo: string): FoundFiles {
  const paths = entries.map((entry) => entry.path);
  const archives = paths.filter((path) => /\.nemo$/i.test(path));
  const wanted = `${repo.split('/').at(-1)}.nemo`.toLowerCase();
  const archive =
    archives.find((path) => baseName(path).toLowerCase() === wanted) ??
    (archives.length === 1 ? archives[0] : undefined);
  if (archive !== undefined) return { isArchive: true, paths: [archive], names: [baseName(archive)], folder: '' };
  if (archives.length > 1) {
    const message = `${repo} has several .nemo files and none is named ${wanted}: ${listNames(archives)}. Open one by its URL.`;
    throw new AsrError('checkpoint-not-found', message);
  }

  const configs = paths.filter((path) => baseName(path) === MODEL_CONFIG).sort((a, b) => a.length - b.length);
  const config = configs[0];
  if (config === undefined) {
    const message = `${repo} holds no .nemo and no ${MODEL_CONFIG}, so it is no NeMo checkpoint. It has: ${listNames(paths)}.`;
    throw new AsrError('checkpoint-not-found', message);
  }
  const folder = config.slice(0, -MODEL_CONFIG.length);
  const within = paths.filter((path) => path.startsWith(folder) && !NOT_CHECKPOINT.test(path.slice(folder.length)));
  return { isArchive: false, paths: within, names: within.map((path) => path.slice(folder.length)), folder };
}

/** Names for a message: the first ones, control characters shown as escapes. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  const shown = names.slice(0, MAX_NAMES_IN_MESSAGE).map((name) => {
    return name.slice(0, 200).replace(/[\p{Cc}\p{Cf}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  });
  const rest = names.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
