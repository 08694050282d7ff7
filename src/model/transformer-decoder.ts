/**
 * Graphs of Canary's attention decoder (NeMo `TransformerDecoderNM` and `TokenClassifier`).
 *
 * `cross`: encoder frames to keys and values of every layer, once a clip. `decoder_step`: some tokens a row, appended to the row's own keys and
 * values. The whole prompt and single tokens run through the same graph; NeMo caches layer inputs instead and projects them again each time.
 * Rows are the beams of the clips, neighbours together: a clip's rows ask its cross keys as one long query, so those are never copied.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { byHead, keysByHead } from './heads.ts';
import { layerNorm, logSoftmax, sizeOf } from './layers.ts';
import { linear } from './linear.ts';
import type { AedSpec } from './transformer-decoder-spec.ts';
import {
  type TransformerSpec,
  attend,
  feedForward,
  finalNorm,
  projectMemory,
  projectQuery,
  subLayer,
  transformerEncoder,
} from './transformer-layers.ts';
import type { WeightReader } from './weight-reader.ts';

const DECODER = 'transf_decoder._decoder';
const EMBEDDING = 'transf_decoder._embedding';
/** Tied to the token embedding: NeMo loads this one last, so it is the one that counts. */
const HEAD = 'log_softmax.mlp.layer0';

/** What a layer attends to in the encoder: outputs of `cross`, inputs of `decoder_step`. */
export const crossNames = (layer: number): readonly [keys: string, values: string] => [
  `cross_keys_${layer}`,
  `cross_values_${layer}`,
];
/** What a layer remembers of earlier tokens: inputs of `decoder_step`. */
export const cacheNames = (layer: number): readonly [keys: string, values: string] => [
  `keys_${layer}`,
  `values_${layer}`,
];
/** The same with the new tokens: outputs of `decoder_step`. */
export const nextCacheNames = (layer: number): readonly [keys: string, values: string] => [
  `keys_next_${layer}`,
  `values_next_${layer}`,
];

/**
 * encoded [clips, frames, encoderSize] -> states [clips, frames, hiddenSize] and, a layer, cross_keys and cross_values [clips, heads, frames, headSize].
 *
 * With a transformer in between it takes `mask` [clips, 1, frames, frames] too.
 */
export function buildCross(weights: WeightReader, spec: AedSpec, encoderSize: number): Graph {
  const graph = new Graph('cross');
  const { numLayers, hiddenSize, numHeads } = spec.decoder;
  const headSize = hiddenSize / numHeads;
  let states = graph.input('encoded', 'float32', ['clips', 'frames', encoderSize]);
  if (spec.hasProjection)
    states = linear(graph, weights, 'encoder_decoder_proj', states, {
      inputSize: encoderSize,
      outputSize: hiddenSize,
      hasBias: true,
    });
  if (spec.encoder) {
    const mask = graph.input('mask', 'float32', ['clips', 1, 'frames', 'frames']);
    states = transformerEncoder(graph, weights, spec.encoder, 'transf_encoder', states, mask);
  }
  graph.output('states', states, 'float32', ['clips', 'frames', hiddenSize]);
  for (let layer = 0; layer < numLayers; layer++) {
    const attention = `${DECODER}.layers.${layer}.second_sub_layer`;
    const [keysName, valuesName] = crossNames(layer);
    const sizes = { dModel: hiddenSize, numHeads };
    const keys = projectMemory(graph, weights, spec.decoder, attention, 'key', states);
    const values = projectMemory(graph, weights, spec.decoder, attention, 'value', states);
    graph.output(keysName, keysByHead(graph, keys, sizes), 'float32', ['clips', numHeads, headSize, 'frames']);
    graph.output(valuesName, byHead(graph, values, sizes), 'float32', ['clips', numHeads, 'frames', headSize]);
  }
  return graph;
}

/**
 * One run of the decoder over `tokens` [rows, new], which stand at `positions` [new].
 *
 * `parents` [rows]: the row of the cache each row goes on from. `self_mask` [1, 1, new, cached + new], `cross_mask` [clips, 1, rows / clips * new,
 * frames]. `wanted` [k]: which of the new tokens to score: the last one, or all of them to check against given text.
 * -> log_probs [rows, k, classes], keys_next and values_next [rows, cached + new, hiddenSize] a layer.
 */
export function buildDecoderStep(weights: WeightReader, spec: AedSpec): Graph {
  const graph = new Graph('decoder_step');
  const { decoder } = spec;
  const { hiddenSize, numLayers } = decoder;
  const tokens = graph.input('tokens', 'int32', ['rows', 'new']);
  const positions = graph.input('positions', 'int32', ['new']);
  const parents = graph.input('parents', 'int32', ['rows']);
  const wanted = graph.input('wanted', 'int32', ['k']);
  const selfMask = graph.input('self_mask', 'float32', [1, 1, 'new', 'total']);
  const crossMask = graph.input('cross_mask', 'float32', ['clips', 1, 'queries', 'frames']);

  const { table, numClasses } = tokenTable(graph, weights, spec);
  let x = embed(graph, weights, spec, { table, tokens, positions });
  for (let layer = 0; layer < numLayers; layer++)
    x = decoderLayer(graph, weights, decoder, layer, x, { parents, selfMask, crossMask });
  x = finalNorm(graph, weights, decoder, DECODER, x);

  const scored = graph.op('Gather', [x, wanted], { axis: 1 });
  const flat = graph.op('Reshape', [scored, graph.ints(-1, hiddenSize)]);
  const bias = weights.plain(graph, `${HEAD}.bias`, [numClasses]);
  const logits = graph.op('Gemm', [flat, table, bias], { transB: 1 });
  const shape = graph.op('Concat', [sizeOf(graph, tokens, 0), graph.ints(-1, numClasses)], { axis: 0 });
  graph.output('log_probs', logSoftmax(graph, graph.op('Reshape', [logits, shape])), 'float32', [
    'rows',
    'k',
    numClasses,
  ]);
  return graph;
}

/** One table for embedding and head: [classes, hiddenSize]. Its rows are the tokenizer's, rounded up to a multiple of 8. */
function tokenTable(
  graph: Graph,
  weights: WeightReader,
  { decoder, numClasses: configured }: AedSpec,
): { table: Value; numClasses: number } {
  const numClasses = configured ?? (weights.shape(`${HEAD}.weight`)[0] as number);
  weights.ignore(`${EMBEDDING}.token_embedding.weight`);
  return { table: weights.plain(graph, `${HEAD}.weight`, [numClasses, decoder.hiddenSize]), numClasses };
}

/** LN(token + position); the table of sinusoids comes divided by sqrt(hiddenSize). */
function embed(
  graph: Graph,
  weights: WeightReader,
  spec: AedSpec,
  ids: { table: Value; tokens: Value; positions: Value },
): Value {
  const { hiddenSize } = spec.decoder;
  const positionName = `${EMBEDDING}.position_embedding.${spec.learnsPositions ? 'weight' : 'pos_enc'}`;
  const positionTable = weights.plain(graph, positionName, [spec.maxLength, hiddenSize]);
  weights.ignore(`${EMBEDDING}.token_type_embedding.`);
  const token = graph.op('Gather', [ids.table, ids.tokens], { axis: 0 });
  const position = graph.op('Gather', [positionTable, ids.positions], { axis: 0 });
  return layerNorm(graph, weights, `${EMBEDDING}.layer_norm`, graph.op('Add', [token, position]), hiddenSize);
}

type LayerInputs = { readonly parents: Value; readonly selfMask: Value; readonly crossMask: Value };

function decoderLayer(
  graph: Graph,
  weights: WeightReader,
  spec: TransformerSpec,
  layer: number,
  x: Value,
  { parents, selfMask, crossMask }: LayerInputs,
): Value {
  const name = `${DECODER}.layers.${layer}`;
  const { hiddenSize, numHeads } = spec;
  const sizes = { dModel: hiddenSize, numHeads };
  const self = `${name}.first_sub_layer`;
  const grown = (part: 'key' | 'value', input: Value): Value => {
    const index = part === 'key' ? 0 : 1;
    const cache = graph.input(cacheNames(layer)[index], 'float32', ['parents', 'cached', hiddenSize]);
    const kept = graph.op('Gather', [cache, parents], { axis: 0 });
    const all = graph.op('Concat', [kept, projectMemory(graph, weights, spec, self, part, input)], { axis: 1 });
    graph.output(nextCacheNames(layer)[index], all, 'float32', ['rows', 'total', hiddenSize]);
    return all;
  };
  const attended = subLayer(graph, weights, spec, `${name}.layer_norm_1`, x, (input) => {
    const query = projectQuery(graph, weights, spec, self, input);
    return attend(graph, weights, spec, self, {
      query,
      keys: keysByHead(graph, grown('key', input), sizes),
      values: byHead(graph, grown('value', input), sizes),
      mask: selfMask,
    });
  });

  const cross = `${name}.second_sub_layer`;
  const crossed = subLayer(graph, weights, spec, `${name}.layer_norm_2`, attended, (input) => {
    const [keysName, valuesName] = crossNames(layer);
    const headSize = hiddenSize / numHeads;
    const keys = graph.input(keysName, 'float32', ['clips', numHeads, headSize, 'frames']);
    const values = graph.input(valuesName, 'float32', ['clips', numHeads, 'frames', headSize]);
    const byClip = graph.op('Concat', [sizeOf(graph, keys, 0), graph.ints(-1, hiddenSize)], { axis: 0 });
    const query = graph.op('Reshape', [projectQuery(graph, weights, spec, cross, input), byClip]);
    const output = attend(graph, weights, spec, cross, { query, keys, values, mask: crossMask });
    return graph.op('Reshape', [output, graph.op('Shape', [input])]);
  });
  return subLayer(graph, weights, spec, `${name}.layer_norm_3`, crossed, (input) =>
    feedForward(graph, weights, spec, `${name}.third_sub_layer`, input),
  );
}
