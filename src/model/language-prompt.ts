/**
 * Prompt-conditioned models (NeMo `…BPEModelWithPrompt`, Nemotron): every encoder frame is joined with a one-hot language and goes through
 * two linear layers before any head. The language's share of the first layer is the same for all frames, so it is computed once a clip.
 */
import * as v from 'valibot';
import { Graph } from '../onnx/graph.ts';
import { at, dimension, flag, parseConfig } from './config.ts';
import { transposed, linear } from './linear.ts';
import type { WeightReader } from './weight-reader.ts';

export type LanguagePromptSpec = {
  /** Width of the one-hot vector. */
  readonly numPrompts: number;
  /** Language (NeMo's `target_lang`) to index. `auto` is the default where there is one. */
  readonly languages: Readonly<Record<string, number>>;
};

const schema = v.object({
  initialize_prompt_feature: flag(false),
  num_prompts: v.nullish(dimension, 128),
  prompt_dictionary: v.nullish(v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0))), {}),
});

/** The prompt of a `…WithPrompt` model, or undefined where the checkpoint was made without the feature. */
export function readLanguagePrompt(config: unknown): LanguagePromptSpec | undefined {
  const c = parseConfig(schema, at(config, 'model_defaults') ?? {}, 'model_defaults');
  if (!c.initialize_prompt_feature) return undefined;
  // NeMo keeps languages that no element stands for, and fails on them when they are asked for.
  const languages = Object.entries(c.prompt_dictionary).filter(([, index]) => index < c.num_prompts);
  return { numPrompts: c.num_prompts, languages: Object.fromEntries(languages) };
}

/** The `language` input for clips of the given languages' indices, [clips, numPrompts]. */
export function oneHotLanguages({ numPrompts }: LanguagePromptSpec, indices: readonly number[]): Float32Array {
  const data = new Float32Array(indices.length * numPrompts);
  indices.forEach((index, clip) => {
    data[clip * numPrompts + index] = 1;
  });
  return data;
}

/** encoded [batch, frames, size], language [batch, numPrompts] -> prompted [batch, frames, size] */
export function buildLanguagePrompt(weights: WeightReader, { numPrompts }: LanguagePromptSpec, size: number): Graph {
  const graph = new Graph('prompt');
  const encoded = graph.input('encoded', 'float32', ['batch', 'frames', size]);
  const language = graph.input('language', 'float32', ['batch', numPrompts]);
  const joined = size + numPrompts;
  const name = 'prompt_kernel.0.weight';
  const part = (label: string, from: number, width: number) =>
    weights.derive(graph, `${name}^T.${label}`, [[name, [2 * size, joined]]], [width, 2 * size], ([values]) =>
      transposed(values as Float32Array, 2 * size, joined).slice(from * 2 * size, (from + width) * 2 * size),
    );

  const ofFrames = graph.op('MatMul', [encoded, part('frames', 0, size)]);
  const ofLanguage = graph.op('Add', [
    graph.op('MatMul', [language, part('language', size, numPrompts)]),
    weights.plain(graph, 'prompt_kernel.0.bias', [2 * size]),
  ]);
  const hidden = graph.op('Relu', [graph.op('Add', [ofFrames, graph.op('Unsqueeze', [ofLanguage, graph.ints(1)])])]);
  const prompted = linear(graph, weights, 'prompt_kernel.2', hidden, {
    inputSize: 2 * size,
    outputSize: size,
    hasBias: true,
  });
  graph.output('prompted', prompted, 'float32', ['batch', 'frames', size]);
  return graph;
}
