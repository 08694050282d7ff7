import { describe, expect, it } from 'vitest';
import { cutOggTail } from './ogg-tail.ts';

function page(bodyLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(28 + bodyLength);
  bytes.set(new TextEncoder().encode('OggS'));
  bytes[26] = 1;
  bytes[27] = bodyLength;
  return bytes;
}

describe('cutOggTail', () => {
  it('drops a page that is cut, wherever the cut is', async () => {
    for (let cut = 1; cut < page(200).length; cut += 9) {
      const blob = new Blob([page(100), page(50), page(200).slice(0, -cut)]);
      expect((await cutOggTail(blob)).size).toBe(page(100).length + page(50).length);
    }
  });

  it('leaves whole Ogg files and other files as they are', async () => {
    for (const blob of [new Blob([page(100), page(200)]), new Blob(['fLaC']), new Blob([]), new Blob(['OggS'])])
      expect(await cutOggTail(blob)).toBe(blob);
  });
});
