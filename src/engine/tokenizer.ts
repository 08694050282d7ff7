/** Makes the checkpoint's tokenizer from its files. */
import { assert } from '../base/errors.ts';
import type { CheckpointFiles } from '../base/files.ts';
import type { TokenizerSpec } from '../model/tokenizer-spec.ts';
import { createAggregateTokenizer } from '../tokenizer/aggregate.ts';
import { createCharTokenizer } from '../tokenizer/char.ts';
import { readSentencePiece } from '../tokenizer/sentencepiece-model.ts';
import { createSentencePieceTokenizer } from '../tokenizer/sentencepiece.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { createWordPieceTokenizer } from '../tokenizer/wordpiece.ts';
import { tokenizerFile } from './checkpoint-parts.ts';

export async function createTokenizer(spec: TokenizerSpec, files: CheckpointFiles): Promise<Tokenizer> {
  if (spec.kind === 'char') return createCharTokenizer(spec.vocabulary);
  if (spec.kind === 'aggregate') {
    const languages = await Promise.all(
      (spec.languages ?? []).map(
        async ({ lang, tokenizer }) => [lang, await createTokenizer(tokenizer, files)] as const,
      ),
    );
    return createAggregateTokenizer(languages);
  }
  const file = files.get(tokenizerFile(spec.file ?? ''));
  assert(file, `the tokenizer file ${spec.file} was not stored`);
  if (spec.kind === 'wordpiece') return createWordPieceTokenizer(await file.text());
  return createSentencePieceTokenizer(readSentencePiece(new Uint8Array(await file.arrayBuffer())));
}
