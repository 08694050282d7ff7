/**
 * Published checkpoints that can be opened by name.
 *
 * Everything but the built-in one is fetched from its Hugging Face repository, and only when asked for. Sizes are those of the `.nemo`
 * as its model card gives them, to be said before a download; the exact one comes from the server.
 */

/** One published checkpoint (NeMo `PretrainedModelInfo`). */
export type PretrainedModelInfo = {
  /** The name to give to `fromPretrained`. */
  readonly name: string;
  /** NeMo class it restores to. */
  readonly className: string;
  readonly description: string;
  /** BCP 47 tags. */
  readonly languages: readonly string[];
  /** Bytes of the `.nemo`, rounded. */
  readonly bytes: number;
  /** SPDX identifier or the licence's name. */
  readonly licence: string;
};

const MODELS: readonly PretrainedModelInfo[] = [
  {
    name: 'sotto-tiny-en',
    className: 'EncDecHybridRNNTCTCBPEModel',
    description: 'Built in: a very small English model, so that something works without a download.',
    languages: ['en'],
    bytes: 15e6,
    licence: 'Apache-2.0',
  },
  {
    name: 'nvidia/parakeet-tdt_ctc-110m',
    className: 'EncDecHybridRNNTCTCBPEModel',
    description: 'English with punctuation and capitals, 114 M parameters: the best first step up.',
    languages: ['en'],
    bytes: 459e6,
    licence: 'CC-BY-4.0',
  },
  {
    name: 'nvidia/stt_en_fastconformer_ctc_large',
    className: 'EncDecCTCModelBPE',
    description: 'English, lower case, 115 M parameters, CTC.',
    languages: ['en'],
    bytes: 460e6,
    licence: 'CC-BY-4.0',
  },
  {
    name: 'nvidia/parakeet-tdt-0.6b-v2',
    className: 'EncDecRNNTBPEModel',
    description: 'English with punctuation and capitals, 0.6 B parameters.',
    languages: ['en'],
    bytes: 2.47e9,
    licence: 'CC-BY-4.0',
  },
];

/** The checkpoints of one NeMo class; `ASRModel` lists all. */
export function listPretrained(className: string): readonly PretrainedModelInfo[] {
  return className === 'ASRModel' ? MODELS : MODELS.filter((model) => model.className === className);
}
