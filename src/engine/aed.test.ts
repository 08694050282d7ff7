/** Canary against NeMo: decoder states, teacher-forced scores, every recorded strategy, one by one and as a batch (WASM, Node). */
import { expect, test } from 'vitest';
import { CASES, compare, greatestDifference, open } from '../../e2e/support/canary.ts';
import { type Prompt, STRATEGIES, promptsOf, seenForFiles, toOptions } from '../../e2e/support/canary-prompts.ts';
import { type GoldenTranscripts, TOLERANCE, openGolden } from '../../e2e/support/golden.ts';
import { AedRunner, createCrossMemory, joinCrossMemories } from './aed-runner.ts';
import { hostValues } from './encoder-tensors.ts';

test.each(CASES)('%s: the decoder sees and scores what NeMo computes', async (name) => {
  const golden = openGolden(name);
  const model = await open(golden);
  const { mel, encoder, sessions, spec } = model.parts;
  if (!spec.aed) throw new Error('no attention decoder');
  const encoded = [];
  for (const { samples } of golden.inputs) encoded.push(await encoder.encode([mel.extract(samples)], model.context));

  const cross = await sessions.get('cross');
  for (const [index, clip] of encoded.entries()) {
    const frames = clip.lengths[0] as number;
    const mask = new sessions.instance.ort.Tensor('float32', new Float32Array(frames * frames), [1, 1, frames, frames]);
    const { states } = await cross.run({ encoded: clip.tensor, ...(spec.aed.encoder ? { mask } : {}) }, ['states']);
    const ours = await hostValues(states as NonNullable<typeof states>);
    // NeMo's may have one frame more, of the padding column.
    const theirs = golden.array(`single.${index}.decoder_states`).data.subarray(0, ours.length);
    expect(theirs).toHaveLength(ours.length);
    expect(greatestDifference(ours, theirs)).toBeLessThan(TOLERANCE.encoded);
  }
  for (const [promptName, { context_ids: context }] of Object.entries(promptsOf(golden))) {
    const key = `beam1.${promptName}`;
    for (const [index, clip] of encoded.entries()) {
      if (!golden.hasArray(`${key}.single.${index}.teacher_log_probs`)) continue; // left out of the small set
      const theirs = golden.array(`${key}.single.${index}.teacher_log_probs`);
      const answer = golden.transcripts(key).single[index]?.y_sequence ?? [];
      const memory = await createCrossMemory(sessions, spec.aed, clip);
      const ours = await new AedRunner(sessions, spec.aed, memory).score([
        [...context, ...answer].slice(0, spec.aed.maxLength),
      ]);
      expect(ours).toHaveLength(theirs.data.length);
      expect(greatestDifference(ours, theirs.data)).toBeLessThan(TOLERANCE.logits);
    }
  }
});

test.each(CASES)('%s: a step at a time, with padding and mixed rows, scores as the whole text does', async (name) => {
  const golden = openGolden(name);
  const model = await open(golden);
  const { mel, encoder, sessions, spec } = model.parts;
  if (!spec.aed) throw new Error('no attention decoder');
  const memories = [];
  for (const { samples } of golden.inputs)
    memories.push(
      await createCrossMemory(sessions, spec.aed, await encoder.encode([mel.extract(samples)], model.context)),
    );
  const [memory] = await joinCrossMemories(sessions, memories);
  if (!memory) throw new Error('no memory');
  const runner = new AedRunner(sessions, spec.aed, memory);
  const [promptName, prompt] = Object.entries(promptsOf(golden))[0] as [string, Prompt];
  const answers = golden.transcripts(`beam1.${promptName}`).single.map((one) => one.y_sequence as readonly number[]);

  let step = await runner.start(answers.map(() => prompt.context_ids));
  // From now on two rows a clip; the first row's parent changes places to check that caches follow.
  let parents = [0, 0, 1, 1, 2, 2];
  const numClasses = step.logProbs.length / 3;
  const numSteps = Math.min(spec.aed.maxLength - prompt.context_ids.length, ...answers.map((answer) => answer.length));
  for (let index = 0; index < numSteps; index++) {
    const tokens = answers.flatMap((answer) => [answer[index] as number, answer[index] as number]);
    step = await runner.step(step.state, tokens, parents);
    parents = [1, 0, 3, 2, 5, 4];
    for (const clip of answers.keys()) {
      const theirs = golden.array(`beam1.${promptName}.single.${clip}.teacher_log_probs`).data;
      const from = (prompt.context_ids.length + index) * numClasses;
      for (const row of [2 * clip, 2 * clip + 1]) {
        expect(
          greatestDifference(
            step.logProbs.subarray(row * numClasses, (row + 1) * numClasses),
            theirs.subarray(from, from + numClasses),
          ),
        ).toBeLessThan(TOLERANCE.logits);
      }
    }
  }
});

const ANSWERS = CASES.flatMap((name) => {
  const golden = openGolden(name);
  const prompts = Object.keys(promptsOf(golden)).map((prompt) => ['beam1', `beam1.${prompt}`, prompt] as const);
  const [first] = Object.keys(promptsOf(golden)) as [string];
  const others = Object.keys(STRATEGIES)
    .filter((key) => !Object.hasOwn(golden.json[key] as object, 'raises'))
    .map((key) => [key, key, first] as const);
  return [...prompts, ...others].map(([strategy, key, prompt]) => ({ name, strategy, key, prompt }));
});

test.each(ANSWERS)(
  '$name: $key answers as NeMo, one by one and as a batch',
  async ({ name, strategy, key, prompt }) => {
    const golden = openGolden(name);
    const model = await open(golden);
    const { strategy: kind, beam, confidence_cfg = {} } = STRATEGIES[strategy] ?? {};
    const { decoding } = model.cfg as { decoding: { beam: object } };
    if (kind)
      await model.changeDecodingStrategy({ strategy: kind, confidence_cfg, beam: { ...decoding.beam, ...beam } });
    const { transcribe_arguments: slots } = promptsOf(golden)[prompt] as Prompt;
    const options = toOptions(seenForFiles(slots, model.parts.spec.aed?.prompt.format ?? ''));
    const expected = golden.transcripts(key) as GoldenTranscripts;
    const files = golden.inputs.map((input) => input.file);

    const batch = await model.transcribe(files, options);
    for (const [index, file] of files.entries()) {
      const [single] = await model.transcribe([file], options);
      compare(single?.hypothesis, expected.single[index]);
      // NeMo's batch gives every clip the room of the longest; ours gives what one by one gives.
      compare(batch[index]?.hypothesis, expected.single[index]);
    }
  },
);

const BOOSTED = {
  boosted: { key_phrases_list: ['river', 'warm'], context_score: 1.2 },
  boosted_uniform: { key_phrases_list: ['number two', 'house'], uniform_weights: true, final_eos_score: 2 },
};

test.each(Object.entries(BOOSTED))('canary-bpe: phrases are boosted as in NeMo (%s)', async (key, boosting_tree) => {
  const golden = openGolden('canary-bpe');
  const model = await open(golden);
  const beam = { beam_size: 4, boosting_tree, boosting_tree_alpha: 0.6, return_best_hypothesis: false };
  await model.changeDecodingStrategy({ strategy: 'beam', beam });
  const options = toOptions(seenForFiles({}, 'canary2'));
  const ours = await model.transcribe(
    golden.inputs.map((input) => input.file),
    options,
  );
  const expected = golden.transcripts(key).single;
  ours.forEach(({ hypothesis }, index) => compare(hypothesis, expected[index]));
});
