/**
 * Cuts an Ogg file behind its last whole page.
 *
 * A recording that was interrupted ends inside a page, and mediabunny 1.61 fails on that page instead of ending before it.
 */
const MAX_PAGE_BYTES = 65_307; // 27 + 255 + 255 * 255
const CAPTURE = [0x4f, 0x67, 0x67, 0x53]; // "OggS"

/** The same blob when it is no Ogg file or ends with a whole page. */
export async function cutOggTail(blob: Blob): Promise<Blob> {
  const head = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
  if (!isPage(head, 0)) return blob;
  const offset = Math.max(0, blob.size - 2 * MAX_PAGE_BYTES);
  const bytes = new Uint8Array(await blob.slice(offset).arrayBuffer());
  for (let at = bytes.length - 27; at >= 0; at--) {
    if (!isPage(bytes, at)) continue;
    const numSegments = bytes[at + 26]!;
    const body = bytes.subarray(at + 27, at + 27 + numSegments).reduce((sum, length) => sum + length, 0);
    const end = at + 27 + numSegments + body;
    if (end <= bytes.length) return offset + end === blob.size ? blob : blob.slice(0, offset + end);
  }
  return blob;
}

function isPage(bytes: Uint8Array, at: number): boolean {
  return CAPTURE.every((byte, i) => bytes[at + i] === byte);
}
