/**
 * NeMo's `StatelessTransducerDecoder`: embeddings of the last few labels, side by side.
 *
 * The state has the shape of an LSTM's so that decoders need not know: `hidden` [contextSize - 1, rows, 1] holds the labels before, most recent
 * first, as label - blank, so that the zeros a clip starts with mean "nothing yet". `cell` is carried along unused.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { linear } from './linear.ts';
import type { StatelessPredictor, TransducerSpec } from './transducer-spec.ts';
import type { WeightReader } from './weight-reader.ts';

/** tokens [rows], hidden and cell -> predicted [rows, jointSize], hidden_next, cell_next */
export function buildStatelessPredictor(
  weights: WeightReader,
  spec: TransducerSpec,
  predictor: StatelessPredictor,
): Graph {
  const graph = new Graph('predictor');
  const { numLayers, contextSize, embeddingSize } = predictor;
  const state = [numLayers, 'rows', 1];
  const tokens = graph.input('tokens', 'int32', ['rows']);
  const hidden = graph.input('hidden', 'float32', state);
  const cell = graph.input('cell', 'float32', state);
  const blank = graph.scalar(spec.vocabularySize);

  const older = Array.from({ length: contextSize - 1 }, (_, age) =>
    graph.op('Gather', [hidden, graph.int(age)], { axis: 0 }),
  );
  const embedded = [embedding(graph, weights, spec, predictor, 0, tokens)];
  older.forEach((labels, age) => {
    const absolute = graph.op('Reshape', [graph.op('Add', [labels, blank]), graph.ints(-1)]);
    embedded.push(embedding(graph, weights, spec, predictor, age + 1, graph.op('Cast', [absolute], { to: INT32 })));
  });
  const joined = embedded.length > 1 ? graph.op('Concat', embedded, { axis: -1 }) : (embedded[0] as Value);
  const normed = predictor.hasNorm ? plainLayerNorm(graph, joined) : joined;
  const predicted = linear(graph, weights, 'joint.pred', normed, {
    inputSize: embeddingSize,
    outputSize: spec.joint.hiddenSize,
    hasBias: true,
  });

  const newest = graph.op('Reshape', [
    graph.op('Sub', [graph.op('Cast', [tokens], { to: FLOAT }), blank]),
    graph.ints(1, -1, 1),
  ]);
  const next =
    numLayers > 1
      ? graph.op(
          'Concat',
          [newest, graph.op('Slice', [hidden, graph.ints(0), graph.ints(numLayers - 1), graph.ints(0)])],
          { axis: 0 },
        )
      : newest;
  graph.output('predicted', predicted, 'float32', ['rows', spec.joint.hiddenSize]);
  graph.output('hidden_next', next, 'float32', state);
  graph.output('cell_next', cell, 'float32', state);
  return graph;
}

const FLOAT = 1; // ONNX element types
const INT32 = 6;

/** The newest label has half the width and what does not divide; the others share the rest. */
function embedding(
  graph: Graph,
  weights: WeightReader,
  spec: TransducerSpec,
  { contextSize, embeddingSize }: StatelessPredictor,
  age: number,
  labels: Value,
): Value {
  const share = Math.floor(Math.floor(embeddingSize / 2) / contextSize);
  const size = age > 0 ? share : embeddingSize - share * (contextSize - 1);
  return graph.op(
    'Gather',
    [weights.plain(graph, `decoder.prediction.embeds.${age}.weight`, [spec.vocabularySize + 1, size]), labels],
    { axis: 0 },
  );
}

/** LayerNorm without weights over the last axis, eps 1e-5. */
function plainLayerNorm(graph: Graph, x: Value): Value {
  const mean = { axes: [-1], keepdims: 1 };
  const centred = graph.op('Sub', [x, graph.op('ReduceMean', [x], mean)]);
  const variance = graph.op('ReduceMean', [graph.op('Mul', [centred, centred])], mean);
  return graph.op('Div', [centred, graph.op('Sqrt', [graph.op('Add', [variance, graph.scalar(1e-5)])])]);
}
