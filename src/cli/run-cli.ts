/**
 * `sotto COMMAND …`: picks the command, runs it, and turns what it throws into a line on stderr and an exit status.
 *
 * 0 done; 2 the command line is wrong; 3 a checkpoint, a recording or a manifest is; 1 a bug of ours, with its stack.
 */
import { isAsrError, messageOf } from '../base/errors.ts';
import { benchCommand } from './bench.ts';
import { Arguments, type Command, type Output, UsageError } from './command.ts';
import { exportOnnxCommand } from './export-onnx.ts';
import { featuresCommand } from './features.ts';
import { inspectCommand } from './inspect.ts';
import { ManifestError } from './manifest.ts';
import { saveCommand } from './save.ts';
import { streamCommand } from './stream.ts';
import { transcribeCommand } from './transcribe.ts';
import { werCommand } from './wer.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  transcribe: transcribeCommand,
  stream: streamCommand,
  inspect: inspectCommand,
  features: featuresCommand,
  wer: werCommand,
  bench: benchCommand,
  'export-onnx': exportOnnxCommand,
  save: saveCommand,
};

const HELP = { help: { type: 'boolean', short: 'h' } } as const;

/** Runs one command line (without `node` and the script). Never throws; returns the exit status. */
export async function runCli(argv: readonly string[], output: Output): Promise<number> {
  const [name = '', ...rest] = argv;
  try {
    if (name === '' || name === 'help' || name === '--help' || name === '-h') {
      output.out(overview());
      return name === '' ? 2 : 0;
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) throw new UsageError(`There is no command '${name}'; there are ${Object.keys(COMMANDS).join(', ')}.`);
    const args = Arguments.parse(rest, { ...command.options, ...HELP });
    if (args.flag('help')) output.out(`${command.summary}\n\n  sotto ${name} ${command.usage}\n`);
    else await command.run(args, output);
    return 0;
  } catch (thrown) {
    return report(thrown, output);
  }
}

function report(thrown: unknown, { err }: Output): number {
  if (isAsrError(thrown)) {
    err(`sotto: ${oneLine(thrown.message)} [${thrown.code}]\n`);
    return 3;
  }
  if (thrown instanceof ManifestError) {
    err(`sotto: ${oneLine(thrown.message)} [${thrown.code}]\n`);
    return 3;
  }
  if (thrown instanceof UsageError || isWrongArgument(thrown)) {
    err(`sotto: ${oneLine(thrown.message)} [bad-usage]\n`);
    return 2;
  }
  err(`sotto: ${thrown instanceof Error ? thrown.stack : messageOf(thrown)} [bug]\n`);
  return 1;
}

/** What JavaScript itself says of a mistake in our code. */
const BUG =
  /^(Cannot |Class constructor|Assignment to|Reduce of|Invalid array|Maximum call)|is not (a function|iterable|a constructor|an object|defined)/;

/** The engine throws TypeError and RangeError for arguments that make no sense, which here come from the command line. */
function isWrongArgument(thrown: unknown): thrown is Error {
  return (thrown instanceof TypeError || thrown instanceof RangeError) && !BUG.test(thrown.message);
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ');
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);
  return `Speech recognition with NeMo checkpoints.\n\n${lines.join('\n')}\n\n  sotto COMMAND --help shows the options of a command.\n`;
}
