/** The graphs of a transducer's heads in ORT, one clip and one row at a time: for comparing them with NeMo's logits. Node only. */
import type { TransducerNetwork } from '../../src/decoding/transducer-network.ts';
import type { TransducerSpec } from '../../src/model/transducer-spec.ts';
import { buildJoint, buildPredictor, buildProjection } from '../../src/model/transducer.ts';
import type { WeightReader } from '../../src/model/weight-reader.ts';
import { GraphSession, type HostTensor } from './graph-session.ts';
import type { NpyArray } from './npz.ts';

/** What one row remembers; `predicted` is through `joint.pred`. */
export type State = { readonly predicted: Float32Array; readonly hidden: Float32Array; readonly cell: Float32Array };

/** Predictor and joint for one clip, one row at a time. */
export async function openNetwork(
  weights: WeightReader,
  spec: TransducerSpec,
  encoded: HostTensor,
): Promise<TransducerNetwork<State>> {
  const { hiddenSize: size } = spec.joint;
  const { numLayers, hiddenSize, cellSize } = spec.predictor;
  const projection = await GraphSession.create(buildProjection(weights, spec, encoded.dims[2]!));
  const predictor = await GraphSession.create(buildPredictor(weights, spec));
  const joint = await GraphSession.create(buildJoint(weights, spec));
  const { projected } = await projection.run({ encoded });
  const frames = projected!.data as Float32Array;

  const predict = async (token: number, { hidden, cell }: Pick<State, 'hidden' | 'cell'>): Promise<State> => {
    const out = await predictor.run({
      tokens: { data: Int32Array.of(token), dims: [1] },
      hidden: { data: hidden, dims: [numLayers, 1, hiddenSize] },
      cell: { data: cell, dims: [numLayers, 1, cellSize] },
    });
    return {
      predicted: out['predicted']!.data as Float32Array,
      hidden: out['hidden_next']!.data as Float32Array,
      cell: out['cell_next']!.data as Float32Array,
    };
  };
  const zeros = { hidden: new Float32Array(numLayers * hiddenSize), cell: new Float32Array(numLayers * cellSize) };
  return {
    start: async () => [await predict(spec.vocabularySize, zeros)],
    predict: async ([token], [state]) => [await predict(token!, state!)],
    join: async ([row]) => {
      const { frame = 0, state } = row!;
      const { logits } = await joint.run({
        projected: { data: frames.slice(frame * size, (frame + 1) * size), dims: [1, size] },
        predicted: { data: state.predicted, dims: [1, size] },
      });
      return logits!.data as Float32Array;
    },
  };
}

/** [size, frames] -> [1, length, size] */
export function timeFirst({ shape, data }: NpyArray<Float32Array>, length: number): HostTensor {
  const [size = 0, frames = 0] = shape;
  return {
    data: Float32Array.from({ length: length * size }, (_, at) => data[(at % size) * frames + Math.floor(at / size)]!),
    dims: [1, length, size],
  };
}
