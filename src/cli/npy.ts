/** NumPy's `.npy` format, version 1.0, for float32 matrices in row order. */

const ALIGNMENT = 64;

/** @param data row-major [rows, columns] */
export function toNpy(data: Float32Array, shape: readonly [rows: number, columns: number]): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const prefix = 10; // magic, version, length of the header
  const headerLength = Math.ceil((prefix + text.length + 1) / ALIGNMENT) * ALIGNMENT - prefix;
  const bytes = new Uint8Array(prefix + headerLength + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, headerLength, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(headerLength - 1)}\n`), prefix);
  const view = new DataView(bytes.buffer, prefix + headerLength);
  data.forEach((value, index) => view.setFloat32(4 * index, value, true));
  return bytes;
}
