/** Files that are broken, empty, silent or something else: a message that says what to do, and a page that goes on. */
import { readFile } from 'node:fs/promises';
import { type Page, expect } from '@playwright/test';
import { encodeWav } from '../src/audio/wav.ts';
import { SPOKEN, card, checkpoint, clip, drop, give, media, openPage, test, textOf } from './support/page.ts';

type Bad = {
  readonly name: string;
  readonly file: string;
  readonly bytes: () => Promise<Buffer> | Buffer;
  readonly code: string;
  /** What the page says, in the open. */
  readonly says: RegExp;
};

const RECORDINGS: readonly Bad[] = [
  {
    name: 'an empty file',
    file: 'empty.wav',
    bytes: () => Buffer.alloc(0),
    code: 'audio-empty',
    says: /no sound in this file.*right file/is,
  },
  {
    name: 'a WAV without samples',
    file: 'header.wav',
    bytes: () => wav(new Float32Array(0)),
    code: 'audio-empty',
    says: /no sound in this file.*right file/is,
  },
  {
    name: 'a text file',
    file: 'letter.mp3',
    bytes: () => Buffer.from('Dear Sir or Madam'.repeat(100)),
    code: 'audio-undecodable',
    says: /not an audio or video file.*Convert it/is,
  },
  {
    name: 'half an M4A, whose index is at its end',
    file: 'half.m4a',
    bytes: () => head(media('aac.m4a'), 0.5),
    code: 'audio-undecodable',
    says: /no track that Sotto can read.*Convert it/is,
  },
  {
    name: 'a WAV whose header is cut',
    file: 'cut.wav',
    bytes: () => head(clip('forty'), 0.0005),
    code: 'audio-undecodable',
    says: /not a readable WAV file.*Save it again/is,
  },
  {
    name: 'a FLAC that is noise behind its header',
    file: 'noise.flac',
    bytes: async () => (await readFile(media('flac.flac'))).fill(0x5a, 200),
    code: 'audio-',
    says: /.+/s,
  },
];

const CHECKPOINTS: readonly Bad[] = [
  {
    name: 'no archive at all',
    file: 'broken.nemo',
    bytes: () => Buffer.from('this is no archive at all'.repeat(400)),
    code: 'checkpoint-corrupt',
    says: /damaged or is not a \.nemo.*Get the file again/is,
  },
  {
    name: 'half a checkpoint',
    file: 'half.nemo',
    bytes: () => head(checkpoint('fastconformer-ctc-bpe'), 0.5),
    code: 'checkpoint-corrupt',
    says: /damaged or is not a \.nemo.*Get the file again/is,
  },
  {
    name: 'an empty checkpoint',
    file: 'empty.nemo',
    bytes: () => Buffer.alloc(0),
    code: 'checkpoint-corrupt',
    says: /damaged or is not a \.nemo.*Get the file again/is,
  },
  {
    name: 'a recording by the name of a checkpoint',
    file: 'foreign.nemo',
    bytes: () => readFile(clip('forty')),
    code: 'checkpoint-corrupt',
    says: /damaged or is not a \.nemo.*Get the file again/is,
  },
];

test('recordings that cannot be used are told in plain words, and the next one is transcribed', async ({
  page,
  device,
}) => {
  await openPage(page, device, [checkpoint('fastconformer-ctc-bpe')]);
  for (const bad of RECORDINGS) await giveBytes(page, bad.file, await bad.bytes());
  for (const { name, file, says, code } of RECORDINGS) {
    const problem = card(page, file).locator('.problem');
    await expect(problem, name).toContainText(says);
    expect(await problem.getAttribute('data-code'), name).toContain(code);
  }
  await drop(page, [clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
});

test('checkpoints that cannot be used are told in plain words, nothing of them is kept, and another one opens', async ({
  page,
  device,
}) => {
  await openPage(page, device);
  const panel = page.locator('sotto-model-panel');
  for (const { name, file, bytes, says, code } of CHECKPOINTS) {
    await giveBytes(page, file, await bytes());
    await expect(panel.locator('.problem'), name).toContainText(says);
    await expect(panel.locator('.problem'), name).toHaveAttribute('data-code', code);
    await expect(panel.locator('[part=status]'), name).toContainText(`${file} could not be opened.`);
    await give(page, [checkpoint('fastconformer-ctc-bpe')]);
    await expect(panel.locator('[part=model]')).toHaveText(/model/);
  }
  await drop(page, [clip('forty')]);
  await expect(textOf(card(page, 'forty.wav'))).toHaveText(SPOKEN.forty);
  await page.getByRole('button', { name: 'Change model' }).click();
  await expect(page.locator('sotto-model-panel li[data-stored]')).toHaveCount(1);
});

test('silence and a single sample are no errors: no speech is found in them', async ({ page, device }) => {
  test.skip(device === 'webgpu', 'the built-in checkpoint, which knows silence, is too slow on SwiftShader');
  await openPage(page, device);
  await giveBytes(page, 'silence.wav', await wav(new Float32Array(32_000)));
  await giveBytes(page, 'sample.wav', await wav(Float32Array.of(0.5)));
  for (const name of ['silence.wav', 'sample.wav']) {
    await expect(card(page, name)).toContainText('No speech was found.');
    await expect(card(page, name).locator('.problem')).toHaveCount(0);
  }
});

async function giveBytes(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page
    .locator('sotto-page input[multiple]')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
}

async function head(path: string, share: number): Promise<Buffer> {
  const whole = await readFile(path);
  return whole.subarray(0, Math.floor(whole.length * share));
}

async function wav(samples: Float32Array): Promise<Buffer> {
  return Buffer.from(await encodeWav(samples, 16_000).arrayBuffer());
}
