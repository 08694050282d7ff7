/** One voice detector for all calls that name it, however they name it. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { CheckpointSource } from '../checkpoint/source.ts';
import { loadModel } from './load.ts';
import { VoiceDetectors } from './voice-detectors.ts';

test('a file that is posted anew with every call is opened once; another file is another detector', async () => {
  const opened: CheckpointSource[] = [];
  const detectors = new VoiceDetectors((source) => {
    opened.push(source);
    return loadModel(source, { device: 'wasm', cache: false });
  });
  const bytes = await openGolden('marblenet-frame-vad').archive().arrayBuffer();
  const posted = (): CheckpointSource => ({ kind: 'file', file: new Blob([bytes]), name: 'vad.nemo' });
  await Promise.all([detectors.open({ checkpoint: posted() }), detectors.open({ checkpoint: posted() })]);
  await detectors.open({ checkpoint: posted(), onset: 0.6 });
  expect(opened).toHaveLength(1);
  const other = openGolden('marblenet-classification').archive();
  await detectors.open({ checkpoint: { kind: 'file', file: other, name: 'vad.nemo' } });
  expect(opened).toHaveLength(2);
  await detectors.dispose();
});
