/** Every option of NeMo's `RNNTDecoder` and `RNNTJoint`, against its own logits and transcripts. */
import { expect, test } from 'vitest';
import { TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { openCheckpoint } from '../../e2e/support/graph-session.ts';
import { openNetwork, timeFirst } from '../../e2e/support/transducer-network.ts';
import { decodeTransducerGreedy } from '../decoding/transducer-greedy.ts';
import { blankClass, readTransducerSpec } from './transducer-spec.ts';

type Variant = {
  readonly raises?: string;
  readonly decoder: object;
  readonly prednet: object;
  readonly encoded_length: number;
  readonly decisions: readonly (readonly [number, number, number])[];
  /** The labels that `taught_logits` were computed for, at frame 0: one row more than labels. */
  readonly taught: readonly number[];
};

const golden = openGolden('predictor-variants');
const variants = Object.entries(golden.json['variants'] as Record<string, Variant>);

test.each(variants.filter(([, { raises }]) => !raises))(
  "%s gives NeMo's logits for given labels and for its own",
  async (name, { encoded_length: length, decisions, taught }) => {
    const { config, weights } = await openCheckpoint(golden.archive(`${name}.nemo`));
    const spec = readTransducerSpec(config);
    const network = await openNetwork(weights, spec, timeFirst(golden.array(`${name}.encoded`), length));
    let [state] = await network.start(1);
    const logits: number[] = [];
    for (const token of [...taught, null]) {
      logits.push(...(await network.join([{ clip: 0, frame: 0, state: state! }])));
      if (token !== null) [state] = await network.predict([token], [state!]);
    }
    expectClose(logits, golden.array(`${name}.taught_logits`).data);

    const [decoded] = await decodeTransducerGreedy(network, [length], {
      blank: blankClass(spec),
      durations: [],
      maxSymbols: 10,
      keepSteps: true,
    });
    expect(decoded!.steps.map(({ frame, token }) => [frame, token, 0])).toEqual(decisions);
    expectClose(
      decoded!.steps.flatMap((step) => [...step.logits]),
      golden.array(`${name}.joint_logits`).data,
    );
  },
);

test.each(variants.filter(([, { raises }]) => raises).map(([name]) => name))(
  'refuses %s, which NeMo builds and cannot run, with the key, its value and what is supported',
  (name) => {
    const norm = name === 'projected-batch-norm' ? 'batch' : null;
    const size = name === 'narrow' ? 8 : 24;
    const config = {
      decoder: {
        _target_: 'nemo.collections.asr.modules.RNNTDecoder',
        normalization_mode: norm,
        vocab_size: 28,
        prednet: { pred_hidden: 16, pred_rnn_layers: 2, rnn_hidden_size: size },
      },
      joint: {
        _target_: 'nemo.collections.asr.modules.RNNTJoint',
        num_classes: 28,
        jointnet: { joint_hidden: 20, activation: 'relu' },
      },
    };
    expect(() => readTransducerSpec(config)).toThrow(
      expect.objectContaining({
        code: 'checkpoint-unsupported',
        message: expect.stringMatching(
          new RegExp(`decoder\\.prednet\\.rnn_hidden_size is ${size}; supported is .*16 \\(pred_hidden\\)`),
        ),
      }),
    );
  },
);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let at = 0; at < actual.length; at++) worst = Math.max(worst, Math.abs(actual[at]! - expected[at]!));
  expect(worst).toBeLessThan(TOLERANCE.logits);
}
