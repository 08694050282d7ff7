import { expect, test } from 'vitest';
import { checkStreamOptions, checkTranscribeOptions } from './option-check.ts';
import type { ModelInfo } from './protocol.ts';
import { type PageStreamOptions, withWireVad } from './voice-detector.ts';

test('a detector is an opened model, a name, a file or a URL', async () => {
  const file = new File([], 'vad.nemo');
  const source = { kind: 'file', file, name: 'vad.nemo' } as const;
  const opened = { source, info: {} as ModelInfo };
  const named = { kind: 'pretrained', name: 'vad_multilingual_frame_marblenet' } as const;
  const wire = async (checkpoint: Parameters<typeof withWireVad>[0]['vad']) =>
    (await withWireVad({ vad: checkpoint! })).vad;
  expect(await wire({ checkpoint: opened, onset: 0.7 })).toEqual({ checkpoint: source, onset: 0.7 });
  expect(await wire({ checkpoint: file })).toEqual({ checkpoint: source });
  expect(await wire({ checkpoint: named.name })).toEqual({ checkpoint: named });
  expect(await wire({ checkpoint: 'https://example.org/vad.nemo' })).toEqual({
    checkpoint: { kind: 'url', url: 'https://example.org/vad.nemo' },
  });
  expect(await withWireVad<PageStreamOptions>({ chunkSeconds: 1 })).toEqual({ chunkSeconds: 1 });
});

test('a detector without a checkpoint throws before anything is posted', () => {
  for (const vad of [true, 'vad.nemo', { onset: 0.5 }]) {
    expect(() => checkTranscribeOptions({ vad } as object)).toThrow('options.vad must be an object with a checkpoint');
    expect(() => checkStreamOptions({ vad } as object)).toThrow(TypeError);
  }
});
