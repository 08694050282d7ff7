/**
 * Updates of a stream as they cross the boundary: what came since the last one, so that a message does not grow with the dictation.
 *
 * Settled text only grows, and settled words are the same objects in every update of the engine; both ends hold the last update.
 */
import type { StreamUpdate } from '../engine/options.ts';

/** An update less what the page has already. */
export type UpdateDelta = Omit<StreamUpdate, 'committed' | 'words'> & {
  /** Characters of the last `committed` that stay, and what follows them. */
  readonly committed: readonly [kept: number, added: string];
  /** Words of the last update that stay, and those that follow. */
  readonly words: readonly [kept: number, added: StreamUpdate['words']];
};

const NOTHING: Pick<StreamUpdate, 'committed' | 'words'> = { committed: '', words: [] };

/** For the sending end: each update against the one before. Every delta must arrive, in order. */
export function deltaWriter(): (update: StreamUpdate) => UpdateDelta {
  let last = NOTHING;
  return (update) => {
    const { committed, words } = update;
    const keptChars = committed.startsWith(last.committed) ? last.committed.length : 0;
    let keptWords = 0;
    while (keptWords < words.length && words[keptWords] === last.words[keptWords]) keptWords += 1;
    last = update;
    return {
      ...update,
      committed: [keptChars, committed.slice(keptChars)],
      words: [keptWords, words.slice(keptWords)],
    };
  };
}

/** For the receiving end: whole updates again. */
export function deltaReader(): (delta: UpdateDelta) => StreamUpdate {
  let last = NOTHING;
  return (delta) => {
    const [keptChars, added] = delta.committed;
    const [keptWords, addedWords] = delta.words;
    const update = {
      ...delta,
      committed: last.committed.slice(0, keptChars) + added,
      words: [...last.words.slice(0, keptWords), ...addedWords],
    };
    last = update;
    return update;
  };
}
