/** Long recordings without long fixtures: a clip over and over. */
import { open, readFile, writeFile } from 'node:fs/promises';
import { clip } from './page.ts';

const HEADER_BYTES = 44; // plain PCM, as the clips are

/** Writes clip `name` repeated `times` to `path`, and gives the path. */
export async function repeated(name: string, times: number, path: string): Promise<string> {
  const wav = await readFile(clip(name));
  const header = Buffer.from(wav.subarray(0, HEADER_BYTES));
  const samples = wav.subarray(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES - 8 + samples.length * times, 4);
  header.writeUInt32LE(samples.length * times, 40);
  await writeFile(path, Buffer.concat([header, ...Array.from({ length: times }, () => samples)]));
  return path;
}

/**
 * Writes clip `name` with `pause` seconds of silence behind it, over and over for `seconds` at least, and gives the path. Hours are
 * written piece by piece.
 */
export async function spaced(
  name: string,
  { pause, seconds, path }: { readonly pause: number; readonly seconds: number; readonly path: string },
): Promise<string> {
  const wav = await readFile(clip(name));
  const byteRate = wav.readUInt32LE(28);
  const unit = Buffer.concat([wav.subarray(HEADER_BYTES), Buffer.alloc(2 * Math.round((pause * byteRate) / 2))]);
  const times = Math.ceil((seconds * byteRate) / unit.length);
  const header = Buffer.from(wav.subarray(0, HEADER_BYTES));
  header.writeUInt32LE(HEADER_BYTES - 8 + unit.length * times, 4);
  header.writeUInt32LE(unit.length * times, 40);
  await using file = await open(path, 'w');
  await file.write(header);
  for (let index = 0; index < times; index++) await file.write(unit);
  return path;
}
