/** Names of NVIDIA's that people try, and that are no speech recognition, or of a kind that cannot be opened here. */

const SPEAKER = 'it recognises speakers, not speech';
const PRETRAINED = 'it is an encoder without a head, to be trained on';
const DIARIZER = 'it tells who speaks when, not what';

const REASONS: Readonly<Record<string, string>> = {
  asr_talknet_aligner: 'it aligns phonemes for speech synthesis',
  diar_msdd_telephonic: DIARIZER,
  'diar_sortformer_4spk-v1': DIARIZER,
  'diar_streaming_sortformer_4spk-v2': DIARIZER,
  'diar_streaming_sortformer_4spk-v2.1': DIARIZER,
  ecapa_tdnn: SPEAKER,
  speakerverification_speakernet: SPEAKER,
  titanet_large: SPEAKER,
  titanet_small: SPEAKER,
  langid_ambernet: 'it recognises the language, not the words',
  ssl_en_conformer_large: PRETRAINED,
  ssl_en_conformer_xlarge: PRETRAINED,
  'low-frame-rate-speech-codec-22khz': 'it is an audio codec; the documentation lists it by mistake',
  slu_conformer_transformer_large_slurp:
    'it gives intents and slots, not text (SLUIntentSlotBPEModel), and NeMo 3 has dropped it',
  'canary-qwen-2.5b': 'its decoder is a large language model (SALM), which is not supported',
  'multitalker-parakeet-streaming-0.6b-v1':
    'it needs the activity of every speaker as a second input, which is not supported',
};

/** Why a checkpoint cannot be transcribed with, or undefined. @param name with or without `nvidia/` */
export function refusalOf(name: string): string | undefined {
  const bare = name.replace(/^nvidia\//, '');
  return Object.hasOwn(REASONS, bare) ? REASONS[bare] : undefined;
}
