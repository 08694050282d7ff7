/** Checkpoints in the forms NVIDIA publishes (case `published`): features, encoder, texts, stamps, scores, confidence (WASM, Node). */
import { expect, test } from 'vitest';
import { type Config, changedConfig } from '../../e2e/support/decoding.ts';
import { floatWav } from '../../e2e/support/float-wav.ts';
import { expectNear } from '../../e2e/support/expect-near.ts';
import { type GoldenHypothesis, TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { LoadedModel } from './asr-model.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';

type Refusal = { readonly raises: string };
type Answers = readonly GoldenHypothesis[] | Refusal;
type Shape = {
  readonly sample_rate: number;
  readonly features_length: readonly number[];
  readonly encoded_length: readonly number[];
  readonly batch_length?: readonly number[];
  readonly timestamps: readonly GoldenHypothesis[];
  readonly 'ctc.timestamps'?: readonly GoldenHypothesis[];
  readonly confidence: Answers;
};

const golden = openGolden('published');
const shapes = golden.json['models'] as Record<string, Shape | Refusal>;
const names = Object.keys(shapes).filter((name) => !('raises' in shapes[name]!));

/** One clip, and the first 0.61 s of another. */
function wavesAt(rate: number): Float32Array[] {
  if (rate !== 16_000) return [0, 1].map((index) => golden.array(`${rate}.wave.${index}`).data);
  const [whole, other] = golden.inputs.map(({ samples }) => samples);
  return [whole!, other!.slice(0, 9760)];
}

async function open(name: string): Promise<LoadedModel> {
  const source = { kind: 'file', file: golden.archive(`${name}.nemo`), name: `${name}.nemo` } as const;
  const model = await loadModel(source, { device: 'wasm', cache: false });
  if (!(model instanceof LoadedModel)) throw new Error('not a recognizer');
  return model;
}

test.each(names)("%s: features and encoder output are NeMo's, one by one and as a batch", async (name) => {
  const shape = shapes[name] as Shape;
  const { parts, context } = await open(name);
  const clips = wavesAt(shape.sample_rate).map((samples) => parts.mel.extract(samples));
  expect(clips.map(({ numFrames }) => numFrames)).toEqual(shape.features_length);
  const features = golden.array(`${name}.1.features`);
  expect(difference(clips[1]!.data, features, { rows: clips[1]!.numFrames })).toBeLessThan(TOLERANCE.features);

  for (const [index, clip] of clips.entries()) {
    const { tensor, lengths } = await parts.encoder.encode([clip], context);
    expect(lengths).toEqual([shape.encoded_length[index]]);
    const ours = transposed(await hostValues(tensor), lengths[0]!, tensor.dims[2] as number);
    expect(difference(ours, golden.array(`${name}.${index}.encoded`), { rows: lengths[0]! })).toBeLessThan(
      TOLERANCE.encoded,
    );
  }
  if (!shape.batch_length) return;
  const { tensor, lengths } = await parts.encoder.encode(clips, context);
  expect(lengths).toEqual(shape.batch_length);
  const [, stride, size] = tensor.dims as [number, number, number];
  const values = await hostValues(tensor);
  const theirs = golden.array(`${name}.batch.encoded`);
  const [, , columns] = theirs.shape as [number, number, number];
  lengths.forEach((length, index) => {
    const ours = transposed(values.subarray(index * stride * size), length, size);
    const clip = {
      shape: [size, columns],
      data: theirs.data.subarray(index * size * columns, (index + 1) * size * columns),
    };
    expect(difference(ours, clip, { rows: length })).toBeLessThan(TOLERANCE.encoded);
  });
});

test.each(names)('%s: texts, stamps, scores and confidence are those of NeMo', async (name) => {
  const shape = shapes[name] as Shape;
  const model = await open(name);
  const files = wavesAt(shape.sample_rate).map((samples) => floatWav(samples, shape.sample_rate));
  const expectAnswers = async (answers: Answers, timestamps = false): Promise<void> => {
    if ('raises' in answers) return;
    const results = await model.transcribe(files, { timestamps });
    results.forEach(({ hypothesis }, index) => expectSame(hypothesis, answers[index]!));
  };
  await expectAnswers(shape.timestamps, true);
  if (shape['ctc.timestamps']) {
    await model.changeDecodingStrategy(undefined, { decoderType: 'ctc' });
    await expectAnswers(shape['ctc.timestamps'], true);
    await model.changeDecodingStrategy(undefined, { decoderType: 'rnnt' });
  }
  const hasDecoding = (model.cfg as Config)['decoding'] !== undefined;
  const confidence: Config = {
    preserve_alignments: true,
    compute_timestamps: true,
    confidence_cfg: {
      preserve_frame_confidence: true,
      preserve_token_confidence: true,
      preserve_word_confidence: model.parts.spec.tokenizer.kind !== 'char',
    },
  };
  await model.changeDecodingStrategy(hasDecoding ? changedConfig(model, 'decoding', confidence) : confidence);
  await expectAnswers(shape.confidence);
});

function expectSame(ours: Hypothesis, theirs: GoldenHypothesis): void {
  expect(ours.text).toBe(theirs.text);
  if (theirs.y_sequence) expect(ours.ySequence).toEqual(theirs.y_sequence);
  const tolerance = TOLERANCE.score * Math.max(1, ours.ySequence.length);
  expect(Math.abs(ours.score - theirs.score)).toBeLessThan(tolerance);
  const stamps = theirs.timestamp;
  if (stamps && 'word' in stamps) {
    expect(ours.timestamp.timestep).toEqual(stamps.timestep);
    for (const kind of ['char', 'word', 'segment'] as const) {
      const spans = ours.timestamp[kind] ?? [];
      expect(spans.map((span) => [Reflect.get(span, kind), span.startOffset, span.endOffset])).toEqual(
        stamps[kind].map((span) => [Reflect.get(span, kind), span.start_offset, span.end_offset]),
      );
      // Seconds are there with timestamps=True only.
      stamps[kind].forEach(({ end }, index) => {
        if (end !== undefined) expect(spans[index]!.end).toBeCloseTo(end, 9);
      });
    }
  }
  if (theirs.token_confidence) expectNear(ours.tokenConfidence, theirs.token_confidence);
  if (theirs.word_confidence) expectNear(ours.wordConfidence, theirs.word_confidence);
  if (theirs.frame_confidence) expectNear(ours.frameConfidence, theirs.frame_confidence);
}

/** [frames, size] -> [size, frames] */
function transposed(values: Float32Array, frames: number, size: number): Float32Array {
  return Float32Array.from(
    { length: frames * size },
    (_, at) => values[(at % frames) * size + Math.floor(at / frames)]!,
  );
}

/** Greatest absolute difference of [size, rows] from the first columns of NeMo's [size, columns]. */
function difference(
  ours: Float32Array,
  theirs: { readonly shape: readonly number[]; readonly data: Float32Array },
  { rows }: { readonly rows: number },
): number {
  const columns = theirs.shape[1] as number;
  let worst = 0;
  for (let at = 0; at < ours.length; at++) {
    const wanted = theirs.data[Math.floor(at / rows) * columns + (at % rows)]!;
    worst = Math.max(worst, Math.abs(ours[at]! - wanted));
  }
  return worst;
}
