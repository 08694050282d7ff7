/**
 * Reads what `torch.save` wrote before 1.6 (the oldest `.nemo` of NGC): five pickles in a row, then the raw storages.
 *
 * magic · protocol · system info · the object · the storage keys · for each key an int64 element count and its bytes. How long the pickles
 * are is known only once they are read, so they are read in windows that grow.
 */
import type { Weights } from '../base/files.ts';
import { AsrError } from '../base/errors.ts';
import { asCorrupt, corrupt, quoteName } from './corrupt.ts';
import { MAX_PICKLE_BYTES, MAX_TENSORS } from './limits.ts';
import { type PickleMeaning, unpickle } from './pickle.ts';
import { PickleEndError } from './pickle-input.ts';
import { type PickleStorage, type PickleValue, asNode, expectNode } from './pickle-values.ts';
import { ELEMENT_BYTES } from './tensor-view.ts';
import { TORCH_OBJECTS, collectWeights } from './torch-objects.ts';

/** First bytes of a legacy file: PROTO 2, LONG1 of torch's magic number 0x1950a86a20f9469cfc6c. */
export const LEGACY_MAGIC: Uint8Array = Uint8Array.of(
  0x80,
  2,
  0x8a,
  10,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
);

/** Throws `checkpoint-corrupt`; `checkpoint-unsupported` for big-endian files. */
export async function readTorchLegacy(blob: Blob): Promise<Weights> {
  const storages = new Map<string, PickleStorage>();
  const meaning: PickleMeaning = {
    ...TORCH_OBJECTS,
    persistentLoad(id: PickleValue): PickleValue {
      const value = TORCH_OBJECTS.persistentLoad(id);
      const { storage } = expectNode(value, 'storage', 'a persistent id');
      storages.set(storage.key, storage);
      return value;
    },
  };

  const magic = await readPickle(blob, 0, meaning);
  const protocol = await readPickle(blob, magic.end, meaning);
  if (protocol.value !== 1001) throw corrupt('The torch checkpoint has an unknown protocol.');
  const system = await readPickle(blob, protocol.end, meaning);
  checkByteOrder(system.value);
  const root = await readPickle(blob, system.end, meaning);
  const keys = await readPickle(blob, root.end, meaning);

  const blobs = await readStorages(blob, keys, storages);
  return await collectWeights(root.value, async (key, numBytes) => {
    const storage = blobs.get(key);
    if (storage?.size !== numBytes)
      throw corrupt(`The torch checkpoint lacks the storage ${quoteName(key)}, or has it in another size.`);
    return storage;
  });
}

type Pickled = { readonly value: PickleValue; readonly end: number };

async function readPickle(blob: Blob, start: number, meaning: PickleMeaning): Promise<Pickled> {
  for (let length = FIRST_WINDOW_BYTES; ; length *= 8) {
    const bytes = new Uint8Array(await blob.slice(start, start + Math.min(length, MAX_PICKLE_BYTES)).arrayBuffer());
    try {
      const { value, end } = unpickle(bytes, meaning);
      return { value, end: start + end };
    } catch (thrown) {
      if (!(thrown instanceof PickleEndError)) throw asCorrupt(thrown, "The checkpoint's pickle could not be read.");
      if (start + bytes.length >= blob.size)
        throw corrupt(`The torch checkpoint is cut inside a pickle, at byte ${blob.size}.`, thrown);
      if (length >= MAX_PICKLE_BYTES)
        throw corrupt(`The torch checkpoint holds a pickle of more than ${MAX_PICKLE_BYTES} bytes.`, thrown);
    }
  }
}

const FIRST_WINDOW_BYTES = 64 * 2 ** 10;

function checkByteOrder(system: PickleValue): void {
  if (asNode(system, 'dict')?.entries?.get('little_endian') === false) {
    throw new AsrError(
      'checkpoint-unsupported',
      'The checkpoint was saved on a big-endian machine; only little-endian files are read.',
    );
  }
}

async function readStorages(
  blob: Blob,
  keys: Pickled,
  storages: ReadonlyMap<string, PickleStorage>,
): Promise<ReadonlyMap<string, Blob>> {
  const blobs = new Map<string, Blob>();
  const { items } = expectNode(keys.value, 'list', 'the list of storages');
  if (items.length > MAX_TENSORS) throw corrupt(`The torch checkpoint lists ${items.length} storages.`);
  let position = keys.end;
  for (const key of items) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || blobs.has(storage.key))
      throw corrupt('The torch checkpoint lists a storage that no tensor uses, or one twice.');
    const numBytes = storage.numElements * (storage.dtype ? ELEMENT_BYTES[storage.dtype] : 1);
    const start = position + COUNT_BYTES;
    if (start + numBytes > blob.size) {
      throw corrupt(
        `The torch checkpoint is cut: storage ${quoteName(storage.key)} ends at byte ${start + numBytes} of ${blob.size}.`,
      );
    }
    const count = new DataView(await blob.slice(position, start).arrayBuffer()).getBigInt64(0, true);
    if (count !== BigInt(storage.numElements)) {
      throw corrupt(
        `The storage ${quoteName(storage.key)} has ${count} elements where its tensors need ${storage.numElements}.`,
      );
    }
    blobs.set(storage.key, blob.slice(start, start + numBytes));
    position = start + numBytes;
  }
  return blobs;
}

/** The int64 before each storage. */
const COUNT_BYTES = 8;
