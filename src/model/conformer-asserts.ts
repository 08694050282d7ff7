/** What NeMo's constructors assert of a `ConformerEncoder`'s numbers: no checkpoint has others, and no graph could be built of them. */
import { AsrError } from '../base/errors.ts';

/** The keys of `encoder` that depend on each other. */
export type ConformerNumbers = {
  readonly d_model: number;
  readonly n_heads: number;
  readonly n_layers: number;
  readonly ff_expansion_factor: number;
  readonly subsampling: string | null;
  readonly subsampling_factor: number;
  readonly reduction?: string | null | undefined;
  readonly reduction_factor: number;
  readonly reduction_position?: number | null | undefined;
  readonly conv_norm_type: string;
  readonly conv_kernel_size: number;
  readonly conv_context_size?: 'causal' | readonly number[] | null | undefined;
};

/** @throws AsrError `checkpoint-unsupported` naming the key, its value and what it must be */
export function assertConformer(c: ConformerNumbers): void {
  refuseUnless(c.d_model % c.n_heads === 0, 'n_heads', c.n_heads, `a divisor of d_model ${c.d_model}`);
  const expansion = c.ff_expansion_factor;
  refuseUnless(
    Number.isInteger(expansion) && expansion > 0,
    'ff_expansion_factor',
    expansion,
    'a whole number above 0',
  );
  const isStrided = c.subsampling?.endsWith('striding') && c.subsampling_factor > 1;
  refuseUnless(
    !isStrided || c.subsampling_factor % 2 === 0,
    'subsampling_factor',
    c.subsampling_factor,
    'a multiple of 2',
  );
  const position = c.reduction_position ?? -1;
  refuseUnless(
    !c.reduction || c.reduction_factor <= 1 || (position >= -1 && position < c.n_layers),
    'reduction_position',
    position,
    `-1 to ${c.n_layers - 1}`,
  );
  const groups = Number(/^group_norm(\d+)$/.exec(c.conv_norm_type)?.[1] ?? 1);
  refuseUnless(
    c.d_model % groups === 0,
    'conv_norm_type',
    c.conv_norm_type,
    `a number of groups that divides d_model ${c.d_model}`,
  );
  const { conv_kernel_size: kernel, conv_context_size: context } = c;
  refuseUnless(kernel % 2 === 1, 'conv_kernel_size', kernel, 'an odd number');
  if (context && context !== 'causal')
    refuseUnless(
      context.length === 2 && context.reduce((sum, size) => sum + size, 1) === kernel,
      'conv_context_size',
      `[${context.join(', ')}]`,
      `causal, or two numbers with the sum ${kernel - 1}`,
    );
}

function refuseUnless(isSound: boolean, key: string, found: unknown, supported: string): void {
  if (isSound) return;
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's encoder.${key} is ${found}; supported is ${supported}.`,
  );
}
