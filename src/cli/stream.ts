/** `sotto stream`: a recording as if it were spoken now; one JSON line an update with `--json`. */
import { openAudio } from '../engine/audio-source.ts';
import type { StreamUpdate } from '../engine/options.ts';
import { openAudioArgument } from './audio-argument.ts';
import type { Command } from './command.ts';
import { toJsonText } from './json.ts';
import {
  contextSize,
  openRecognizer,
  TRANSCRIBE_OPTIONS,
  TRANSCRIBE_USAGE,
  transcribeOptions,
  vadOption,
} from './model-options.ts';
import { promptOptions } from './prompt.ts';

/** Audio is handed over in pieces of this length, as a microphone would. */
const PUSH_SECONDS = 0.1;

export const streamCommand: Command = {
  summary: 'A recording as a stream: what is settled and what may still change, while it is heard.',
  usage: `AUDIO [--json] [--chunk SECONDS]\n      ${TRANSCRIBE_USAGE}`,
  options: { ...TRANSCRIBE_OPTIONS, json: { type: 'boolean' }, chunk: { type: 'string' } },
  async run(args, output) {
    const [path] = args.exactly('AUDIO') as [string];
    const chunkSeconds = args.number('chunk', { min: 0.01 });
    const { channelSelector } = transcribeOptions(args);
    const attContextSize = contextSize(args);
    const vad = await vadOption(args);
    using audio = await openAudioArgument(path);
    const { model, prompt } = await openRecognizer(args);
    try {
      let shown = '';
      const show = (update: StreamUpdate): void => {
        const { time, committed, draft, isFinal } = update;
        if (args.flag('json')) return output.out(`${toJsonText({ time, committed, draft, isFinal }, 0)}\n`);
        // Committed text only grows, so its new end is all there is to print.
        output.out(committed.slice(shown.length));
        shown = committed;
      };
      const { targetLang } = promptOptions(model, prompt);
      const options = {
        ...(targetLang === undefined ? {} : { targetLang }),
        ...vad,
        ...(attContextSize ? { attContextSize: attContextSize as [number, number] } : {}),
        ...(chunkSeconds === undefined ? {} : { chunkSeconds }),
      };
      const stream = await model.openStream(options, show);
      const { sampleRate } = model.info;
      const step = Math.round(PUSH_SECONDS * sampleRate);
      for await (const block of openAudio(audio.blob, {
        sampleRate,
        ...(channelSelector === undefined ? {} : { channelSelector }),
      })) {
        for (let from = 0; from < block.length; from += step) await stream.push(block.subarray(from, from + step));
      }
      await stream.finish();
      if (!args.flag('json')) output.out('\n');
    } finally {
      await model.dispose();
    }
  },
};
