/** Whether a tokenizer and the heads it speaks for have the same vocabulary. */
import { AsrError } from '../base/errors.ts';
import type { ModelSpec } from '../model/spec.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** @throws AsrError `checkpoint-corrupt`, naming the key and both sizes: text would be made of wrong pieces, or of none */
export function checkVocabulary({ ctc, transducer, tokenizer: spec }: ModelSpec, tokenizer: Tokenizer): void {
  const heads = [
    [ctc && `${ctc.prefix === 'decoder' ? 'decoder' : 'aux_ctc.decoder'}.num_classes`, ctc?.vocabularySize],
    [transducer && 'joint.num_classes', transducer?.vocabularySize],
  ] as const;
  const pieces = tokenizer.vocabularySize;
  const source = spec.file ? `The tokenizer (${spec.file})` : 'The tokenizer';
  for (const [key, size] of heads) {
    if (key === undefined || size === pieces) continue;
    throw new AsrError(
      'checkpoint-corrupt',
      `${source} has ${pieces} pieces, but the configuration's ${key} is ${size}: they do not belong together. Open the checkpoint with the tokenizer it was trained with.`,
    );
  }
}
