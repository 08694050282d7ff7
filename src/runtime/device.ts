/** Which device can run a model here, and why: probed once, before any session exists. */
import { messageOf } from '../base/errors.ts';

const INSTEAD = 'so the model runs on the processor (WASM)';

export type DeviceChoice = {
  readonly device: 'webgpu' | 'wasm';
  /** One sentence for `model.report.reason`. */
  readonly reason: string;
  /** Vendor and architecture as the browser tells them. */
  readonly adapter: string;
  /** All that the browser tells of the adapter: results found on one hold for its likes. */
  readonly fingerprint: string;
  readonly hasShaderF16: boolean;
};

/** Takes the requested device, or falls back to WASM and says so in `reason`: a missing GPU must not keep anyone from their words. */
export async function chooseDevice(requested: 'auto' | 'webgpu' | 'wasm'): Promise<DeviceChoice> {
  if (requested === 'wasm') return onWasm('WASM was asked for.');
  const probed = await probeWebGpu();
  if ('adapter' in probed) {
    if (requested === 'auto' && probed.isFallback)
      return onWasm(`The only graphics card on offer is software (${probed.adapter}), ${INSTEAD}, which is faster.`);
    return {
      device: 'webgpu',
      reason: requested === 'webgpu' ? 'WebGPU was asked for.' : 'WebGPU is available.',
      adapter: probed.adapter,
      fingerprint: probed.fingerprint,
      hasShaderF16: probed.hasShaderF16,
    };
  }
  return onWasm(`${probed.missing}, ${INSTEAD}.`);
}

function onWasm(reason: string): DeviceChoice {
  return { device: 'wasm', reason, adapter: '', fingerprint: '', hasShaderF16: false };
}

type Probe =
  | {
      readonly adapter: string;
      readonly fingerprint: string;
      readonly isFallback: boolean;
      readonly hasShaderF16: boolean;
    }
  | { readonly missing: string };

async function probeWebGpu(): Promise<Probe> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) return { missing: 'This browser cannot use the graphics card (it has no WebGPU)' };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return { missing: 'The browser finds no graphics card that it may use' };
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const name = [vendor, architecture].filter(Boolean).join(' ') || description || 'unknown adapter';
    return {
      adapter: name,
      fingerprint: [vendor, architecture, device, description].join('/'),
      isFallback: isFallbackAdapter || /swiftshader|llvmpipe/i.test(name),
      hasShaderF16: adapter.features.has('shader-f16'),
    };
  } catch (error) {
    return { missing: `The browser could not be asked for a graphics card (${messageOf(error)})` };
  }
}
