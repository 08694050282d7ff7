/** What finding and fetching a checkpoint takes of the options of loading it. */
import type { SourceOptions } from '../checkpoint/source.ts';
import type { LoadOptions } from './options.ts';

export function sourceOptions({ revision, hubUrl, accessToken, assetBase, signal }: LoadOptions): SourceOptions {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(accessToken === undefined ? {} : { accessToken }),
    ...(assetBase === undefined ? {} : { assetBase }),
    ...(signal ? { signal } : {}),
  };
}
