/**
 * Reads what `torch.save` has written since 1.6: a zip of `<folder>/data.pkl` and raw storages `<folder>/data/<key>`.
 *
 * The folder's name is free (`model_weights` in NeMo, `archive` from a buffer). A state dict's tensors are lazy: opening reads
 * the zip directory, the pickle and one local header a storage.
 */
import type { Weights } from '../base/files.ts';
import { AsrError } from '../base/errors.ts';
import { asCorrupt, corrupt, quoteName } from './corrupt.ts';
import { MAX_PICKLE_BYTES } from './limits.ts';
import { unpickle } from './pickle.ts';
import { PickleEndError } from './pickle-input.ts';
import { TORCH_OBJECTS, collectWeights } from './torch-objects.ts';
import { type ZipFiles, openZip } from './zip.ts';

/** Throws `checkpoint-corrupt`; `checkpoint-unsupported` for big-endian files. */
export async function readTorchZip(blob: Blob): Promise<Weights> {
  const zip = await openZip(blob);
  const folder = findFolder(zip);
  await checkByteOrder(zip, folder);

  const pickle = new Uint8Array(await (await openLimited(zip, `${folder}data.pkl`, MAX_PICKLE_BYTES)).arrayBuffer());
  const root = readWholePickle(pickle);
  return await collectWeights(root, async (key, numBytes) => {
    const name = `${folder}data/${key}`;
    const size = zip.sizeOf(name);
    if (size !== undefined && size !== numBytes) {
      throw corrupt(`The storage ${quoteName(name)} has ${size} bytes where its tensors need ${numBytes}.`);
    }
    return await zip.open(name);
  });
}

function findFolder(zip: ZipFiles): string {
  const pickles = zip.names.filter((name) => name === 'data.pkl' || /^[^/]+\/data\.pkl$/.test(name));
  const [pickle, another] = pickles;
  if (pickle === undefined) throw corrupt('The zip is no torch checkpoint: it has no data.pkl.');
  if (another !== undefined) throw corrupt('The zip holds several data.pkl.');
  return pickle.slice(0, -'data.pkl'.length);
}

async function checkByteOrder(zip: ZipFiles, folder: string): Promise<void> {
  const name = `${folder}byteorder`;
  if (zip.sizeOf(name) === undefined) return; // before torch 2.1 nobody wrote one
  const order = await (await openLimited(zip, name, 16)).text();
  if (order !== 'little') {
    throw new AsrError(
      'checkpoint-unsupported',
      `The checkpoint was saved with byte order ${quoteName(order)}; only little-endian files are read.`,
    );
  }
}

async function openLimited(zip: ZipFiles, name: string, maxBytes: number): Promise<Blob> {
  const size = zip.sizeOf(name) ?? 0;
  if (size > maxBytes) throw corrupt(`The zip entry ${quoteName(name)} has ${size} bytes.`);
  return await zip.open(name);
}

function readWholePickle(bytes: Uint8Array): ReturnType<typeof unpickle>['value'] {
  try {
    return unpickle(bytes, TORCH_OBJECTS).value;
  } catch (thrown) {
    if (thrown instanceof PickleEndError)
      throw corrupt(`The checkpoint's pickle is cut after ${bytes.length} bytes.`, thrown);
    throw asCorrupt(thrown, "The checkpoint's pickle could not be read.");
  }
}
