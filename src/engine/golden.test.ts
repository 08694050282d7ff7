/** The whole engine against NeMo: features, encoder, head, hypotheses, one by one and as a batch (WASM, Node). */
import { expect, test } from 'vitest';
import { type Golden, type GoldenHypothesis, TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import type { MelFeatures } from '../audio/mel.ts';
import { LoadedModel } from './asr-model.ts';
import { projectFrames } from './decode-clips.ts';
import { hostValues } from './encoder-tensors.ts';
import { loadModel } from './load.ts';
import type { Hypothesis, TimeSpan } from '../base/hypothesis.ts';

const CASES = [
  'fastconformer-ctc-bpe',
  'fastconformer-rnnt-bpe',
  'fastconformer-tdt-bpe',
  'hybrid-rnnt-ctc',
  'hybrid-tdt-ctc',
  'fastconformer-streaming-hybrid',
];

async function open(golden: Golden): Promise<LoadedModel> {
  const model = await loadModel(
    { kind: 'file', file: golden.archive(), name: `${golden.name}.nemo` },
    { device: 'wasm', cache: false },
  );
  if (!(model instanceof LoadedModel)) throw new Error('not an engine model');
  return model;
}

function featureDifference(
  { data, numFeatures, numFrames }: MelFeatures,
  theirs: { data: Float32Array; shape: readonly number[] },
): number {
  const columns = theirs.shape.at(-1) as number;
  let worst = 0;
  for (let row = 0; row < numFeatures; row++) {
    for (let frame = 0; frame < numFrames; frame++)
      worst = Math.max(worst, Math.abs(data[row * numFrames + frame]! - theirs.data[row * columns + frame]!));
  }
  return worst;
}

/** Greatest absolute difference between [frames, size] and NeMo's [size, frames]. */
function difference(
  ours: Float32Array,
  theirs: { data: Float32Array; shape: readonly number[] },
  frames: number,
  size: number,
  offset = 0,
): number {
  const columns = theirs.shape.at(-1) as number;
  let worst = 0;
  for (let frame = 0; frame < frames; frame++) {
    for (let index = 0; index < size; index++) {
      worst = Math.max(worst, Math.abs(ours[offset + frame * size + index]! - theirs.data[index * columns + frame]!));
    }
  }
  return worst;
}

test.each(CASES)('%s: features and encoder output equal NeMo, one by one and as a masked batch', async (name) => {
  const golden = openGolden(name);
  const model = await open(golden);
  const { mel, encoder, spec } = model.parts;
  const clips = golden.inputs.map((input) => mel.extract(input.samples));
  for (const [index, clip] of clips.entries()) {
    expect(clip.numFrames).toBe(golden.featuresLength(index));
    // Features of the same front end are recorded once, with one of the cases.
    if (golden.json.stages?.single[index]?.features_file)
      expect(featureDifference(clip, golden.features(index))).toBeLessThan(TOLERANCE.features);
    const encoded = await encoder.encode([clip], model.context);
    expect(encoded.lengths).toEqual([golden.encodedLength(index)]);
    const size = spec.encoder.outputSize;
    expect(
      difference(await hostValues(encoded.tensor), golden.encoded(index), encoded.lengths[0] as number, size),
    ).toBeLessThan(TOLERANCE.encoded);
  }
  const batch = await encoder.encode(clips, model.context);
  const values = await hostValues(batch.tensor);
  const [, stride, size] = batch.tensor.dims as [number, number, number];
  batch.lengths.forEach((length, index) => {
    expect(difference(values, golden.encoded(index), length, size, index * stride * size)).toBeLessThan(
      TOLERANCE.encoded,
    );
  });
});

type Head = readonly [string, 'ctc' | 'rnnt' | undefined];
const HEADS = CASES.flatMap((name): Head[] =>
  name.includes('hybrid')
    ? [
        [name, 'rnnt'],
        [name, 'ctc'],
      ]
    : [[name, undefined]],
);

test.each(HEADS)(
  '%s (%s): text, ids, score and timestamps equal NeMo, single and batched',
  async (name, decoderType) => {
    const golden = openGolden(name);
    const model = await open(golden);
    if (decoderType) await model.changeDecodingStrategy(undefined, { decoderType });
    const key = decoderType === 'ctc' ? 'ctc.timestamps' : 'timestamps';
    const expected = golden.transcripts(key);
    const files = golden.inputs.map((input) => input.file);

    const batch = await model.transcribe(files, { timestamps: true });
    for (const [index, file] of files.entries()) {
      const [single] = await model.transcribe([file], { timestamps: true });
      compare(single?.hypothesis as Hypothesis, expected.single[index] as GoldenHypothesis);
      compare(batch[index]?.hypothesis as Hypothesis, expected.batch[index] as GoldenHypothesis);
    }
  },
);

function compare(ours: Hypothesis, theirs: GoldenHypothesis): void {
  expect(ours.text).toBe(theirs.text);
  if (theirs.y_sequence) expect(ours.ySequence).toEqual(theirs.y_sequence);
  expect(Math.abs(ours.score - theirs.score)).toBeLessThan(TOLERANCE.score * Math.max(1, ours.ySequence.length));
  const stamps = theirs.timestamp;
  if (!stamps || !('timestep' in stamps)) throw new Error('the golden has no timestamps');
  expect(ours.timestamp.timestep).toEqual(stamps.timestep);
  compareStamps(ours.timestamp.word, stamps.word, 'word');
  compareStamps(ours.timestamp.char, stamps.char, 'char');
  compareStamps(ours.timestamp.segment, stamps.segment, 'segment');
}

type GoldenSpan = { start_offset: number; end_offset: number; start?: number; end?: number };

/** Text and offsets exactly; seconds to 1e-9, because the goldens are written with twelve digits. */
function compareStamps(
  ours: readonly (TimeSpan & object)[] | undefined,
  theirs: readonly GoldenSpan[],
  kind: string,
): void {
  expect(ours?.map((span) => [Reflect.get(span, kind), span.startOffset, span.endOffset])).toEqual(
    theirs.map((span) => [Reflect.get(span, kind), span.start_offset, span.end_offset]),
  );
  ours?.forEach((span, index) => {
    expect(span.start).toBeCloseTo(theirs[index]?.start ?? 0, 9);
    expect(span.end).toBeCloseTo(theirs[index]?.end ?? 0, 9);
  });
}

test.each(['fastconformer-ctc-bpe', 'hybrid-tdt-ctc'])('%s: head outputs equal NeMo', async (name) => {
  const golden = openGolden(name);
  const model = await open(golden);
  const { mel, encoder, sessions, spec } = model.parts;
  for (const [index, input] of golden.inputs.entries()) {
    const encoded = await encoder.encode([mel.extract(input.samples)], model.context);
    if (golden.hasArray(`single.${index}.log_probs`)) {
      const { log_probs: ours } = await (await sessions.get('ctc')).run({ encoded: encoded.tensor }, ['log_probs']);
      const values = await hostValues(ours as NonNullable<typeof ours>);
      // NeMo's tensor may have one frame more, of the padding column.
      const theirs = golden.logProbs(index).data.subarray(0, values.length);
      expect(theirs).toHaveLength(values.length);
      theirs.forEach((value, position) => expect(Math.abs(value - values[position]!)).toBeLessThan(TOLERANCE.logits));
    }
    if (spec.transducer)
      expect((await projectFrames(sessions, spec, encoded))[0]).toHaveLength(
        (encoded.lengths[0] as number) * spec.transducer.joint.hiddenSize,
      );
  }
});
