import { expect, test } from 'vitest';
import { layOutWeights, streamFile } from './external-data.ts';
import { Graph } from './graph.ts';

const MEBI = 2 ** 20;

function graphOf(sizes: Readonly<Record<string, number>>): Graph {
  const graph = new Graph('test');
  for (const [name, elements] of Object.entries(sizes)) {
    const load = async () => new Float32Array(elements).fill(elements);
    graph.weight({ name, type: 'float32', dims: [elements], load });
  }
  return graph;
}

test('small tensors come first and side by side, large ones follow in files of 64 MiB at most', () => {
  const graph = graphOf({ a: 4 * MEBI, bias: 512, b: 8 * MEBI, scale: 3, c: 8 * MEBI });
  const { files, locations } = layOutWeights([graph, graphOf({ bias: 512 })], 'part');
  expect(files.map(({ name, weights }) => [name, weights.map(({ weight }) => weight.name)])).toEqual([
    ['part.0.data', ['bias', 'scale', 'a', 'b']],
    ['part.1.data', ['c']],
  ]);
  expect(locations.get('scale')).toEqual({ file: 'part.0.data', offset: 2048, length: 12 });
  expect(locations.get('a')?.offset).toBe(2048 + 64);
});

test('a file is written tensor by tensor, every one where the graph looks for it', async () => {
  const { files, locations } = layOutWeights([graphOf({ large: 20_000, x: 3, y: 5 })], 'part');
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of streamFile(files[0]!)) chunks.push(chunk);
  const bytes = await new Blob(chunks).arrayBuffer();
  expect(bytes.byteLength).toBe(files[0]!.bytes);
  for (const [name, elements] of Object.entries({ large: 20_000, x: 3, y: 5 })) {
    const { offset, length } = locations.get(name)!;
    expect([...new Set(new Float32Array(bytes, offset, length / 4))]).toEqual([elements]);
  }
});
