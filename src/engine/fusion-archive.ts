/**
 * Fusion models that NeMo has built and saved: the `.nemo` of a `NGramGPULanguageModel` (its `train_kenlm.py` and `save_to`) or of a
 * `GPUBoostingTreeModel` (`boosting_tree.model_path`). Both are the arrays of a backoff automaton.
 */
import { openArchive } from '../archive/open-archive.ts';
import { readWeights } from '../archive/read-weights.ts';
import { toFloat32 } from '../archive/weight-values.ts';
import { readYaml } from '../archive/yaml.ts';
import { AsrError } from '../base/errors.ts';
import { BackoffGraph, ROOT } from '../decoding/backoff-graph.ts';
import { at } from '../model/config.ts';

/** NeMo's `NEG_INF`: a state that ends no text. */
const NO_END = -10_000;
/** Whole numbers that float32 can tell apart; a language model of that size has gigabytes. */
const MAX_SIZE = 2 ** 24;

/** Whether a file is an archive rather than ARPA text or a KenLM binary. */
export async function isArchive(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 262).arrayBuffer());
  return (head[0] === 0x1f && head[1] === 0x8b) || new TextDecoder().decode(head.subarray(257)) === 'ustar';
}

/** @param key of the decoding config, for errors @throws AsrError `unsupported-option` for another model, `checkpoint-corrupt` for a broken file */
export async function openFusionArchive(
  file: Blob,
  { key, vocabularySize }: { readonly key: string; readonly vocabularySize: number },
): Promise<BackoffGraph> {
  const files = await openArchive(file);
  const config = await readYaml(files.get('model_config.yaml') ?? new Blob());
  const isTree = String(at(config, 'target')).endsWith('.GPUBoostingTreeModel');
  if (!isTree && !String(at(config, 'target')).endsWith('.NGramGPULanguageModel'))
    throw new AsrError(
      'unsupported-option',
      `${key}: the archive holds ${at(config, 'target')}, which is no fusion model.`,
    );
  if (at(config, 'vocab_size') !== vocabularySize)
    throw new AsrError(
      'unsupported-option',
      `${key}: the model is made for ${at(config, 'vocab_size')} tokens, the checkpoint has ${vocabularySize}.`,
    );
  const weights = await readWeights(files.get('model_weights.ckpt') ?? new Blob());
  const values = async (name: string): Promise<Float32Array> => {
    const weight = weights.get(name);
    if (!weight) throw broken(key, `lacks ${name}`);
    return toFloat32(weight);
  };
  const ranges = Int32Array.from(await values('start_end_arcs'));
  const numStates = ranges.length / 2;
  const labels = await values('ilabels');
  if (Math.max(numStates, labels.length) >= MAX_SIZE)
    throw new AsrError('unsupported-option', `${key}: the model has more than ${MAX_SIZE} states or arcs.`);

  // Arcs of a state lie together, the states in no order we rely on; padding lies behind them.
  const order = Array.from(
    { length: numStates },
    (_, state) => [ranges[2 * state] as number, ranges[2 * state + 1] as number] as const,
  );
  if (order.some(([from, to]) => from < 0 || to < from || to > labels.length))
    throw broken(key, 'has arcs that are not there');
  const starts = new Int32Array(numStates + 1);
  order.forEach(([from, to], state) => {
    starts[state + 1] = (starts[state] as number) + to - from;
  });
  const gather = <Values extends Int32Array | Float32Array>(source: Float32Array, target: Values): Values => {
    order.forEach(([from, to], state) => {
      target.set(source.subarray(from, to), starts[state] as number);
    });
    return target;
  };
  const numArcs = starts[numStates] as number;
  const graph = {
    start: isTree || at(config, 'separate_bos_state') === false ? ROOT : 1,
    vocabularySize,
    starts,
    tokens: gather(labels, new Int32Array(numArcs)),
    targets: gather(await values('to_states'), new Int32Array(numArcs)),
    weights: gather(await values('arcs_weights'), new Float32Array(numArcs)),
    backoffTo: Int32Array.from(await values('backoff_to_states')),
    backoffWeight: await values('backoff_weights'),
    finals: (await values('final_weights')).map((weight) => (weight <= NO_END ? Number.NEGATIVE_INFINITY : weight)),
  };
  const isInside = (ids: Int32Array, size: number): boolean => ids.every((id) => id >= 0 && id < size);
  if (!isInside(graph.tokens, vocabularySize) || !isInside(graph.targets, numStates))
    throw broken(key, 'has arcs to nowhere');
  if (!isInside(graph.backoffTo, numStates) || !endsAtRoot(graph.backoffTo))
    throw broken(key, 'never arrives at its root');
  if (new Set(graph.tokens.subarray(0, starts[1])).size !== vocabularySize) throw broken(key, 'lacks tokens');
  return new BackoffGraph(graph);
}

/** Whether falling back from any state ends: every step is remembered, so each state is passed once. */
function endsAtRoot(backoffTo: Int32Array): boolean {
  const isKnown = new Uint8Array(backoffTo.length);
  isKnown[ROOT] = 1;
  for (let state = 0; state < backoffTo.length; state++) {
    const way: number[] = [];
    for (let here = state; !isKnown[here]; here = backoffTo[here] as number) {
      way.push(here);
      if (way.length > backoffTo.length) return false;
    }
    for (const passed of way) isKnown[passed] = 1;
  }
  return true;
}

function broken(key: string, what: string): AsrError {
  return new AsrError('checkpoint-corrupt', `${key}: the model ${what}; build it again.`);
}
