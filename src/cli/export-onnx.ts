/**
 * `sotto export-onnx`: the graphs Sotto runs, with their weights beside them, in a folder for any ONNX runtime.
 *
 * The graphs are cut where Sotto cuts them (encoder, CTC head, projection, predictor, joint), and a Conformer's encoder takes its projected
 * positions as inputs: run `positions.onnx` once a length. `sotto.json` says which data files and inputs belong to what.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AsrError } from '../base/errors.ts';
import { convertCheckpoint } from '../engine/convert.ts';
import { openCheckpointFiles } from './checkpoint-argument.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';
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
    const { spec, graphs, numParameters, weightBytes } = await convertCheckpoint(files, sink, {});
    for (const name of ['model_config.yaml']) await sink.write(name, files.get(name) as Blob);
    writeFileSync(
      join(folder, 'sotto.json'),
      `${toJsonText({ precision: 'fp32', graphs, numParameters, weightBytes, spec }, 2)}\n`,
    );
    output.err(
      `Wrote ${Object.keys(graphs)
        .map((name) => `${name}.onnx`)
        .join(', ')} to ${folder}, ${(weightBytes / 1e6).toFixed(1)} MB of weights.\n`,
    );
  },
};
