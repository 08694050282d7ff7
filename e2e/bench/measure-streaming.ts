/** What somebody who dictates notices: when the first word appears, how late words settle, how many change after they were shown. */
import { decodeWav } from '../../src/audio/wav.ts';
import type { LoadedModel } from '../../src/engine/asr-model.ts';
import type { StreamUpdate } from '../../src/engine/options.ts';
import type { Row } from './row.ts';

const PUSH_SECONDS = 0.1;

export async function measureStreaming(model: LoadedModel, clip: Blob): Promise<Row[]> {
  const { channels, sampleRate } = await decodeWav(clip);
  const samples = channels[0] as Float32Array;
  const updates: StreamUpdate[] = [];
  const startedAt = performance.now();
  const stream = await model.openStream({ sampleRate }, (update) => updates.push(update));
  const step = PUSH_SECONDS * sampleRate;
  for (let from = 0; from < samples.length; from += step) await stream.push(samples.subarray(from, from + step));
  await stream.finish();
  const computeSeconds = (performance.now() - startedAt) / 1000;

  const first = updates.find(({ committed, draft }) => (committed + draft).trim() !== '');
  const delays = settlingDelays(updates);
  return [
    { what: 'stream, first text after', value: first?.time ?? Number.NaN, unit: 's', note: 'of audio' },
    {
      what: 'stream, words settle after their end, on average',
      value: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
      unit: 's',
      note: `${delays.length} words, without computing`,
    },
    { what: 'stream, shown words that changed', value: numChangedWords(updates), unit: 'words' },
    {
      what: 'stream, seconds of work a second of audio',
      value: computeSeconds / (samples.length / sampleRate),
      unit: 's',
    },
  ];
}

function settlingDelays(updates: readonly StreamUpdate[]): number[] {
  const words = updates.at(-1)?.words ?? [];
  return words.flatMap(({ end }, index) => {
    const settled = updates.find(({ committed }) => wordsOf(committed).length > index);
    return settled ? [Math.max(0, settled.time - end)] : [];
  });
}

/** Words at their place in the text that were another word, or none, one update later. */
function numChangedWords(updates: readonly StreamUpdate[]): number {
  let changed = 0;
  for (let index = 1; index < updates.length; index++) {
    const [before, after] = [updates[index - 1], updates[index]].map((update) =>
      wordsOf(`${update?.committed}${update?.draft}`),
    );
    // The last word may still be growing.
    changed += (before ?? []).slice(0, -1).filter((word, place) => word !== after?.[place]).length;
  }
  return changed;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
