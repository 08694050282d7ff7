/**
 * How much silence an MP3 encoder put before the sound, from the LAME tag in the first frame.
 *
 * An MP3 decodes to some 1100 samples more in front than went in (69 ms at 16 kHz), so times would be late. Players that are "gapless" cut
 * them, and so does libsndfile, through which NeMo reads. The tag is a frame of silence itself, which mediabunny already leaves out.
 */

const DECODER_DELAY = 529; // 528 + 1, of every layer III decoder
const SEARCH_BYTES = 4096;

/** Samples to cut at the start, the decoder's own delay included; 0 when there is no tag, as in files of most other encoders. */
export async function readMp3Delay(blob: Blob): Promise<number> {
  const offset = await afterId3(blob);
  const bytes = new Uint8Array(await blob.slice(offset, offset + SEARCH_BYTES).arrayBuffer());
  for (let at = 0; at + 4 < bytes.length; at++) {
    if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xe6) !== 0xe2) continue; // frame sync, layer III
    const isMpeg1 = (bytes[at + 1]! & 0x18) === 0x18;
    const isMono = bytes[at + 3]! >> 6 === 3;
    const tagAt = at + 4 + (isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17);
    return readTag(new DataView(bytes.buffer, Math.min(tagAt, bytes.length)));
  }
  return 0;
}

/** `tag` starts where the side information of the first frame ends. */
function readTag(tag: DataView): number {
  if (tag.byteLength < 8) return 0;
  const name = String.fromCharCode(...new Uint8Array(tag.buffer, tag.byteOffset, 4));
  if (name !== 'Xing' && name !== 'Info') return 0;
  const flags = tag.getUint32(4);
  // Number of frames, number of bytes, seek table and quality are each there or not.
  const lameAt = 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  if (tag.byteLength < lameAt + 24 || tag.getUint8(lameAt) === 0) return 0;
  const delay = (tag.getUint8(lameAt + 21) << 4) | (tag.getUint8(lameAt + 22) >> 4);
  return delay + DECODER_DELAY;
}

/** Where the sound starts behind an ID3v2 tag (cover pictures make it megabytes). */
async function afterId3(blob: Blob): Promise<number> {
  const head = new Uint8Array(await blob.slice(0, 10).arrayBuffer());
  if (head.length < 10 || String.fromCharCode(...head.subarray(0, 3)) !== 'ID3') return 0;
  return 10 + ((head[6]! & 127) << 21) + ((head[7]! & 127) << 14) + ((head[8]! & 127) << 7) + (head[9]! & 127);
}
