/** The origin's checkpoint store, opened once a worker. */
import { CheckpointStore } from '../checkpoint/store.ts';

let opened: Promise<CheckpointStore> | undefined;

export function openStore(): Promise<CheckpointStore> {
  opened ??= CheckpointStore.open();
  return opened;
}
