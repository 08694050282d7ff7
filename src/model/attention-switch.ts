/**
 * Other attention for an encoder that is loaded (NeMo `change_attention_model`): a spec to feed by, from the spec it was built from.
 *
 * Local and full attention differ in what is fed only, so no graph is rebuilt: run the *masked* graph, which takes an attention mask, with the
 * feeds and positions of the new spec. NeMo drops the `use_bias` setting, the global tokens and eval mode on the way; only the second is copied.
 */
import { AsrError } from '../base/errors.ts';
import type { ConformerSpec, ContextSize } from './conformer-spec.ts';

export type AttentionChange = {
  /** Left out: stays. */
  readonly selfAttentionModel?: ConformerSpec['attention'];
  /** `[left, right]` in encoder frames. Left out: stays. */
  readonly attContextSize?: ContextSize;
  /** Frames 0, spacing, … that see all; only for checkpoints trained with global tokens. @default 0, as NeMo */
  readonly globalTokens?: number;
  readonly globalTokensSpacing?: number;
};

/**
 * The spec to run with. Weights and graphs stay those of `built`.
 *
 * Throws `unsupported-option` when the graph cannot do it, and for a local context NeMo refuses.
 */
export function withAttentionModel(built: ConformerSpec, change: AttentionChange): ConformerSpec {
  const attention = change.selfAttentionModel ?? built.attention;
  const context = change.attContextSize ?? (built.contexts[0] as ContextSize);
  const { globalTokens = 0 } = change;
  if ((attention === 'abs_pos') !== (built.attention === 'abs_pos')) {
    throw refused(
      `selfAttentionModel is ${attention}, but the checkpoint was trained with ${built.attention}: relative positions have weights of their own`,
    );
  }
  if (attention === 'rel_pos_local_attn' && Math.max(...context) <= 0) {
    throw refused(`attContextSize is [${context.join(', ')}]: local attention needs a context above 0`);
  }
  if (globalTokens > 0 && attention !== 'rel_pos_local_attn')
    throw refused(`globalTokens is ${globalTokens}: only rel_pos_local_attn has global tokens`);
  if (globalTokens > 0 && built.globalTokens.count === 0)
    throw refused(`globalTokens is ${globalTokens}, but the checkpoint was trained without global tokens`);
  return {
    ...built,
    attention,
    contexts: [context],
    contextStyle: attention === 'rel_pos_local_attn' ? 'regular' : built.contextStyle,
    globalTokens: {
      ...built.globalTokens,
      ...(globalTokens > 0
        ? { count: globalTokens, spacing: change.globalTokensSpacing ?? built.globalTokens.spacing }
        : {}),
      active: globalTokens > 0,
    },
  };
}

function refused(what: string): AsrError {
  return new AsrError('unsupported-option', `changeAttentionModel: ${what}.`);
}
