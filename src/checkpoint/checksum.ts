/**
 * A fast 32-bit checksum of one stored part.
 *
 * It guards against disks that hand back other bytes than were written (browsers do not notice), not against an adversary: that is
 * what SHA-256 is for. Every step is a bijection of its lane, so a change within one word always changes the sum.
 */
const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;

/** The checksum of `bytes`, as an unsigned 32-bit number; several GB/s. */
export function checksumOf(bytes: Uint8Array): number {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
  let a: number = PRIMES[0];
  let b: number = PRIMES[1];
  let c: number = PRIMES[2];
  let d: number = PRIMES[3];

  let i = 0;
  for (; i + 4 <= words.length; i += 4) {
    a = mix(a ^ words[i]!);
    b = mix(b ^ words[i + 1]!);
    c = mix(c ^ words[i + 2]!);
    d = mix(d ^ words[i + 3]!);
  }
  let sum = bytes.length;
  for (const lane of [a, b, c, d]) sum = mix(sum ^ lane);
  for (; i < words.length; i++) sum = mix(sum ^ words[i]!);
  for (let at = words.length * 4; at < aligned.length; at++) sum = mix(sum ^ aligned[at]!);
  return (sum ^ (sum >>> 16)) >>> 0;
}

function mix(value: number): number {
  const product = Math.imul(value, PRIMES[0]);
  return (product << 13) | (product >>> 19);
}
