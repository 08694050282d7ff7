/**
 * Writes the `data.pkl` of a torch zip: a state dict as protocol-2 opcodes that `torch.load(weights_only=True)` accepts.
 *
 * No memo is used: a pickle may repeat itself, and readers need not care.
 */
import type { DType, WeightRef } from '../base/files.ts';
import { ELEMENT_BYTES } from './tensor-view.ts';

/** `storageKey` numbers the storages; tensors that share one give the same key. */
export function writeStateDictPickle(
  weights: Iterable<readonly [string, WeightRef]>,
  storageKey: (weight: WeightRef) => string,
): Uint8Array<ArrayBuffer> {
  const out = new PickleOutput();
  out.op('\x80\x02');
  out.emptyOrderedDict();
  out.op('(');
  for (const [name, weight] of weights) {
    out.text(name);
    out.tensor(weight, storageKey(weight));
  }
  out.op('u.');
  return out.take();
}

const STORAGE_CLASSES: Readonly<Record<DType, string>> = {
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  float64: 'DoubleStorage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
};

class PickleOutput {
  #bytes = new Uint8Array(4096);
  #length = 0;

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Opcodes and other ASCII text. */
  op(codes: string): void {
    this.#put(Uint8Array.from(codes, (char) => char.charCodeAt(0)));
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.op('X');
    this.#uint32(bytes.length);
    this.#put(bytes);
  }

  /** BININT, or LONG1 from 2^31. */
  count(value: number): void {
    if (value < 2 ** 31) {
      this.op('J');
      this.#uint32(value);
    } else {
      this.op('\x8a\x08');
      this.#uint32(value % 2 ** 32);
      this.#uint32(Math.floor(value / 2 ** 32));
    }
  }

  emptyOrderedDict(): void {
    this.op('ccollections\nOrderedDict\n)R');
  }

  tensor({ dtype, shape, strides, offset, storage }: WeightRef, key: string): void {
    this.op('ctorch._utils\n_rebuild_tensor_v2\n((');
    this.text('storage');
    this.op(`ctorch\n${STORAGE_CLASSES[dtype]}\n`);
    this.text(key);
    this.text('cpu');
    this.count(storage.size / ELEMENT_BYTES[dtype]);
    this.op('tQ');
    this.count(offset);
    this.#tuple(shape);
    this.#tuple(strides);
    this.op('\x89'); // requires_grad
    this.emptyOrderedDict(); // backward hooks
    this.op('tR');
  }

  #tuple(values: readonly number[]): void {
    this.op('(');
    for (const value of values) this.count(value);
    this.op('t');
  }

  #uint32(value: number): void {
    this.#put(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
  }

  #put(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}
