/** Tensors a checkpoint may carry that inference does not read: training state, and buffers that are computed afresh. */

const IGNORED_PREFIXES = [
  'preprocessor.', // window and filterbank are read by name where they are needed
  'spec_augmentation.',
  'loss.',
  'wer.',
  'ctc_wer.',
  'ctc_loss.',
  'interctc',
  'validation_',
  'tts_model.',
  'enhancer_model.',
];

/** True for tensors that no graph has to ask for. */
export function isIgnoredWeight(name: string): boolean {
  // `pe` is non-persistent since long ago, but very old archives hold it.
  return (
    name.endsWith('.num_batches_tracked') ||
    name === 'encoder.pos_enc.pe' ||
    name.includes('.adapter_layer.') || // of disabled adapters; enabled ones are asked for
    name.includes('.self_attn.global_') || // of local attention without global tokens; NeMo makes them all the same
    IGNORED_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
