/** Several answers drawn for a recording (`greedy.n_samples`): how many, what they are at no temperature, and how often NeMo's probabilities let them begin. */
import { afterEach, expect, test, vi } from 'vitest';
import { open } from '../../e2e/support/canary.ts';
import { promptsOf } from '../../e2e/support/canary-prompts.ts';
import { openGolden } from '../../e2e/support/golden.ts';
import { logSoftmax } from '../decoding/scores.ts';

const SAMPLES = 64;
const CALLS = 4;
const TEMPERATURE = 2.5;

afterEach(() => vi.restoreAllMocks());

test('they are the n-best list; the first is the hypothesis, and a temperature near 0 gives the greedy answer', async () => {
  const golden = openGolden('canary2-aed');
  const model = await open(golden);
  const clips = golden.inputs.map(({ file }) => file);
  await model.changeDecodingStrategy({ strategy: 'greedy' });
  const greedy = (await model.transcribe(clips)).map(({ hypothesis }) => hypothesis);
  expect(greedy.every(({ nBest }) => nBest === undefined)).toBe(true);

  await model.changeDecodingStrategy({ strategy: 'greedy', greedy: { temperature: 1e-3, n_samples: 3 } });
  const drawn = (await model.transcribe(clips)).map(({ hypothesis }) => hypothesis);
  drawn.forEach(({ text, score, nBest = [] }, clip) => {
    expect(nBest.map((reading) => reading.ySequence)).toEqual(Array(3).fill(greedy[clip]?.ySequence));
    expect([text, score]).toEqual([nBest[0]?.text, 0]);
  });

  await model.changeDecodingStrategy({ strategy: 'greedy', greedy: { temperature: 1, n_samples: 1 } });
  expect((await model.transcribe(clips))[0]?.hypothesis.nBest).toBeUndefined();
  for (const config of [
    { greedy: { n_samples: 3 } },
    { greedy: { temperature: 1, n_samples: 65 } },
    { greedy: { temperature: 1, n_samples: 3 }, confidence_cfg: { preserve_token_confidence: true } },
  ])
    await expect(model.changeDecodingStrategy({ strategy: 'greedy', ...config })).rejects.toMatchObject({
      code: 'unsupported-option',
    });
});

test("first tokens come as often as NeMo's log-probabilities say", async () => {
  const golden = openGolden('canary2-aed');
  const model = await open(golden);
  const [name, { context_ids: prompt }] = Object.entries(promptsOf(golden)).find(([key]) => key === 'en_pnc')!;
  const { shape, data } = golden.array(`beam1.${name}.single.1.teacher_log_probs`);
  const numClasses = shape[1] as number;
  const first = data.subarray((prompt.length - 1) * numClasses, prompt.length * numClasses);
  const { vocabularySize } = model.parts.tokenizer;
  const probabilities = logSoftmax(first, 0, vocabularySize, TEMPERATURE).map(Math.exp);

  let seed = 7;
  vi.spyOn(Math, 'random').mockImplementation(() => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  });
  // A short answer is enough: `max_generation_delta` leaves as much room as there are frames.
  const greedy = { temperature: TEMPERATURE, n_samples: SAMPLES, max_generation_delta: 0 };
  await model.changeDecodingStrategy({ strategy: 'greedy', greedy });
  const counts = new Map<number, number>();
  for (let call = 0; call < CALLS; call++) {
    const [answer] = await model.transcribe([golden.inputs[1]!.file], {
      sourceLang: 'en',
      targetLang: 'en',
      pnc: true,
    });
    expect(answer?.hypothesis.nBest).toHaveLength(SAMPLES);
    for (const { ySequence } of answer?.hypothesis.nBest ?? [])
      counts.set(ySequence[0] ?? -1, (counts.get(ySequence[0] ?? -1) ?? 0) + 1);
  }
  const draws = SAMPLES * CALLS;
  const likely = [...probabilities.keys()].filter((token) => probabilities[token]! > 0.01);
  expect(likely.length).toBeGreaterThan(2);
  for (const token of likely) {
    const expected = draws * probabilities[token]!;
    const deviation = Math.sqrt(expected * (1 - probabilities[token]!));
    expect(Math.abs((counts.get(token) ?? 0) - expected), `token ${token}`).toBeLessThan(3 * deviation);
  }
});
