import { expect, test } from 'vitest';
import { readTransducerSpec } from './transducer-spec.ts';

const config = (numExtraOutputs: number, sections: object) => ({
  decoder: { _target_: 'RNNTDecoder', vocab_size: 20, prednet: { pred_hidden: 8, pred_rnn_layers: 1 } },
  joint: {
    _target_: 'RNNTJoint',
    num_classes: 20,
    num_extra_outputs: numExtraOutputs,
    jointnet: { joint_hidden: 12, activation: 'relu' },
  },
  ...sections,
});
const LEFTOVERS = {
  model_defaults: { tdt_durations: [0, 1, 2, 3, 4] },
  loss: {
    loss_name: 'default',
    tdt_kwargs: { durations: [0, 1, 2, 3, 4] },
    multiblank_rnnt_kwargs: { big_blank_durations: [2, 4] },
  },
};

test('durations that a recipe left behind do not make an RNNT a TDT', () => {
  expect(readTransducerSpec(config(0, LEFTOVERS))).toMatchObject({
    kind: 'rnnt',
    durations: [],
    bigBlankDurations: [],
  });
});

test('the loss decides what extra outputs mean, then the decoding, then whoever names as many', () => {
  const named = (loss_name: string) => ({ ...LEFTOVERS, loss: { ...LEFTOVERS.loss, loss_name } });
  const multiBlank = readTransducerSpec(config(2, named('multiblank_rnnt')));
  expect(multiBlank).toMatchObject({ kind: 'rnnt', durations: [], bigBlankDurations: [2, 4] });
  const decoding = { durations: [0, 2], big_blank_durations: [] };
  expect(readTransducerSpec(config(2, { ...LEFTOVERS, decoding })).durations).toEqual([0, 2]);
  const lossFirst = { ...named('tdt'), decoding: { durations: [1, 2, 3, 4, 5] } };
  expect(readTransducerSpec(config(5, lossFirst)).durations).toEqual([0, 1, 2, 3, 4]);
  expect(readTransducerSpec(config(5, { ...LEFTOVERS, loss: undefined })).durations).toEqual([0, 1, 2, 3, 4]);
  expect(readTransducerSpec(config(2, LEFTOVERS)).bigBlankDurations).toEqual([2, 4]);
});

test('extra outputs that nothing explains are refused', () => {
  expect(() => readTransducerSpec(config(3, LEFTOVERS))).toThrow(
    expect.objectContaining({ code: 'checkpoint-corrupt', message: expect.stringContaining('num_extra_outputs is 3') }),
  );
});
