#!/usr/bin/env node
/** The `sotto` executable: wires `runCli` to the process. */
import { runCli } from './run-cli.ts';

// A reader that goes away early (`sotto … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
// Ends through `exit`, so that temporary files are removed.
process.once('SIGINT', () => process.exit(130));

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
