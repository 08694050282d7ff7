/**
 * `sotto export-onnx`: the graphs Sotto runs, with their weights beside them, in a folder for any ONNX runtime.
 *
 * The graphs are cut where Sotto cuts them (encoder, CTC head, projection, predictor, joint), and a Conformer's encoder takes its projected
 * positions as inputs: run `positions.onnx` once a length. `sotto.json` says which data files and inputs belong to what.
 */
import { AsrError } from '../base/errors.ts';
import { exportNotes } from '../engine/checkpoint-export.ts';
import { convertCheckpoint } from '../engine/convert.ts';
import { openCheckpointFiles } from './checkpoint-argument.ts';
import type { Command } from './command.ts';
import { FolderSink } from './write-files.ts';

export const exportOnnxCommand: Command = {
  summary: 'Writes the ONNX graphs of a checkpoint, with external weights, to a folder.',
  usage: 'CHECKPOINT OUT [--precision fp32]',
  options: { precision: { type: 'string' } },
  async run(args, output) {
    const [argument, folder] = args.exactly('CHECKPOINT', 'OUT') as [string, string];
    const precision = args.choice('precision', ['auto', 'fp32', 'fp16', 'int8', 'int4']) ?? 'fp32';
    if (precision !== 'fp32' && precision !== 'auto')
      throw new AsrError('unsupported-option', `precision "${precision}" is not supported yet; use "fp32".`);
    const { files } = await openCheckpointFiles(argument);
    await using sink = new FolderSink(folder);
    const meta = await convertCheckpoint(files, sink, {});
    for (const [name, file] of exportNotes(meta)) await sink.write(name, file);
    output.err(
      `Wrote ${Object.keys(meta.graphs)
        .map((name) => `${name}.onnx`)
        .join(', ')} to ${folder}, ${(meta.weightBytes / 1e6).toFixed(1)} MB of weights.\n`,
    );
  },
};
