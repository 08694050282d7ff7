/** How a stream ends when it is not finished: by its signal, by an error, while it is still opening. */
import { expect, test } from 'vitest';
import { openEcho } from '../../e2e/support/echo-model.ts';
import type { TranscriptionStream } from './stream.ts';

async function lastOf(stream: TranscriptionStream): Promise<unknown> {
  let last: unknown;
  for await (const update of stream) last = update.draft;
  return last;
}

async function untilLogged(log: readonly string[], entry: string): Promise<void> {
  while (!log.includes(entry)) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('a signal that fires between two pushes ends the reader, and the stream in the worker', async () => {
  const { model, log, close } = await openEcho();
  const controller = new AbortController();
  const stream = model.stream({ signal: controller.signal });
  const reading = lastOf(stream);
  await stream.push(new Float32Array(5));
  controller.abort();
  expect(await reading).toBe('5');
  await expect(stream.push(new Float32Array(1))).rejects.toMatchObject({ code: 'cancelled' });
  await untilLogged(log, 'cancelled');
  close();
});

test('a signal that fires while a stream opens leaves none behind in the worker', async () => {
  const { model, log, close } = await openEcho();
  const controller = new AbortController();
  const stream = model.stream({ signal: controller.signal, chunkSeconds: 20 });
  await untilLogged(log, 'opening');
  controller.abort();
  await lastOf(stream);
  await untilLogged(log, 'cancelled');
  expect(log).toEqual(['opening', 'opened', 'cancelled']);
  close();
});

test('an error ends the stream in the worker too; finishing or cancelling it afterwards is harmless', async () => {
  const { model, log, close } = await openEcho();
  const stream = model.stream();
  const reading = lastOf(stream);
  await expect(stream.push(new Float32Array(0))).rejects.toMatchObject({ code: 'audio-empty' });
  await expect(reading).rejects.toMatchObject({ code: 'audio-empty' });
  await untilLogged(log, 'cancelled');
  await stream.cancel();
  await expect(stream.finish()).rejects.toMatchObject({ code: 'audio-empty' });
  await expect(model.transcribe(new Float32Array(2))).resolves.toMatchObject([{ text: '2' }]);
  close();
});
