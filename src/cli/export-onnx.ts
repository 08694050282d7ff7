/**
 * `sotto export-onnx`: the graphs Sotto runs, with their weights beside them, in a folder for any ONNX runtime.
 *
 * The graphs are cut where Sotto cuts them (encoder, CTC head, projection, predictor, joint), and a Conformer's encoder takes its projected
 * positions as inputs: run `positions.onnx` once a length. `sotto.json` says which data files and inputs belong to what. Small weights take
 * another form on a GPU (`--device webgpu`) than on a processor.
 */
import { exportNotes } from '../engine/checkpoint-export.ts';
import { convertCheckpoint } from '../engine/convert.ts';
import { planPrecision } from '../engine/precision.ts';
import { openCheckpointFiles } from './checkpoint-argument.ts';
import type { Command } from './command.ts';
import { FolderSink } from './write-files.ts';

const PRECISIONS = ['fp32', 'fp16', 'int8', 'int4'] as const;

export const exportOnnxCommand: Command = {
  summary: 'Writes the ONNX graphs of a checkpoint, with external weights, to a folder.',
  usage: `CHECKPOINT OUT [--precision ${PRECISIONS.join('|')}] [--device wasm|webgpu]`,
  options: { precision: { type: 'string' }, device: { type: 'string' } },
  async run(args, output) {
    const [argument, folder] = args.exactly('CHECKPOINT', 'OUT') as [string, string];
    const precision = args.choice('precision', PRECISIONS) ?? 'fp32';
    const encoder = args.choice('device', ['wasm', 'webgpu']) ?? 'wasm';
    const plan = planPrecision(precision, { encoder, decoder: 'auto', hasShaderF16: encoder === 'webgpu' });
    const { files } = await openCheckpointFiles(argument);
    await using sink = new FolderSink(folder);
    const meta = await convertCheckpoint(files, sink, plan);
    for (const [name, file] of exportNotes(meta)) await sink.write(name, file);
    output.err(
      `Wrote ${Object.keys(meta.graphs)
        .map((name) => `${name}.onnx`)
        .join(', ')} to ${folder}, ${(meta.weightBytes / 1e6).toFixed(1)} MB of ${precision} weights.\n`,
    );
  },
};
