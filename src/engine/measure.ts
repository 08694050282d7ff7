/** Tells how large a download would be, before anything is fetched. */
import { type CheckpointSource, openSource } from '../checkpoint/source.ts';
import { sourceOptions } from './source-options.ts';
import type { LoadOptions } from './options.ts';

export async function measureRemote(
  source: CheckpointSource,
  options: LoadOptions & { assetBase?: string },
): Promise<{ name: string; bytes: number }> {
  const { name, sizeBytes } = await openSource(source, sourceOptions(options));
  return { name, bytes: sizeBytes };
}
