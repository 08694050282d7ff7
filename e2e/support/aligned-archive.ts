/** An archive of two models, as canary-1b-v2 has them: put together as the oracle does it. */
import { openArchive } from '../../src/archive/open-archive.ts';

/** The files of `main`, and those of a CTC model under the names that NeMo looks for. */
export async function alignedFiles(main: Blob, aligner: Blob): Promise<Map<string, Blob>> {
  const inner = [...(await openArchive(aligner))].map(
    ([name, file]) => [/^model_/.test(name) ? name.replace('model_', 'timestamps_asr_model_') : name, file] as const,
  );
  return new Map([...(await openArchive(main)), ...inner]);
}
