/**
 * A recording named on the command line, as a Blob the engine can read: WAV as it lies on disk, anything else turned into WAV by `ffmpeg`.
 *
 * ffmpeg writes 32-bit floats, which hold 16- and 24-bit samples exactly, at the file's own rate and channels: resampling stays ours, because
 * results depend on it. It writes to a file and not into a pipe, so that hours of audio do not have to fit into memory.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openAsBlob, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWav } from '../audio/wav-header.ts';
import { AsrError, messageOf } from '../base/errors.ts';

/** A readable recording; dispose it to remove what ffmpeg wrote. */
export type OpenedAudio = Disposable & { readonly blob: Blob };

/** @param argument path or http(s) URL. @throws AsrError `audio-undecodable`, `audio-empty`, `download-failed` */
export async function openAudioArgument(argument: string): Promise<OpenedAudio> {
  if (/^https?:\/\//i.test(argument)) return openUrl(argument);
  if (!existsSync(argument)) throw new AsrError('audio-undecodable', `There is no recording '${argument}'.`);
  if (statSync(argument).isDirectory())
    throw new AsrError('audio-undecodable', `'${argument}' is a folder, not a recording.`);
  const blob = await openAsBlob(argument);
  if (blob.size === 0) throw new AsrError('audio-empty', `The recording '${argument}' is empty (0 bytes).`);
  if (await isWav(blob)) return { blob, [Symbol.dispose]: () => {} };
  const target = temporaryFile();
  await convert(argument, target, argument);
  return temporaryAudio(target);
}

async function openUrl(url: string): Promise<OpenedAudio> {
  const blob = await download(url);
  if (await isWav(blob)) return { blob, [Symbol.dispose]: () => {} };
  const source = temporaryFile();
  const target = temporaryFile();
  writeFileSync(source, new Uint8Array(await blob.arrayBuffer()));
  try {
    await convert(source, target, url);
  } finally {
    rmSync(source, { force: true });
  }
  return temporaryAudio(target);
}

async function download(url: string): Promise<Blob> {
  const failed = (why: string, cause?: unknown): AsrError =>
    new AsrError('download-failed', `The recording ${url} could not be fetched: ${why}.`, { cause });
  let response: Response;
  try {
    response = await fetch(url);
    if (response.ok) return await response.blob();
  } catch (thrown) {
    throw failed(messageOf(thrown), thrown);
  }
  throw failed(`the server answered ${response.status}`);
}

async function temporaryAudio(path: string): Promise<OpenedAudio> {
  return { blob: await openAsBlob(path), [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function convert(source: string, target: string, name: string): Promise<void> {
  // `file:` keeps a name such as "a:b.mp3" from being read as a protocol; `-nostdin` keeps ffmpeg from eating ours.
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-i',
    `file:${source}`,
    '-map',
    '0:a:0',
    '-c:a',
    'pcm_f32le',
    '-rf64',
    'auto',
    '-f',
    'wav',
    target,
  ];
  const process = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  process.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  return new Promise((resolve, reject) => {
    process.on('error', (cause) => {
      const why = 'code' in cause && cause.code === 'ENOENT' ? 'no ffmpeg was found on PATH' : cause.message;
      reject(
        new AsrError(
          'audio-undecodable',
          `'${name}' is not a WAV file, and ${why}: install ffmpeg, or convert the recording to WAV.`,
          { cause },
        ),
      );
    });
    process.on('close', (status) => {
      if (status === 0) return resolve();
      const reason = complaint.trim().split('\n').at(-1) ?? '';
      reject(
        new AsrError(
          'audio-undecodable',
          `'${name}' could not be decoded: ffmpeg says: ${reason || `status ${status}`}.`,
        ),
      );
    });
  });
}

let folder: string | undefined;
let numFiles = 0;

function temporaryFile(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'sotto-'));
    folder = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  numFiles += 1;
  return join(folder, `${numFiles}.wav`);
}
