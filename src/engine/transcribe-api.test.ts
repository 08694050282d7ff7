/** Every form of input against NeMo's transcribe() (case `transcribe-api`), and what must hold for any input. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type GoldenHypothesis, goldenFolder, openGolden } from '../../e2e/support/golden.ts';
import type { Hypothesis } from '../base/hypothesis.ts';
import { parseManifest } from '../base/manifest.ts';
import type { LoadedModel } from './asr-model.ts';
import { loadModel } from './load.ts';
import type { AudioInput, TranscribeOptions } from './options.ts';
import { groupForEncoder } from './encoder-groups.ts';

const FOLDER = goldenFolder('transcribe-api');
type Answer = { results?: GoldenHypothesis[] };
const golden = openGolden('transcribe-api');
const expected = golden.json['results'] as Record<string, Record<string, Answer> & { model: string }>;
const HEADS = ['ctc', 'rnnt', 'tdt'] as const;
const RATE = 16000;

const models = new Map<string, LoadedModel>();
beforeAll(async () => {
  for (const head of HEADS) models.set(head, await open(expected[head]!.model));
}, 60_000);

async function open(name: string): Promise<LoadedModel> {
  const source = { kind: 'file', file: openGolden(name).archive(), name: `${name}.nemo` } as const;
  return (await loadModel(source, { device: 'wasm', cache: false })) as LoadedModel;
}

function wav(name: string): Blob {
  return new Blob([readFileSync(new URL(name, FOLDER))]);
}

/** Recordings of the lines, found relative to the manifest. */
function linesOf(name: string): AudioInput[] {
  const text = readFileSync(new URL(name, FOLDER), 'utf8');
  return parseManifest(text, name).map(({ audio, ...line }) => ({ ...line, audio: wav(audio) }));
}

const clips = openGolden('fastconformer-ctc-bpe').inputs;
const [first, second, third] = clips.map(({ file }) => file) as [Blob, Blob, Blob];
const [samples = new Float32Array(0)] = clips.map((clip) => clip.samples);

describe.each(HEADS)('%s', (head) => {
  async function compare(key: string, audio: AudioInput[], options: TranscribeOptions = {}): Promise<void> {
    const answers = expected[head]![key]?.results;
    if (!answers) throw new Error(`${head}: ${key} is not recorded`);
    const results = await models.get(head)!.transcribe(audio, options);
    expect(results.map(({ hypothesis }) => hypothesis.text)).toEqual(answers.map(({ text }) => text));
    results.forEach(({ hypothesis: { score, ySequence } }, index) => {
      const difference = Math.abs(score - answers[index]!.score);
      expect(difference, key).toBeLessThan(1e-3 * Math.max(1, ySequence.length));
    });
  }

  test('lists keep their order, whatever the batch size', async () => {
    await compare('list of paths, batch 2', [first, second, third], { batchSize: 2 });
    await compare('reversed list, batch 3', [third, second, first], { batchSize: 3 });
  });

  test('a manifest is its lines: offset and duration cut, a duration alone does not', async () => {
    await compare('manifest', linesOf('manifest.json'));
  });

  test('a channel of a stereo file is chosen by number; without a number Sotto averages where NeMo refuses', async () => {
    await compare('stereo file, channel 0', [wav('stereo.wav')], { channelSelector: 0 });
    await compare('stereo file, channel 1', [wav('stereo.wav')], { channelSelector: 1 });
    const [averaged] = await models.get(head)!.transcribe([wav('stereo.wav')]);
    expect(averaged!.hypothesis.text).not.toBe('');
    await expect(models.get(head)!.transcribe([wav('stereo.wav')], { channelSelector: 2 })).rejects.toMatchObject({
      code: 'unsupported-option',
    });
  });

  // Sotto resamples like soxr, more sharply than NeMo's loader: at 8 kHz that leaves other noise in the upper half of the spectrum.
  test('a file at another rate is resampled, and read as NeMo reads it', async () => {
    const answer = expected[head]!['44.1 kHz file']!.results![0]!;
    const [result] = await models.get(head)!.transcribe([wav('rate44100.wav')]);
    expect(result!.hypothesis.text).toBe(answer.text);
    expect(result!.duration).toBeCloseTo(clips[2]!.samples.length / RATE, 3);
  });

  test('arrays are padded to a second, files are not', async () => {
    // The recorded short files are the second clip from sample 4000 on.
    const source = clips[1]!.samples.subarray(4000);
    const lengths = {
      '1-sample': 1,
      '80-samples': 80,
      '160-samples': 160,
      '161-samples': 161,
      '20-ms': 320,
      '500-ms': 8000,
    };
    for (const [name, length] of Object.entries(lengths)) {
      await compare(`file of ${name}`, [wav(`${name}.wav`)]);
      await compare(`array of ${name}`, [source.slice(0, length)]);
    }
    // A second of digital silence: its normalised features are rounding noise, in NeMo as here.
    const [silent] = await models.get(head)!.transcribe([new Float32Array(0)]);
    expect(silent!.duration).toBe(1);
    await expect(models.get(head)!.transcribe([wav('0-samples.wav')])).rejects.toMatchObject({ code: 'audio-empty' });
  });

  test('files, arrays and arrays with a rate may be mixed, unlike in NeMo', async () => {
    const mixed = await models.get(head)!.transcribe([first, samples, { samples: [samples], sampleRate: RATE }]);
    expect(new Set(mixed.map(({ hypothesis }) => hypothesis.text)).size).toBe(1);
  });
});

describe('for any input', () => {
  const lengths = fc.oneof(fc.constantFrom(0, 1, 399, 400, 401), fc.integer({ min: 2, max: 40_000 }));
  const noise = fc.tuple(lengths, fc.integer({ min: 1, max: 1e6 })).map(([length, seed]) => randomSignal(length, seed));

  test.each(HEADS)('%s: any split of a list into batches gives the same hypotheses', async (head) => {
    const model = models.get(head)!;
    const property = fc.asyncProperty(
      fc.array(noise, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 6 }),
      async (audio, batchSize) => {
        const together = await model.transcribe(audio, { batchSize, timestamps: true });
        for (const [index, one] of audio.entries()) {
          const [alone] = await model.transcribe([one], { timestamps: true });
          const { score, decState: _, ...rest } = together[index]!.hypothesis;
          const { score: scoreAlone, decState: __, ...restAlone } = alone!.hypothesis;
          expect(rest).toEqual(restAlone);
          expect(score).toBeCloseTo(scoreAlone, 3);
        }
      },
    );
    await fc.assert(property, { numRuns: 8, seed: 1 });
  });

  test.each(HEADS)(
    '%s: timestamps rise and stay inside the audio, in every mode',
    async (head) => {
      const model = models.get(head)!;
      const modes = fc.constantFrom<TranscribeOptions>(
        { long: 'full' },
        { long: 'buffered' },
        { long: 'buffered', buffered: { method: 'context', chunkSeconds: 0.4, leftSeconds: 0.4, rightSeconds: 0.2 } },
        { long: 'buffered', buffered: { method: 'middle', chunkSeconds: 0.5, bufferSeconds: 1 } },
      );
      await fc.assert(
        fc.asyncProperty(noise, modes, async (audio, mode) => {
          const [result] = await model.transcribe([audio], { ...mode, timestamps: true });
          const { timestamp, length } = result!.hypothesis;
          const { timestep, word = [], segment = [] } = timestamp;
          expect(timestep).toEqual([...timestep].sort((a, b) => a - b));
          expect(timestep.every((frame) => frame >= 0 && frame < length)).toBe(true);
          // A token may last one frame, and TDT says itself how long: at most its longest duration past the end.
          const end = (length + 4) * 0.08;
          for (const spans of [word, segment])
            for (const span of spans) expect(0 <= span.start && span.start <= span.end && span.end <= end).toBe(true);
        }),
        { numRuns: 12, seed: 2, examples: [[randomSignal(60 * RATE, 7), { long: 'full' }]] },
      );
    },
    120_000,
  );

  test.each([
    ['ctc', 'beam_batch'],
    ['rnnt', 'malsd_batch'],
    ['rnnt', 'maes'],
    ['tdt', 'malsd_batch'],
  ] as const)(
    '%s, %s: readings fall by score, or score a token, and the first is the answer',
    async (head, strategy) => {
      const model = models.get(head)!;
      const property = fc.asyncProperty(
        noise,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (audio, size, norm) => {
          const beam = {
            beam_size: size,
            return_best_hypothesis: false,
            ...(head === 'ctc' ? {} : { score_norm: norm }),
          };
          await model.changeDecodingStrategy({ strategy, beam });
          const [result] = await model.transcribe([audio]);
          const { nBest = [], text, score } = result!.hypothesis;
          expect([text, score]).toEqual([nBest[0]?.text ?? '', nBest[0]?.score ?? 0]);
          const ranks = nBest.map(({ score, ySequence }) =>
            norm && head !== 'ctc' ? score / (ySequence.length + 1) : score,
          );
          expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
          expect(nBest.length).toBeLessThanOrEqual(size);
        },
      );
      await fc.assert(property, { numRuns: 6, seed: 3 });
      await model.changeDecodingStrategy(null);
    },
  );

  test.each(['rnnt', 'tdt'] as const)('%s: a recording cut anywhere scores the sum of its pieces', async (head) => {
    const model = models.get(head)!;
    const property = fc.asyncProperty(noise, noise, async (first, second) => {
      const pieces = [first, second];
      let partialHypothesis: (Hypothesis | null)[] = [null];
      let before = 0;
      for (const piece of pieces) {
        const [result] = await model.transcribe([piece], { partialHypothesis });
        const { hypothesis } = result!;
        expect(hypothesis.score).toBeLessThanOrEqual(before);
        expect(hypothesis.ySequence.slice(0, partialHypothesis[0]?.ySequence.length ?? 0)).toEqual(
          partialHypothesis[0]?.ySequence ?? [],
        );
        partialHypothesis = [hypothesis];
        before = hypothesis.score;
      }
    });
    await fc.assert(property, { numRuns: 4, seed: 4 });
  });

  test('clips of a batch are of similar length, none is lost, no batch is too large', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000)), fc.integer({ min: 1, max: 9 }), (frames, batchSize) => {
        const groups = groupForEncoder(frames, batchSize);
        expect(groups.flat().sort((a, b) => a - b)).toEqual([...frames.keys()].filter((index) => frames[index]! > 0));
        for (const group of groups) {
          const own = group.map((index) => frames[index]!);
          expect(group.length).toBeLessThanOrEqual(batchSize);
          expect(Math.min(...own)).toBeGreaterThanOrEqual(0.8 * Math.max(...own));
        }
      }),
    );
  });
});

test('Canary: any split of a list into batches gives the same hypotheses', { timeout: 60_000 }, async () => {
  const model = await open('canary2-aed');
  const clips = [first, samples, new Float32Array(401), third, samples.subarray(3000)];
  const together = await model.transcribe(clips, { batchSize: 5, timestamps: true });
  for (const batchSize of [1, 2, 3]) {
    const results = await model.transcribe(clips, { batchSize, timestamps: true });
    results.forEach(({ hypothesis: { score, ...rest } }, index) => {
      const { score: wanted, ...same } = together[index]!.hypothesis;
      expect(rest).toEqual(same);
      expect(score).toBeCloseTo(wanted, 3);
    });
  }
});

test('lines of a manifest are asked what they say (Canary)', async () => {
  const canary = openGolden('canary2-aed');
  const model = await open('canary2-aed');
  const recorded = canary.json['manifest'] as { lines: { audio_filepath: string }[]; results: GoldenHypothesis[] };
  const text = recorded.lines.map((line) => JSON.stringify(line)).join('\n');
  const lines = parseManifest(text, 'canary2').map(({ audio, ...line }) => ({ ...line, audio: wav(audio) }));
  const seen: number[] = [];
  const results = await model.transcribe(lines, {
    onProgress: (progress) => progress.phase === 'transcribe' && seen.push(progress.fileIndex),
  });
  expect(results.map(({ hypothesis }) => hypothesis.text)).toEqual(recorded.results.map((result) => result.text));
  expect(new Set(seen).size).toBeGreaterThan(1);
});

/** Noise that swells and fades, so that models say something. */
function randomSignal(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state / 2 ** 31) * 0.3 * Math.sin(index / 900) ** 2;
  });
}
