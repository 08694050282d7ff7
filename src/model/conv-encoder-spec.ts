/** What a NeMo `ConvASREncoder` (Jasper, QuartzNet, Citrinet, ContextNet, MarbleNet) is. */
import type { Activation } from './activation.ts';

export type ConvBlockSpec = {
  readonly filters: number;
  readonly repeat: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zero frames before and after the convolution. */
  readonly padding: readonly [number, number];
  readonly groups: number;
  readonly separable: boolean;
  /** Depthwise kernels that all channels share in turn; 0 when each has its own. */
  readonly heads: number;
  readonly residual: 'none' | 'add' | 'max';
  readonly residualStride: number;
  /** Widths of the residual inputs: the block's own input, or those of every dense block so far. */
  readonly residualInputs: readonly number[];
  /** Keeps its residual inputs for the next block (Jasper's dense residual). */
  readonly isDense: boolean;
  /** Width of the squeeze-and-excitation bottleneck; 0 without one. */
  readonly squeezeSize: number;
  readonly strideLast: boolean;
};

export type ConvEncoderSpec = {
  readonly kind: 'conv';
  readonly featIn: number;
  readonly outputSize: number;
  readonly activation: Activation;
  /** Zero padded frames before every convolution, and count frames as they shrink; else neither happens. */
  readonly convMask: boolean;
  readonly norm: 'batch' | 'group' | 'layer' | 'instance';
  /** The head looks at padded frames as well (mean over a clip), so they too must be NeMo's. */
  readonly paddingMatters: boolean;
  /** Groups of `group` norm; 0 means one a channel. */
  readonly normGroups: number;
  readonly blocks: readonly ConvBlockSpec[];
};
