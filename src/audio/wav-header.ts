/**
 * Finds the format and the samples of a RIFF/WAVE file (also RF64 and BW64, for files beyond 4 GiB) without reading the samples.
 *
 * Recorders that stream or crash leave the sizes at 0 or 0xFFFFFFFF; then the samples go on to the end of the file. Chunks
 * are padded to even lengths, though some writers forget it for the last.
 */
import { AsrError } from '../base/errors.ts';
import { checkDuration, checkLayout } from './pcm.ts';

export type WavEncoding = 'unsigned' | 'signed' | 'float' | 'a-law' | 'mu-law';

export type WavHeader = {
  readonly encoding: WavEncoding;
  readonly numChannels: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Of one sample of one channel. */
  readonly bytesPerSample: number;
  /** Where the samples start in the file. */
  readonly byteOffset: number;
  /** Samples a channel. */
  readonly numFrames: number;
  /** The header promises more samples than the file has. */
  readonly isTruncated: boolean;
};

const MAX_CHUNKS = 1024; // real files have fewer than ten
const UNKNOWN_SIZE = 0xffffffff;

/** True for a file that `readWavHeader` is meant for, by its first 12 bytes. */
export async function isWav(blob: Blob): Promise<boolean> {
  const head = await readBytes(blob, 0, 12);
  return head.byteLength === 12 && ['RIFF', 'RF64', 'BW64'].includes(tag(head, 0)) && tag(head, 8) === 'WAVE';
}

/** @throws AsrError `audio-undecodable` */
export async function readWavHeader(blob: Blob): Promise<WavHeader> {
  if (!(await isWav(blob))) throw corrupt('it does not start with a RIFF/WAVE header');
  const riffSize = (await readBytes(blob, 4, 4)).getUint32(0, true);
  // Neither an unfinished header nor a cut file has the size that the file has.
  const isSizeRight = Math.abs(riffSize + 8 - blob.size) <= 1;
  let format: DataView | undefined;
  let data: { byteOffset: number; size: number } | undefined;
  let longDataSize: number | undefined;
  let byteOffset = 12;
  for (let i = 0; i < MAX_CHUNKS && byteOffset + 8 <= blob.size && !(format && data); i++) {
    const head = await readBytes(blob, byteOffset, 8);
    const name = tag(head, 0);
    let size = head.getUint32(4, true);
    byteOffset += 8;
    if (name === 'fmt ') format = await readBytes(blob, byteOffset, Math.min(size, 40));
    if (name === 'ds64' && size >= 16)
      longDataSize = Number((await readBytes(blob, byteOffset, 16)).getBigUint64(8, true));
    if (name === 'data') {
      if (size === UNKNOWN_SIZE) size = longDataSize ?? UNKNOWN_SIZE;
      if (size === UNKNOWN_SIZE || (size === 0 && !isSizeRight)) size = blob.size - byteOffset;
      data = { byteOffset, size };
    }
    byteOffset += size + (size % 2);
  }
  if (!format || format.byteLength < 16) throw corrupt('its format chunk is missing or cut');
  if (!data) throw corrupt('it has no data chunk');
  return describe(format, data.byteOffset, data.size, blob.size);
}

function describe(format: DataView, byteOffset: number, size: number, fileSize: number): WavHeader {
  let formatTag = format.getUint16(0, true);
  const numChannels = format.getUint16(2, true);
  const sampleRate = format.getUint32(4, true);
  const blockAlign = format.getUint16(12, true);
  const bits = format.getUint16(14, true);
  checkLayout(numChannels, sampleRate);
  if (formatTag === 0xfffe && format.byteLength >= 26) formatTag = format.getUint16(24, true); // extensible: the GUID starts with the tag
  // A container may be wider than its bits (20 in 24, 24 in 32); some writers leave the block size at 0.
  const bytesPerSample =
    blockAlign > 0 && blockAlign % numChannels === 0 ? blockAlign / numChannels : Math.ceil(bits / 8);
  const encoding = encodingOf(formatTag, bytesPerSample, bits);
  const available = Math.max(0, fileSize - byteOffset);
  const numFrames = Math.floor(Math.min(size, available) / (bytesPerSample * numChannels));
  checkDuration(numFrames / sampleRate);
  return { encoding, numChannels, sampleRate, bytesPerSample, byteOffset, numFrames, isTruncated: size > available };
}

function encodingOf(formatTag: number, bytes: number, bits: number): WavEncoding {
  if (formatTag === 1 && bytes === 1) return 'unsigned';
  if (formatTag === 1 && bytes >= 2 && bytes <= 4) return 'signed';
  if (formatTag === 3 && (bytes === 4 || bytes === 8)) return 'float';
  if (formatTag === 6 && bytes === 1) return 'a-law';
  if (formatTag === 7 && bytes === 1) return 'mu-law';
  const names = new Map([
    [1, 'PCM'],
    [2, 'Microsoft ADPCM'],
    [3, 'float'],
    [0x11, 'IMA ADPCM'],
    [0x31, 'GSM 6.10'],
    [0x55, 'MP3 in WAV'],
    [0xff, 'AAC in WAV'],
  ]);
  const name = names.get(formatTag) ?? `format 0x${formatTag.toString(16)}`;
  throw new AsrError(
    'audio-undecodable',
    `This WAV file holds ${name} (${bits} bits), which Sotto does not read: save it as 16-bit PCM.`,
  );
}

async function readBytes(blob: Blob, byteOffset: number, length: number): Promise<DataView> {
  return new DataView(await blob.slice(byteOffset, byteOffset + length).arrayBuffer());
}

function tag(view: DataView, byteOffset: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, byteOffset, 4));
}

function corrupt(what: string): AsrError {
  return new AsrError(
    'audio-undecodable',
    `This is not a readable WAV file: ${what}. Save it again as WAV with 16-bit PCM.`,
  );
}
