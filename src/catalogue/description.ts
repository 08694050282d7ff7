/** One line about a checkpoint, told from its name: NVIDIA names encoder, head and training data in it. */

const ENCODERS: readonly (readonly [RegExp, string])[] = [
  [/quartznet/i, 'QuartzNet'],
  [/jasper/, 'Jasper'],
  [/citrinet_(\d+)/, 'Citrinet'],
  [/contextnet/, 'ContextNet'],
  [/squeezeformer/, 'Squeezeformer'],
  [/fastconformer|parakeet|canary|nemotron/, 'FastConformer'],
  [/conformer/, 'Conformer'],
  [/marblenet/, 'MarbleNet'],
  [/matchboxnet/, 'MatchboxNet'],
];
const HEADS: readonly (readonly [RegExp, string])[] = [
  [/canary/, 'attention decoder: recognition and translation'],
  [/frame_marblenet/, 'voice detector, frame by frame'],
  [/^vad/, 'voice detector'],
  [/^command/, 'spoken commands'],
  [/tdt_ctc/, 'TDT and CTC'],
  [/tdt/, 'TDT'],
  [/hybrid/, 'RNNT and CTC'],
  [/transducer|rnnt|contextnet|nemotron|unified|realtime/, 'RNNT'],
];
const NOTES: readonly (readonly [RegExp, string])[] = [
  [/streaming|realtime|unified/, 'cache-aware streaming'],
  [/codesw/, 'code-switching'],
  [/_pcd?(_|$)|parakeet-tdt(-0|_ctc)|unified/, 'punctuation and capitals'],
  [/pcd_/, 'diacritics'],
  [/_ls$/, 'trained on LibriSpeech only'],
  [/_mls$/, 'trained on Multilingual LibriSpeech only'],
];

/** For example "FastConformer, RNNT and CTC; cache-aware streaming". */
export function descriptionOf(name: string): string {
  const encoder = ENCODERS.find(([pattern]) => pattern.test(name))?.[1] ?? '';
  const head = HEADS.find(([pattern]) => pattern.test(name))?.[1] ?? 'CTC';
  const notes = NOTES.filter(([pattern]) => pattern.test(name)).map(([, note]) => `; ${note}`);
  return `${encoder}, ${head}${notes.join('')}`;
}
