/**
 * WebGPU in Node: npm's `webgpu` (Dawn), which is optional and large, so it is only looked for when `--device webgpu` asks for it.
 *
 * Dawn refuses views of onnxruntime's shared wasm heap in `writeBuffer`, so those are copied first; browsers do that by themselves.
 */
import { AsrError, messageOf } from '../base/errors.ts';

type Dawn = { create(flags: readonly string[]): GPU; readonly globals: Readonly<Record<string, unknown>> };

/** Makes `navigator.gpu` exist. @throws AsrError `device-unavailable` */
export async function installWebGpu(): Promise<void> {
  const { create, globals } = await importDawn();
  Object.assign(globalThis, globals);
  copySharedWrites();
  const gpu = create([]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new AsrError(
      'device-unavailable',
      'No WebGPU adapter was found: install a Vulkan, Metal or D3D12 driver, or use --device wasm.',
    );
}

async function importDawn(): Promise<Dawn> {
  // Not a literal: the package is no dependency, and neither the compiler nor the bundler should look for it.
  const name = 'webgpu';
  try {
    return (await import(/* @vite-ignore */ name)) as Dawn;
  } catch (thrown) {
    throw new AsrError(
      'device-unavailable',
      `--device webgpu needs the npm package 'webgpu' (Dawn): npm install webgpu, or use --device wasm (${messageOf(thrown).split('\n')[0]}).`,
      { cause: thrown },
    );
  }
}

type WriteBuffer = GPUQueue['writeBuffer'];

function copySharedWrites(): void {
  const queue = globalThis.GPUQueue.prototype;
  const write = queue.writeBuffer as (...args: unknown[]) => undefined;
  queue.writeBuffer = function (this: GPUQueue, buffer, offset, data, dataOffset, size) {
    if (!ArrayBuffer.isView(data) || !(data.buffer instanceof SharedArrayBuffer))
      return write.call(this, buffer, offset, data, dataOffset, size);
    const copy = new Uint8Array(data.byteLength);
    copy.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const unit = 'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1; // offsets of typed arrays count elements
    const from = (dataOffset ?? 0) * unit;
    return write.call(this, buffer, offset, copy, from, size === undefined ? copy.byteLength - from : size * unit);
  } as WriteBuffer;
}
