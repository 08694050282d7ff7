/** Where a stored checkpoint was fetched from, so that it can be fetched again. */
import type { CheckpointSource, SourceOptions } from '../checkpoint/source.ts';
import type { PartsMeta } from './checkpoint-parts.ts';

/** What is remembered of a source that can be fetched again. */
export function originOf(
  source: CheckpointSource,
  { revision, hubUrl }: SourceOptions,
  contentId: string,
): Pick<PartsMeta, 'origin'> {
  const isPlainUrl = source.kind === 'url' && /^https?:\/\/[^?#]*$/.test(source.url);
  if (source.kind !== 'pretrained' && !isPlainUrl) return {};
  const where = { ...(revision === undefined ? {} : { revision }), ...(hubUrl === undefined ? {} : { hubUrl }) };
  return { origin: { source: source as NonNullable<PartsMeta['origin']>['source'], ...where, contentId } };
}
