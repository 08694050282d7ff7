/** The voice detectors a model has been asked to use: each is opened once and lives as long as the model. */
import { AsrError } from '../base/errors.ts';
import { type CheckpointSource, openSource } from '../checkpoint/source.ts';
import type { EngineModel } from './engine-model.ts';
import { LoadedClassifier } from './loaded-classifier.ts';
import type { VadOptions } from './options.ts';
import { VoiceDetector } from './voice-detector.ts';

export class VoiceDetectors {
  readonly #load: (source: CheckpointSource) => Promise<EngineModel>;
  readonly #opened = new Map<string, Promise<LoadedClassifier>>();

  /** @param load opens a checkpoint where the model itself runs */
  constructor(load: (source: CheckpointSource) => Promise<EngineModel>) {
    this.#load = load;
  }

  /** @throws AsrError `unsupported-option` for a checkpoint that classifies nothing, and what opening one throws */
  async open({ checkpoint, ...options }: VadOptions): Promise<VoiceDetector> {
    checkOptions(options);
    const key = await keyOf(checkpoint);
    let opened = this.#opened.get(key);
    if (!opened) {
      opened = this.#load(checkpoint).then(asClassifier);
      this.#opened.set(key, opened);
      opened.catch(() => this.#opened.delete(key));
    }
    return new VoiceDetector(await opened, options);
  }

  async dispose(): Promise<void> {
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    for (const detector of opened) await detector.then((ready) => ready.dispose()).catch(() => undefined);
  }
}

/** A file is known by its content: every call posts it anew, as another object. */
async function keyOf(source: CheckpointSource): Promise<string> {
  if (source.kind === 'url') return `url ${source.url}`;
  if (source.kind === 'pretrained') return `name ${source.name}`;
  if (source.kind === 'stored') return `stored ${source.id}`;
  return (await openSource(source)).id;
}

const NUMBERS = [
  'onset',
  'offset',
  'padOnset',
  'padOffset',
  'minDurationOn',
  'minDurationOff',
  'windowSeconds',
  'shiftSeconds',
];

function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const expected = NUMBERS.includes(name) ? 'number' : name === 'filterSpeechFirst' ? 'boolean' : undefined;
    if (!expected)
      throw new AsrError(
        'unsupported-option',
        `vad has no option ${name}; it has ${NUMBERS.join(', ')}, filterSpeechFirst.`,
      );
    if (typeof value !== expected || Number.isNaN(value))
      throw new AsrError('unsupported-option', `vad.${name} is ${String(value)}; it must be a ${expected}.`);
  }
}

async function asClassifier(model: EngineModel): Promise<LoadedClassifier> {
  if (model instanceof LoadedClassifier) return model;
  await model.dispose();
  throw new AsrError(
    'unsupported-option',
    `vad: ${model.info.name} is an ${model.info.className}; a voice detector is an EncDecFrameClassificationModel or an EncDecClassificationModel.`,
  );
}
