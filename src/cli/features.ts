/** `sotto features`: what the encoder is given, or with `--encoder` what it gives, for comparing with NeMo stage by stage. */
import { writeFileSync } from 'node:fs';
import { concatenate, openAudio } from '../engine/audio-source.ts';
import type { LoadedModel } from '../engine/asr-model.ts';
import { hostValues } from '../engine/encoder-tensors.ts';
import { openAudioArgument } from './audio-argument.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';
import { openRecognizer, TRANSCRIBE_OPTIONS, TRANSCRIBE_USAGE, transcribeOptions } from './model-options.ts';
import { toNpy } from './npy.ts';

type Matrix = { readonly data: Float32Array; readonly shape: readonly [number, number] };

export const featuresCommand: Command = {
  summary: 'Log-mel features [numMels, numFrames], or encoder output [size, frames], as float32 .npy.',
  usage: `AUDIO [--npy FILE] [--encoder] [--json]\n      ${TRANSCRIBE_USAGE}`,
  options: { ...TRANSCRIBE_OPTIONS, npy: { type: 'string' }, encoder: { type: 'boolean' }, json: { type: 'boolean' } },
  async run(args, output) {
    const [path] = args.exactly('AUDIO') as [string];
    const { channelSelector } = transcribeOptions(args);
    using audio = await openAudioArgument(path);
    const { model } = await openRecognizer(args);
    try {
      const samples: Float32Array[] = [];
      const source = {
        sampleRate: model.info.sampleRate,
        ...(channelSelector === undefined ? {} : { channelSelector }),
      };
      for await (const block of openAudio(audio.blob, source)) samples.push(block);
      const matrix = await compute(model, concatenate(samples), args.flag('encoder'));
      const file = args.text('npy');
      if (file !== undefined) writeFileSync(file, toNpy(matrix.data, matrix.shape));
      const summary = { audio: path, shape: matrix.shape, ...statistics(matrix.data) };
      if (args.flag('json')) output.out(`${toJsonText(summary, 2)}\n`);
      else
        output.out(
          `[${matrix.shape.join(', ')}] mean ${summary.mean.toFixed(4)} std ${summary.std.toFixed(4)} min ${summary.min.toFixed(4)} max ${summary.max.toFixed(4)}\n`,
        );
    } finally {
      await model.dispose();
    }
  },
};

async function compute(model: LoadedModel, samples: Float32Array, isEncoder: boolean): Promise<Matrix> {
  const { mel, encoder, spec } = model.parts;
  const features = mel.extract(samples);
  if (!isEncoder) return { data: features.data, shape: [features.numFeatures, features.numFrames] };
  const size = spec.encoder.outputSize;
  if (features.numFrames === 0) return { data: new Float32Array(0), shape: [size, 0] };
  const { tensor, lengths } = await encoder.encode([features], model.context);
  const values = await hostValues(tensor);
  const frames = lengths[0] as number;
  // NeMo's encoders give channels first; ours give frames first.
  const data = new Float32Array(size * frames);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < size; channel++)
      data[channel * frames + frame] = values[frame * size + channel] as number;
  }
  return { data, shape: [size, frames] };
}

function statistics(data: Float32Array): { mean: number; std: number; min: number; max: number } {
  let [sum, squares, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / data.length;
  return { mean, std: Math.sqrt(Math.max(0, squares / data.length - mean * mean)), min, max };
}
