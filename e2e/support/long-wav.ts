/** Long recordings without long fixtures: a clip over and over. */
import { readFile, writeFile } from 'node:fs/promises';
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
