/**
 * The tokens of a hypothesis as a chain that grows by sharing: a beam holds thousands of sequences that differ in their last token.
 *
 * Two prefixes are the same sequence when length and `key` agree. The key is a 53-bit hash, as NeMo compares 64-bit ones.
 */
export class Prefix<State> {
  readonly parent: Prefix<State> | undefined;
  /** Last token; of the empty prefix the blank that starts decoding. */
  readonly token: number;
  /** Tokens without the start. */
  readonly length: number;
  readonly key: number;
  /** The prediction network after the last token, once somebody computed it. */
  state: State | undefined;

  constructor(parent: Prefix<State> | undefined, token: number) {
    this.parent = parent;
    this.token = token;
    this.length = parent ? parent.length + 1 : 0;
    this.key = parent ? extendKey(parent.key, token) : 0;
  }

  /** The prefix `count` tokens shorter. */
  ancestor(count: number): Prefix<State> {
    let prefix: Prefix<State> = this;
    for (let step = 0; step < count && prefix.parent; step++) prefix = prefix.parent;
    return prefix;
  }

  /** Gives the state's memory back; the start keeps its own. */
  forgetState(): void {
    if (this.parent) this.state = undefined;
  }

  equals(other: Prefix<State>): boolean {
    return this.key === other.key && this.length === other.length;
  }
}

/** The key of a prefix with one more token. */
export function extendKey(key: number, token: number): number {
  const high = Math.floor(key / 0x200000);
  const low = key % 0x200000;
  const mixedHigh = mix(Math.imul(high, 0x85ebca6b) ^ (token + 0x9e3779b9) ^ low);
  const mixedLow = mix(Math.imul(low + 1, 0xc2b2ae35) + Math.imul(token + 1, 0x27d4eb2f) + mixedHigh);
  return (mixedHigh >>> 0) * 0x200000 + (mixedLow & 0x1fffff);
}

/** Finaliser of MurmurHash3: spreads every bit over the word. */
function mix(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
