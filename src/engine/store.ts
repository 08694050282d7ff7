/** The checkpoint store, opened once a worker or process: the origin's, unless another was put in its place before. */
import { CheckpointStore } from '../checkpoint/store.ts';

let opened: Promise<CheckpointStore> | undefined;

export function openStore(): Promise<CheckpointStore> {
  opened ??= CheckpointStore.open();
  return opened;
}

/** Puts a store of the caller's in the place of the origin's: Node has none. */
export function useStore(store: CheckpointStore): void {
  opened = Promise.resolve(store);
}
