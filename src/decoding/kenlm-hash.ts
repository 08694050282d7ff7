/** The two 64-bit hashes of KenLM binaries: of a word (MurmurHash64A, public domain, Austin Appleby) and of an n-gram. */
const MASK = 0xffff_ffff_ffff_ffffn;
const MIX = 0xc6a4_a793_5bd1_e995n;
const SHIFT = 47n;

/** Hash of a word's UTF-8 bytes. */
export function hashWord(word: string): bigint {
  const bytes = new TextEncoder().encode(word);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 8);
  let hash = (BigInt(bytes.length) * MIX) & MASK;
  for (let at = 0; at < whole; at += 8) {
    let block = (view.getBigUint64(at, true) * MIX) & MASK;
    block = ((block ^ (block >> SHIFT)) * MIX) & MASK;
    hash = ((hash ^ block) * MIX) & MASK;
  }
  if (whole < bytes.length) {
    for (let at = whole; at < bytes.length; at++) hash ^= BigInt(bytes[at]!) << BigInt(8 * (at - whole));
    hash = (hash * MIX) & MASK;
  }
  hash = ((hash ^ (hash >> SHIFT)) * MIX) & MASK;
  return hash ^ (hash >> SHIFT);
}

/** Hash of an n-gram with one more word of history; that of a single word is its number. */
export function extendHash(hash: bigint, word: number): bigint {
  return ((hash * 8978948897894561157n) & MASK) ^ ((BigInt(word + 1) * 17894857484156487943n) & MASK);
}
