/**
 * Cache-aware streaming of NeMo's `ConformerEncoder` as an ONNX graph: one step, in which every layer keeps the projected keys and values of the
 * frames before (NeMo keeps the layer's inputs and projects them again at every step: same numbers, more work) and the depthwise convolution its
 * last inputs.
 *
 * features [1, mels, frames] (with the cached feature frames in front), drop [1], position_<layer>, attention_mask,
 * cache_range [2], keys/values [layers, 1, cached, dModel], conv [layers, 1, kernel - 1, dModel]
 * -> encoded, keys_next, values_next, conv_next
 */
import { Graph, type Value } from '../onnx/graph.ts';
import { conformerLayer, declarePositions, projectOut } from './conformer-layer.ts';
import type { ConformerSpec } from './conformer-spec.ts';
import { hasSubsampling, preEncode } from './pre-encode.ts';
import { convSubsampling } from './subsampling.ts';
import type { WeightReader } from './weight-reader.ts';

/** The encoder for one streaming step. */
export function buildConformerStep(weights: WeightReader, spec: ConformerSpec): Graph {
  const graph = new Graph('encoder_step');
  const { numLayers, dModel, convKernel } = spec;
  const drop = graph.input('drop', 'int64', [1]);
  const attentionMask = graph.input('attention_mask', 'float32', [1, 1, 'new', 'all']);
  const cacheRange = graph.input('cache_range', 'int64', [2]);
  const caches = {
    keys: graph.input('keys', 'float32', [numLayers, 1, 'cached', dModel]),
    values: graph.input('values', 'float32', [numLayers, 1, 'cached', dModel]),
    conv: graph.input('conv', 'float32', [numLayers, 1, convKernel - 1, dModel]),
  };
  declarePositions(graph, spec);

  const subsampled = hasSubsampling(spec)
    ? convSubsampling(graph, weights, spec, graph.input('features', 'float32', [1, spec.featIn, 'frames']), undefined)
    : preEncode(graph, weights, spec);
  let x = graph.op('Slice', [subsampled, drop, graph.ints(Number.MAX_SAFE_INTEGER), graph.ints(1)]);
  const [from, to] = graph.multi('Split', [cacheRange, graph.ints(1, 1)], 2, { axis: 0 }) as [Value, Value];
  const convTo = graph.op('Add', [from, graph.ints(convKernel - 1)]);
  const next: Record<keyof typeof caches, Value[]> = { keys: [], values: [], conv: [] };

  for (let layer = 0; layer < numLayers; layer++) {
    const ofLayer = (cache: Value) => graph.op('Gather', [cache, graph.int(layer)], { axis: 0 });
    const cache = { keys: ofLayer(caches.keys), values: ofLayer(caches.values), conv: ofLayer(caches.conv) };
    const result = conformerLayer(graph, weights, spec, layer, x, { attentionMask, cache });
    const kept = (history: Value, end: Value) =>
      graph.op('Unsqueeze', [graph.op('Slice', [history, from, end, graph.ints(1)]), graph.ints(0)]);
    next.keys.push(kept(result.keys, to));
    next.values.push(kept(result.values, to));
    next.conv.push(kept(result.history, convTo));
    x = result.output;
  }
  graph.output('encoded', projectOut(graph, weights, spec, x), 'float32', [1, 'new', spec.outputSize]);
  for (const [name, values] of Object.entries(next)) {
    graph.output(`${name}_next`, graph.op('Concat', values, { axis: 0 }), 'float32', [
      numLayers,
      1,
      `${name}_kept`,
      dModel,
    ]);
  }
  return graph;
}
