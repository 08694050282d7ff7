/** Predictor and joint forced onto the GPU (`decoderDevice`) decide every token as they do on WASM, frame for frame. */
import { readFile } from 'node:fs/promises';
import { expect } from '@playwright/test';
import { SPOKEN, WRITTEN, checkpoint, clip, test } from './support/page.ts';
import { serveLibrary } from './support/library.ts';

// SwiftShader runs the real shaders; the fixtures are small, so that it does so in seconds.
for (const [family, texts] of [
  ['fastconformer-rnnt-bpe', [SPOKEN.morning, SPOKEN.forty]],
  ['fastconformer-tdt-bpe', [WRITTEN.morning, WRITTEN.forty]],
] as const) {
  test(`${family}: the same tokens, frames and words on both devices`, async ({ page }) => {
    await using library = await serveLibrary();
    await page.goto(library.url);
    const read = async (path: string): Promise<string> => (await readFile(path)).toString('base64');
    const archive = await read(checkpoint(family));
    const clips = await Promise.all([read(clip('morning')), read(clip('forty'))]);
    const run = (decoderDevice: 'webgpu' | 'wasm') =>
      page.evaluate(
        async ([archive, clips, decoderDevice]) => {
          const { ASRModel } = await import(`${location.origin}/index.js`);
          const bytes = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
          const options = { device: 'webgpu', decoderDevice };
          const model = await ASRModel.restoreFrom(new File([bytes(archive)], 'tiny.nemo'), options);
          const audio = clips.map((clip) => new Blob([bytes(clip)]));
          const hypotheses = await model.transcribe(audio, { timestamps: true });
          const { device, decoderDevice: ran, reason } = model.report;
          await model[Symbol.asyncDispose]();
          return {
            devices: [device, ran, reason],
            answers: hypotheses.map(({ text, ySequence, timestamp }: Record<string, unknown>) => ({
              text,
              ySequence,
              timestamp,
            })),
          };
        },
        [archive, clips, decoderDevice] as const,
      );
    const onGpu = await run('webgpu');
    const onWasm = await run('wasm');
    expect(onGpu.devices.slice(0, 2), String(onGpu.devices[2])).toEqual(['webgpu', 'webgpu']);
    expect(onWasm.devices.slice(0, 2), String(onWasm.devices[2])).toEqual(['webgpu', 'wasm']);
    expect(onGpu.answers).toEqual(onWasm.answers);
    expect(onGpu.answers.map(({ text }: { text: string }) => text)).toEqual(texts);
  });
}
