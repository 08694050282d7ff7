/**
 * A cursor over the bytes of one pickle: every read is bounds-checked and every length held against its limit before anything is allocated.
 */
import { corrupt } from './corrupt.ts';
import { MAX_LONG_BYTES, MAX_PICKLE_STRING } from './limits.ts';

export class PickleInput {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A u64 that must be a safe integer. */
  uint64(): number {
    const value = Number(this.#view.getBigUint64(this.#advance(8), true));
    if (!Number.isSafeInteger(value)) throw corrupt("The checkpoint's pickle states an impossible length.");
    return value;
  }

  /** Big-endian, unlike everything else in a pickle. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  bytes(length: number): Uint8Array {
    if (length > MAX_PICKLE_STRING || length < 0)
      throw corrupt(`The checkpoint's pickle holds a string of ${length} bytes.`);
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    return decodeText(this.bytes(length));
  }

  /** Text up to a newline, as GLOBAL has it. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw new PickleEndError();
    const text = this.text(end - this.position);
    this.position += 1;
    return text;
  }

  /** Two's complement, little-endian, any length up to the limit; a number where that is exact. */
  long(length: number): number | bigint {
    if (length > MAX_LONG_BYTES || length < 0)
      throw corrupt(`The checkpoint's pickle holds an integer of ${length} bytes.`);
    const bytes = this.bytes(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
    if (length > 0 && (bytes[length - 1] ?? 0) > 127) value -= 1n << BigInt(8 * length);
    const exact = Number(value);
    return Number.isSafeInteger(exact) ? exact : value;
  }

  #advance(length: number): number {
    const start = this.position;
    if (length > this.#bytes.length - start) throw new PickleEndError();
    this.position = start + length;
    return start;
  }
}

/** The pickle goes on behind the bytes at hand: cut, or (legacy files, read in growing windows) not read yet. */
export class PickleEndError extends Error {
  override readonly name = 'PickleEndError';
}

function decodeText(bytes: Uint8Array): string {
  // Not fatal: Python allows lone surrogates in a string ("surrogatepass"), which matter nowhere here.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
