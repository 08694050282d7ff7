/** Recordings that are fetched: what a broken line looks like to the caller. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import { StorageServer } from '../../e2e/support/storage-server.ts';
import { readManifestInput } from '../rpc/manifest-input.ts';
import { openAudio } from './audio-source.ts';

let server: StorageServer;
beforeAll(async () => {
  server = await StorageServer.start();
  const clip = openGolden('quartznet-ctc-char').inputs[0]!.file;
  server.files.set('/clip.wav', new Uint8Array(await clip.arrayBuffer()));
  server.files.set('/all.jsonl', new TextEncoder().encode('{"audio_filepath": "clip.wav"}\n'.repeat(1000)));
});
afterAll(() => server.close());

async function read(name: string): Promise<number> {
  let numSamples = 0;
  for await (const block of openAudio(`${server.url}/${name}`, { sampleRate: 16_000 })) numSamples += block.length;
  return numSamples;
}

test('a recording is read from its address; no file there, and a cut in the middle, are failed downloads', async () => {
  expect(await read('clip.wav')).toBeGreaterThan(8000);
  await expect(read('none.wav')).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('answered 404'),
  });
  server.failWith({ kind: 'cut', afterBytes: 1000 });
  await expect(read('clip.wav')).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('clip.wav could not be fetched'),
  });
});

test('so is a manifest that is cut', async () => {
  server.failWith({ kind: 'cut', afterBytes: 100 });
  await expect(readManifestInput({ manifest: `${server.url}/all.jsonl` })).rejects.toMatchObject({
    code: 'download-failed',
  });
  expect(await readManifestInput({ manifest: `${server.url}/all.jsonl` })).toHaveLength(1000);
});
