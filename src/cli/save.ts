/** `sotto save`: writes a checkpoint back as a `.nemo`, plain tar as NeMo saves today, its members as they are. */
import { writeTar } from '../archive/write-tar.ts';
import { AsrError } from '../base/errors.ts';
import { readCheckpoint } from '../engine/convert.ts';
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
    const { spec } = await readCheckpoint(files);
    if (args.flag('asr-model'))
      throw new AsrError(
        'unsupported-option',
        `--asr-model takes the ASR part out of an ASRWithTTSModel; this is an ${spec.className}, save it without.`,
      );
    const archive = writeTar(files);
    await writeBlob(target, archive);
    output.err(`Wrote ${target}, ${(archive.size / 1e6).toFixed(1)} MB.\n`);
  },
};
