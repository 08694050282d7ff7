/** ASR-TTS hybrids and classifiers: models that are more, or less, than a recognizer (WASM, Node). */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { readYaml } from '../archive/yaml.ts';
import type { CheckpointFiles } from '../base/files.ts';
import { LoadedModel } from './asr-model.ts';
import type { EngineModel } from './engine-model.ts';
import { loadModel } from './load.ts';
import { openSource } from '../checkpoint/source.ts';
import { openOriginal, saveCheckpoint } from './original.ts';

const load = (file: Blob, expectedClass?: string): Promise<EngineModel> =>
  loadModel(
    { kind: 'file', file, name: 'model.nemo' },
    { device: 'wasm', cache: false, ...(expectedClass ? { expectedClass } : {}) },
  );

test.each(['model.nemo', 'hybrid.nemo', 'fused.nemo', 'extracted.nemo'])(
  'asr-with-tts/%s transcribes as its recognizer does',
  async (file) => {
    const golden = openGolden('asr-with-tts');
    const isHybrid = file === 'hybrid.nemo' || file === 'fused.nemo';
    const model = await load(golden.archive(file), isHybrid ? 'ASRWithTTSModel' : 'EncDecCTCModelBPE');
    expect(model.info.className).toBe(isHybrid ? 'ASRWithTTSModel' : 'EncDecCTCModelBPE');
    const results = await model.transcribe(golden.inputs.map((input) => input.file));
    const expected = golden.transcripts('greedy').single;
    results.forEach(({ hypothesis }, index) => {
      expect(hypothesis.text).toBe(expected[index]!.text);
      expect(hypothesis.score).toBeCloseTo(expected[index]!.score, 2);
    });
    await model.dispose();
  },
);

test('the recognizer of an ASRWithTTSModel is saved as a checkpoint of its own', async () => {
  const golden = openGolden('asr-with-tts');
  const hybrid = await load(golden.archive('fused.nemo'));
  if (!(hybrid instanceof LoadedModel)) throw new Error('not a recognizer');
  const saved = await load(await hybrid.saveAsrModelTo(), 'EncDecCTCModelBPE');
  const [result] = await saved.transcribe([golden.inputs[0]!.file]);
  expect(result?.hypothesis.text).toBe(golden.transcripts('greedy').single[0]!.text);
  if (!(saved instanceof LoadedModel)) throw new Error('not a recognizer');
  await expect(saved.saveAsrModelTo()).rejects.toMatchObject({ code: 'unsupported-option' });
});

test.each(['quartznet-ctc-char', 'fastconformer-tdt-bpe', 'canary2-aed'])(
  '%s is saved as an archive that gives the same text, and exports what it runs',
  async (name) => {
    const golden = openGolden(name);
    const clip = golden.inputs[1]!.file;
    const model = await load(golden.archive());
    if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
    const [expected] = await model.transcribe([clip]);
    const [result] = await (await load(await model.saveTo())).transcribe([clip]);
    expect(result?.hypothesis.text).toBe(expected?.hypothesis.text);
    const files = await model.exportOnnx();
    const notes = JSON.parse(await files.get('sotto.json')!.text()) as { graphs: Record<string, string[]> };
    for (const [graph, data] of Object.entries(notes.graphs))
      for (const file of [`${graph}.onnx`, ...data]) expect([...files.keys()]).toContain(file);
    expect(await readYaml(files.get('model_config.yaml')!)).toEqual(model.cfg);
    const small = await model.exportOnnx({ precision: 'int8' });
    const bytes = (exported: CheckpointFiles) =>
      [...exported].reduce((sum, [file, { size }]) => sum + (file.endsWith('.data') ? size : 0), 0);
    expect(bytes(small)).toBeLessThan(0.6 * bytes(files));
    await expect(model.exportOnnx({ precision: 'int2' })).rejects.toMatchObject({ code: 'unsupported-option' });
  },
);

test('the signal of opening has nothing to say about saving later', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const model = await loadModel(
    { kind: 'file', file: openGolden('quartznet-ctc-char').archive(), name: 'model.nemo' },
    { device: 'wasm', cache: false, signal },
  );
  controller.abort();
  expect((await (model as LoadedModel).saveTo()).size).toBeGreaterThan(1000);
});

test('a copy in the store is saved from where it came, or the error says what to do', async () => {
  const stored = { kind: 'stored', id: 'some' } as const;
  await expect(openOriginal(stored, {}, { name: 'mine.nemo' })).rejects.toMatchObject({
    code: 'unsupported-option',
    message: expect.stringMatching(/^mine\.nemo .*Open its \.nemo again/),
  });
  const url = 'https://example.org/model.nemo';
  const archive = openGolden('quartznet-ctc-char').archive();
  const fetch = serve(archive);
  const { id } = await openSource({ kind: 'url', url }, { fetch });
  const origin = { source: { kind: 'url', url }, contentId: id } as const;
  const files = await openOriginal(stored, { fetch }, { name: 'model.nemo', origin });
  const saved = await load(await saveCheckpoint(files), 'EncDecCTCModel');
  expect(saved.info.className).toBe('EncDecCTCModel');
  await expect(
    openOriginal(stored, { fetch }, { name: 'model.nemo', origin: { ...origin, contentId: 'other' } }),
  ).rejects.toMatchObject({ message: expect.stringContaining(`has changed where it came from (${url})`) });
});

/** Answers every request with (a part of) `archive`. */
function serve(archive: Blob): typeof fetch {
  return async (input, init) => {
    const { method, headers } = new Request(input, init);
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(headers.get('range') ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = to ? Number(to) + 1 : archive.size;
    return new Response(method === 'HEAD' ? null : archive.slice(start, end), {
      status: from === undefined ? 200 : 206,
      headers: {
        etag: '"one"',
        'accept-ranges': 'bytes',
        'content-length': String(from === undefined ? archive.size : end - start),
        ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${archive.size}` }),
      },
    });
  };
}

const CLIPS = ['marblenet-classification', 'marblenet-mfcc'];

test.each(CLIPS)("%s, a clip classifier, answers with its label and NeMo's probabilities", async (name) => {
  const golden = openGolden(name);
  const model = await load(golden.archive(), 'EncDecClassificationModel');
  expect(model.info.labels).toEqual(golden.json['labels']);
  const results = await model.transcribe(golden.inputs.map((input) => input.file));
  const labels = golden.json['labels'] as string[];
  const answers = golden.json['transcribe'] as [number][];
  const logits = golden.json['transcribe_logprobs'] as number[][];
  results.forEach(({ hypothesis }, index) => {
    expect(hypothesis.text).toBe(labels[answers[index]![0]]);
    const expected = softmax(logits[index]!);
    hypothesis.labels!.forEach(({ label, score }, position) => {
      expect(label).toBe(labels[position]);
      expect(Math.abs(score - expected[position]!)).toBeLessThan(TOLERANCE.logits);
    });
  });
});

test("a frame classifier gives NeMo's probabilities for every frame, and stretches of speech as segments", async () => {
  const golden = openGolden('marblenet-frame-vad');
  const model = await load(golden.archive(), 'EncDecFrameClassificationModel');
  for (const [index, input] of golden.inputs.entries()) {
    const [result] = await model.transcribe([input.file], { timestamps: true });
    const { frameScores, timestamp, text } = result!.hypothesis;
    const { numFrames, numClasses, values } = frameScores!;
    expect(numFrames).toBe(golden.encodedLength(index));
    const theirs = golden.array(`single.${index}.speech_probability`).data;
    for (let frame = 0; frame < numFrames; frame++)
      expect(Math.abs(values[frame * numClasses + 1]! - theirs[frame]!)).toBeLessThan(TOLERANCE.logits);
    expect(timestamp.segment!.at(-1)!.endOffset).toBe(numFrames);
    expect(text).toBe(timestamp.segment!.map(({ segment }) => segment).join(' '));
  }
});

test('a classifier has nothing to stream', async () => {
  const model = await load(openGolden('marblenet-frame-vad').archive());
  await expect(model.openStream({}, () => {})).rejects.toMatchObject({ code: 'unsupported-option' });
});

function softmax(values: readonly number[]): number[] {
  const highest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - highest));
  return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
}
