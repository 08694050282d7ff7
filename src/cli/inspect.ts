/** `sotto inspect`: what a checkpoint is, on one screen. Reads configuration and tensor shapes only. */
import { describeCheckpoint, type CheckpointDescription } from '../engine/describe.ts';
import { openCheckpointFiles } from './checkpoint-argument.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';

export const inspectCommand: Command = {
  summary: 'Class, configuration, size, tokenizer and streaming of a checkpoint.',
  usage: 'CHECKPOINT [--json]',
  options: { json: { type: 'boolean' } },
  async run(args, output) {
    const [argument] = args.exactly('CHECKPOINT') as [string];
    const { files, name, bytes } = await openCheckpointFiles(argument);
    const description = { name, bytes, ...(await describeCheckpoint(files)) };
    output.out(args.flag('json') ? `${toJsonText(description, 2)}\n` : screen(description));
  },
};

function screen(description: CheckpointDescription & { readonly name: string; readonly bytes: number }): string {
  const { features, encoder, tokenizer, decoding, streaming, memory } = description;
  const rows: readonly (readonly [string, string])[] = [
    ['checkpoint', `${description.name}, ${megabytes(description.bytes)}`],
    ['class', `${description.className} (NeMo ${description.nemoVersion})`],
    ['parameters', `${(description.parameters / 1e6).toFixed(1)} M`],
    [
      'features',
      `${features.numMels} mels at ${features.sampleRate} Hz, a ${1000 * features.windowSize} ms window every ${1000 * features.windowStride} ms`,
    ],
    ['encoder', scalars(encoder)],
    ['frame', `${Math.round(1000 * description.frameSeconds)} ms`],
    [
      'tokenizer',
      `${tokenizer.kind}, ${tokenizer.vocabularySize} tokens${tokenizer.languages.length > 0 ? `, languages ${tokenizer.languages.join(', ')}` : ''}`,
    ],
    ...(description.labels ? [['classes', description.labels.join(', ')] as const] : []),
    [
      'decoders',
      `${description.decoders.join(', ')} (${decoding.default} unless asked)${decoding.durations.length > 0 ? `, durations ${decoding.durations.join(' ')}` : ''}`,
    ],
    [
      'streaming',
      streaming.cacheAware
        ? `cache-aware, att-context-size ${streaming.attContextSizes.map((size) => `[${size.join(', ')}]`).join(' ')}`
        : 'in buffers',
    ],
    [
      'memory',
      Object.entries(memory)
        .map(([precision, bytes]) => `${precision} ${megabytes(bytes)}`)
        .join(', '),
    ],
  ];
  return rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
}

function scalars(encoder: Readonly<Record<string, unknown>>): string {
  return Object.entries(encoder)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string' || value === true)
    .map(([key, value]) => (key === 'kind' ? String(value) : value === true ? key : `${key} ${value}`))
    .join(', ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
