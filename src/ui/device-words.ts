/** Where a model runs, in words for somebody who has never heard of WebGPU. */
import type { Device, ModelReport } from '../rpc/protocol.ts';

/** As in "on the processor". */
export function deviceWords(device: Device): string {
  return device === 'webgpu' ? 'the graphics card' : 'the processor';
}

/** Where it runs, and why not on the graphics card when nobody chose the processor; one sentence, without a capital or an end where it needs no reason. */
export function deviceLine({
  requested,
  device,
  reason,
}: Pick<ModelReport, 'requested' | 'device' | 'reason'>): string {
  if (device === 'webgpu') return 'on the graphics card (WebGPU)';
  return requested === 'wasm' ? 'on the processor (WASM)' : reason;
}
