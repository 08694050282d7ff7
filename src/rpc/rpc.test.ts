/** The protocol end to end over a real message channel: a small echo engine on one side, the page's handles on the other. */
import { describe, expect, it } from 'vitest';
import { openEcho } from '../../e2e/support/echo-model.ts';
import { AsrError } from '../base/errors.ts';
import type { TranscribeOptions } from '../engine/options.ts';
import { ASRModel } from './asr-model.ts';
import { eachRecording, toWireAudio, toWireInputs } from './audio-input.ts';
import { EncDecCTCModel } from './model-classes.ts';

describe('the page and its worker', () => {
  it('gives hypotheses in input order and reports progress', async () => {
    const { model, close } = await openEcho();
    const texts: string[] = [];
    const onProgress: TranscribeOptions['onProgress'] = (progress) =>
      progress.phase === 'transcribe' && texts.push(progress.text);
    const results = await model.transcribe([new Float32Array(3), new Float32Array(1)], { onProgress });
    expect(results.map(({ text }) => text)).toEqual(['3', '1']);
    expect(texts).toEqual(['3', '1']);
    expect(model.cfg).toEqual({ sample_rate: 16000 });
    close();
  });

  it('keeps the code of an error', async () => {
    const { model, close } = await openEcho();
    const failure = await model.transcribe(new Float32Array(0)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AsrError);
    expect(failure).toMatchObject({ code: 'audio-empty', message: 'no samples' });
    close();
  });

  it('rejects at once when the signal fires, and stays usable', async () => {
    const { model, close } = await openEcho();
    const controller = new AbortController();
    const slow = model.transcribe(new Float32Array(60_000), { signal: controller.signal });
    setTimeout(() => controller.abort(), 10);
    await expect(slow).rejects.toMatchObject({ code: 'cancelled' });
    await expect(model.transcribe(new Float32Array(2))).resolves.toMatchObject([{ text: '2' }]);
    close();
  });

  it('rejects every waiting call when the worker crashes', async () => {
    const { model, worker } = await openEcho();
    const waiting = [model.transcribe(new Float32Array(60_000)), model.transcribe(new Float32Array(60_000))];
    const settled = Promise.allSettled(waiting);
    worker.dispatchEvent(Object.assign(new Event('error'), { message: 'RangeError: Array buffer allocation failed' }));
    for (const result of await settled)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'out-of-memory' } });
    await expect(model.transcribe(new Float32Array(1))).rejects.toMatchObject({ code: 'out-of-memory' });
  });

  it('rejects with disposed after dispose', async () => {
    const { model } = await openEcho();
    const waiting = model.transcribe(new Float32Array(60_000)).catch((error: unknown) => error);
    await model.dispose();
    expect(await waiting).toMatchObject({ code: 'disposed' });
  });

  it('streams: the newest update reaches the reader, the last one is final, and the iterator ends', async () => {
    const { model, close } = await openEcho();
    const stream = model.stream();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const update of stream) seen.push(update.isFinal ? `${update.committed}!` : update.draft);
    })();
    await stream.push(new Float32Array(5));
    await stream.push(new Float32Array(7));
    expect((await stream.finish()).text).toBe('12');
    await reading;
    expect(seen.at(-1)).toBe('12!');
    await expect(stream.push(new Float32Array(1))).rejects.toMatchObject({ code: 'disposed' });
    close();
  });

  it('refuses methods that the engine lacks or that objects inherit', async () => {
    const { model, close } = await openEcho();
    await expect(model.saveTo()).rejects.toMatchObject({ code: 'unsupported-option' });
    close();
  });

  it('yields batches of the generator one by one', async () => {
    const { model, close } = await openEcho();
    const audio = [1, 2, 3].map((length) => new Float32Array(length));
    const batches: string[][] = [];
    for await (const batch of model.transcribeGenerator(audio, { batchSize: 2 }))
      batches.push(batch.map(({ text }) => text));
    expect(batches).toEqual([['1', '2'], ['3']]);
    close();
  });
});

describe('transcribeGenerator over hundreds of recordings', () => {
  it('takes inputs only when their batch is asked for, from endless sources too', async () => {
    const { model, close } = await openEcho();
    let taken = 0;
    let ended = false;
    function* endless(): Generator<Float32Array> {
      try {
        for (;;) yield new Float32Array((taken++ % 2) + 1);
      } finally {
        ended = true;
      }
    }
    let seen = 0;
    for await (const batch of model.transcribeGenerator(endless(), { batchSize: 8 })) {
      seen += batch.length;
      expect(taken).toBe(seen);
      if (seen === 400) break;
    }
    expect(ended).toBe(true);
    close();
  });

  it('ends in the middle when the signal fires, and the model stays usable', async () => {
    const { model, close } = await openEcho();
    const controller = new AbortController();
    const audio = Array.from({ length: 300 }, () => new Float32Array(1));
    let batches = 0;
    const reading = (async () => {
      for await (const _ of model.transcribeGenerator(audio, { batchSize: 4, signal: controller.signal }))
        if (++batches === 5) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    expect(batches).toBe(5);
    await expect(model.transcribe(new Float32Array(2))).resolves.toMatchObject([{ text: '2' }]);
    close();
  });
});

describe('manifests', () => {
  const manifest =
    '{"audio_filepath": "a/x.wav", "offset": 1, "duration": 2}\n\n{"audio_filepath": "b/x.wav", "taskname": "ast", "biasing_request": {"boosting_model_alpha": 2}}';
  const file = (folder: string): Blob =>
    Object.assign(new Blob([folder]), { name: 'x.wav', webkitRelativePath: `set/${folder}/x.wav` });

  it('become their lines, in order, among other inputs', async () => {
    const [a, b] = [file('a'), file('b')];
    const samples = new Float32Array(1);
    expect(await toWireInputs([samples, { manifest: new Blob([manifest]), resolve: [b, a] }])).toEqual([
      samples,
      { audio: a, offset: 1, duration: 2 },
      { audio: b, slots: { task: 'ast' }, biasingRequest: { boosting_model_alpha: 2 } },
    ]);
  });

  it('find their files by a function, or by addresses', async () => {
    const asked: string[] = [];
    const resolve = async (path: string): Promise<URL> => {
      asked.push(path);
      return new URL(path, 'https://example.org/set/');
    };
    expect(await toWireInputs({ manifest, resolve })).toMatchObject([
      { audio: 'https://example.org/set/a/x.wav' },
      { audio: 'https://example.org/set/b/x.wav' },
    ]);
    expect(asked).toEqual(['a/x.wav', 'b/x.wav']);
  });

  it.each([
    ['{"audio_filepath": "a"}\n{"text": "x"}', 'line 2 of manifest has no audio_filepath'],
    ['{"audio_filepath": "a"', 'line 1 of manifest is not JSON'],
    ['{"audio_filepath": "nowhere.wav"}', 'line 1 of manifest: nowhere.wav is not among the files that were given (1)'],
    ['{"audio_filepath": "a", "offset": "soon"}', 'line 1 of manifest has offset "soon"'],
  ])('name the line that is broken: %s', async (text, message) => {
    const { model, close } = await openEcho();
    const failure = await model.transcribe({ manifest: text, resolve: [file('a')] }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'manifest-invalid' });
    expect((failure as Error).message).toContain(message);
    close();
  });

  it('come line by line from the generator', async () => {
    const lines = Array.from({ length: 5 }, (_, index) => `{"audio_filepath": "${index}.wav"}`).join('\n');
    const seen: unknown[] = [];
    for await (const item of eachRecording({ manifest: lines, resolve: (path) => new Blob([path]) })) seen.push(item);
    expect(seen).toHaveLength(5);
  });
});

describe('wrong arguments', () => {
  it('throw TypeError before a promise is made', () => {
    expect(() => ASRModel.restoreFrom(42 as never)).toThrow(TypeError);
    expect(() => ASRModel.fromPretrained('')).toThrow(TypeError);
    expect(() => EncDecCTCModel.fromPretrained('x', { device: 'gpu' as never })).toThrow(
      "options.device must be 'auto' or 'webgpu' or 'wasm'",
    );
    expect(() => toWireAudio([new Float32Array(1), { samples: 3 } as never])).toThrow('audio[1]');
  });
});
