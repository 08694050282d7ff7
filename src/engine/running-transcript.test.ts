/** Text and words of a growing decoding: the same as computed whole, at a cost that stays. */
import { expect, test } from 'vitest';
import { openGolden } from '../../e2e/support/golden.ts';
import type { Emission } from '../base/emission.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import { RunningTranscript } from './running-transcript.ts';

async function open(name: string): Promise<LoadedModel> {
  const source = { kind: 'file', file: openGolden(name).archive(), name: `${name}.nemo` } as const;
  return (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
}

/** Tokens as chance has them, one to three frames apart. */
function drawEmissions(count: number, vocabulary: number): Emission[] {
  let state = 7;
  const draw = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  let frame = 0;
  return Array.from({ length: count }, () => {
    frame += 1 + draw(3);
    return { token: draw(vocabulary), frame, duration: 1 } as Emission;
  });
}

function rulesOf({ parts, decoderKind }: LoadedModel) {
  return {
    text: (emissions: readonly Emission[]) => parts.writer.text(emissions.map(({ token }) => token)),
    words: (emissions: readonly Emission[]) => parts.writer.timestamps(emissions, decoderKind).word ?? [],
  };
}

test.each([
  'conformer-ctc-char',
  'conformer-ctc-wpe',
  'conformer-rnnt-char',
  'fastconformer-ctc-bpe',
  'fastconformer-tdt-bpe',
])('%s: a growing transcript is the whole one at every step', async (name) => {
  const model = await open(name);
  const rules = rulesOf(model);
  const emissions = drawEmissions(600, model.parts.tokenizer.pieces.length);
  const running = new RunningTranscript(rules);
  for (let from = 0; from < emissions.length; from += 7) {
    running.append(emissions.slice(from, from + 7));
    const sofar = emissions.slice(0, from + 7);
    expect(running.read()).toEqual({ text: rules.text(sofar), words: rules.words(sofar) });
  }
  await model.dispose();
});

test('what is settled is not computed again, and stays the same objects', async () => {
  const model = await open('fastconformer-ctc-bpe');
  const rules = rulesOf(model);
  let longest = 0;
  const running = new RunningTranscript({
    ...rules,
    words(emissions) {
      longest = Math.max(longest, emissions.length);
      return rules.words(emissions);
    },
  });
  let before = running.read().words;
  for (const emission of drawEmissions(3000, model.parts.tokenizer.pieces.length)) {
    running.append([emission]);
    const { words } = running.read();
    const numSame = words.findIndex((word, index) => word !== before[index]);
    expect(words.length - (numSame < 0 ? words.length : numSame)).toBeLessThan(170);
    before = words;
  }
  expect(longest).toBeLessThan(300);
  expect(before.length).toBeGreaterThan(200);
  await model.dispose();
});
