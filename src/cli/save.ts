/** `sotto save`: writes a checkpoint, or the recognizer inside an ASRWithTTSModel, as a `.nemo`: a plain tar, as NeMo saves today. */
import { readCheckpoint } from '../engine/convert.ts';
import { saveCheckpoint, saveRecognizer } from '../engine/original.ts';
import { openCheckpointFiles } from './checkpoint-argument.ts';
import { type Command, UsageError } from './command.ts';
import { writeBlob } from './write-files.ts';

export const saveCommand: Command = {
  summary: 'Writes a checkpoint back as a .nemo that NeMo restores.',
  usage: 'CHECKPOINT OUT.nemo [--asr-model]',
  options: { 'asr-model': { type: 'boolean' } },
  async run(args, output) {
    const [argument, target] = args.exactly('CHECKPOINT', 'OUT.nemo') as [string, string];
    if (!/\.nemo$/i.test(target)) throw new UsageError(`The file to write is '${target}'; its name ends in .nemo.`);
    const { files } = await openCheckpointFiles(argument);
    // A file that cannot be read back must not be called a checkpoint.
    await readCheckpoint(files);
    const archive = await (args.flag('asr-model') ? saveRecognizer(files) : saveCheckpoint(files));
    await writeBlob(target, archive);
    output.err(`Wrote ${target}, ${(archive.size / 1e6).toFixed(1)} MB.\n`);
  },
};
