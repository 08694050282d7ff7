/** A checkpoint named on the command line: a file, a folder, a URL, or a name of the hub. Nothing is tried: the form decides. */
import { existsSync, openAsBlob, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { AsrError } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import { type CheckpointSource, openSource } from '../checkpoint/source.ts';
import { openCheckpoint } from '../engine/convert.ts';

const BUILT_IN = 'sotto-tiny-en';

/** Where the built-in checkpoint lies, from `src/cli` and `dist/cli` in the checkout, and in the installed package. */
const BUILT_IN_FOLDERS = ['../../public/checkpoints/', '../lib/checkpoints/'];

/** @param argument absent: the built-in checkpoint. @throws AsrError `checkpoint-not-found` */
export async function toCheckpointSource(argument: string = BUILT_IN): Promise<CheckpointSource> {
  if (existsSync(argument)) return localSource(argument);
  if (argument === BUILT_IN) return localSource(builtInPath());
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(argument)) return { kind: 'url', url: argument };
  // 'owner/name', or a name of NeMo's catalogue; a path that is not there is no name.
  const isName = /^[\w.-]+(\/[\w.-]+)?$/.test(argument) && !/^\.|\.(nemo|onnx)$/i.test(argument);
  if (isName) return { kind: 'pretrained', name: argument };
  throw new AsrError('checkpoint-not-found', `There is no file or folder '${argument}'.`);
}

/** The files of a checkpoint, its name, and how to say it: for commands that need no session. */
export async function openCheckpointFiles(
  argument: string,
): Promise<{ files: CheckpointFiles; name: string; bytes: number }> {
  const opened = await openSource(await toCheckpointSource(argument));
  return { files: await openCheckpoint(await opened.open({})), name: opened.name, bytes: opened.sizeBytes };
}

async function localSource(path: string): Promise<CheckpointSource> {
  if (!statSync(path).isDirectory()) return { kind: 'file', file: await openAsBlob(path), name: basename(path) };
  const entries = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map(async (entry) => {
    const file = join(entry.parentPath, entry.name);
    return { name: join(basename(path), relative(path, file)), file: await openAsBlob(file) };
  });
  return { kind: 'files', files: await Promise.all(files) };
}

function builtInPath(): string {
  const places = BUILT_IN_FOLDERS.map((folder) => join(import.meta.dirname, folder, `${BUILT_IN}.nemo`));
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new AsrError(
      'checkpoint-not-found',
      `The built-in checkpoint is not installed (looked for ${places.join(', ')}); name one with --model.`,
    );
  return found;
}
