/** Where a spoken phrase has ended: the last pause of a growing buffer, by energy relative to its loudest part. */

const FRAME_SECONDS = 0.03;
const PAUSE_SECONDS = 0.6;
const MIN_PHRASE_SECONDS = 1;
/** A frame is silent below this share of the buffer's loud level (about -30 dB) or below an absolute floor. */
const RELATIVE_SILENCE = 0.03;
const ABSOLUTE_SILENCE = 1e-4;

/** Sample index in the middle of the last long pause, the quietest place of an overlong phrase, or 0 when the phrase goes on. */
export function findPhraseEnd(samples: Float32Array, sampleRate: number, maxSeconds: number): number {
  const frame = Math.round(FRAME_SECONDS * sampleRate);
  const levels = frameLevels(samples, frame);
  const loud = [...levels].sort((a, b) => a - b)[Math.floor(levels.length * 0.95)] ?? 0;
  const threshold = Math.max(ABSOLUTE_SILENCE, loud * RELATIVE_SILENCE);
  const pauseFrames = Math.round(PAUSE_SECONDS / FRAME_SECONDS);
  const minFrames = Math.round(MIN_PHRASE_SECONDS / FRAME_SECONDS);

  let run = 0;
  for (let index = levels.length - 1; index >= minFrames; index--) {
    run = (levels[index] as number) < threshold ? run + 1 : 0;
    if (run === pauseFrames) return (index + Math.floor(pauseFrames / 2)) * frame;
  }
  if (samples.length < maxSeconds * sampleRate) return 0;
  return quietest(levels, minFrames) * frame;
}

function frameLevels(samples: Float32Array, frame: number): number[] {
  const levels: number[] = [];
  for (let from = 0; from + frame <= samples.length; from += frame) {
    let energy = 0;
    for (let index = from; index < from + frame; index++) energy += samples[index]! ** 2;
    levels.push(Math.sqrt(energy / frame));
  }
  return levels;
}

function quietest(levels: readonly number[], from: number): number {
  let best = from;
  for (let index = from; index < levels.length; index++) if ((levels[index] as number) <= (levels[best] as number)) best = index;
  return best;
}
