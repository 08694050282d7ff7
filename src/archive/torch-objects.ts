/**
 * The globals a torch state dict is made of, and nothing else: storages, the functions that rebuild tensors from them, and OrderedDict.
 *
 * Mirrors what `torch.load(weights_only=True)` allows, less everything no ASR checkpoint has (sparse, quantized, subclasses).
 */
import type { DType, WeightRef, Weights } from '../base/files.ts';
import { corrupt } from './corrupt.ts';
import { MAX_TENSORS, MAX_TENSOR_RANK } from './limits.ts';
import { type PickleMeaning, unsafeGlobal } from './pickle.ts';
import {
  type PickleDict,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
  asNode,
  expectCount,
  expectNode,
} from './pickle-values.ts';
import { ELEMENT_BYTES, assertPlausibleTotal, makeWeight } from './tensor-view.ts';

/** Meaning of the globals in a torch pickle. */
export const TORCH_OBJECTS: PickleMeaning = {
  allowGlobal(name: string): void {
    if (!REDUCERS.has(name) && !STORAGE_DTYPES.has(name) && !TENSOR_DTYPES.has(name) && name !== UNTYPED_STORAGE)
      throw unsafeGlobal(name);
  },
  reduce(name: string, args: readonly PickleValue[]): PickleValue {
    const reducer = REDUCERS.get(name);
    if (!reducer) throw unsafeGlobal(`${name}()`); // a storage class or dtype is mentioned, never called
    return reducer(args);
  },
  persistentLoad(id: PickleValue): PickleValue {
    return { kind: 'storage', storage: readStorageId(id) };
  },
};

/**
 * The tensors of an unpickled state dict, with their bytes: `openStorage` gives the blob of a storage key, exactly `numBytes` long.
 *
 * Descends into `state_dict` as Lightning writes it. Entries that are no tensors (extra state) are left out.
 */
export async function collectWeights(
  root: PickleValue,
  openStorage: (key: string, numBytes: number) => Promise<Blob>,
): Promise<Weights> {
  const top = expectNode(root, 'dict', 'a checkpoint');
  const stateDict = asNode(top.entries?.get('state_dict'), 'dict') ?? top;
  const tensors = listTensors(stateDict);
  if (tensors.length === 0) throw corrupt('The checkpoint holds no tensors.');
  if (tensors.length > MAX_TENSORS) throw corrupt(`The checkpoint holds ${tensors.length} tensors.`);

  const blobs = new Map<string, Promise<Blob>>();
  const weights = new Map<string, WeightRef>();
  const opened = tensors.map(async ([, tensor]): Promise<WeightRef> => {
    const { key, dtype, numElements } = tensor.storage;
    const numBytes = numElements * (dtype ? ELEMENT_BYTES[dtype] : 1);
    // One blob a storage, so that tied weights can be told by identity; a key asked for with two sizes is asked twice and fails.
    const id = `${numBytes}:${key}`;
    const blob = blobs.get(id) ?? openStorage(key, numBytes);
    blobs.set(id, blob);
    return makeWeight({ ...tensor, storage: viewOf(await blob, tensor.storage) });
  });
  const refs = await Promise.all(opened);
  const stored = await Promise.all(blobs.values());
  assertPlausibleTotal(
    refs,
    stored.reduce((sum, { size }) => sum + size, 0),
  );
  tensors.forEach(([name], i) => {
    const ref = refs[i];
    if (ref) weights.set(name, ref);
  });
  return weights;
}

/** The unpickled top-level dictionary, tensors only; a nested value is no tensor. */
function listTensors(stateDict: PickleDict): [string, PickleTensor][] {
  const tensors: [string, PickleTensor][] = [];
  for (const [name, value] of stateDict.entries ?? []) {
    const node = asNode(value, 'tensor');
    if (node && typeof name === 'string') tensors.push([name, node.tensor]);
  }
  return tensors;
}

function viewOf(blob: Blob, { dtype, view }: PickleStorage): Blob {
  if (!view) return blob;
  const size = dtype ? ELEMENT_BYTES[dtype] : 1;
  return blob.slice(view.offset * size, (view.offset + view.numElements) * size);
}

/** ('storage', class, key, location, numel), in legacy files followed by None or (view key, offset, size). */
function readStorageId(id: PickleValue): PickleStorage {
  const [type, storageClass, key, , numElements, view] = expectNode(id, 'tuple', 'a persistent id').items;
  const { name } = expectNode(storageClass, 'global', 'a storage');
  const dtype = STORAGE_DTYPES.get(name);
  if (type !== 'storage' || typeof key !== 'string' || (!dtype && name !== UNTYPED_STORAGE)) {
    throw corrupt("The checkpoint's pickle refers to something that is no tensor storage.");
  }
  const storage = { key, dtype, numElements: expectCount(numElements, 'a storage') };
  if (view === undefined || view === null) return storage;
  const [, offset, length] = expectNode(view, 'tuple', 'a storage view').items;
  return {
    ...storage,
    view: { offset: expectCount(offset, 'a storage view'), numElements: expectCount(length, 'a storage view') },
  };
}

/** _rebuild_tensor(storage, offset, size, stride), _rebuild_tensor_v2(…, requires_grad, hooks[, metadata]) */
function rebuildTensor([storageArg, offset, size, stride]: readonly PickleValue[]): PickleValue {
  const { storage } = expectNode(storageArg, 'storage', 'a tensor');
  if (!storage.dtype) throw corrupt("The checkpoint's pickle holds a tensor of unknown type.");
  return makeTensor(storage, storage.dtype, [offset, size, stride]);
}

/** _rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata]) */
function rebuildTensorV3(args: readonly PickleValue[]): PickleValue {
  const { storage } = expectNode(args[0], 'storage', 'a tensor');
  const dtype = TENSOR_DTYPES.get(expectNode(args[6], 'global', 'a tensor').name);
  if (!dtype) throw corrupt("The checkpoint's pickle holds a tensor of unknown type.");
  return makeTensor(storage, dtype, args.slice(1, 4));
}

function makeTensor(
  storage: PickleStorage,
  dtype: DType,
  [offset, size, stride]: readonly (PickleValue | undefined)[],
): PickleValue {
  const counts = (value: PickleValue | undefined): number[] => {
    const { items } = expectNode(value, 'tuple', 'a tensor');
    // Before they are copied: the same long tuple may be the shape of any number of tensors.
    if (items.length > MAX_TENSOR_RANK)
      throw corrupt(`The checkpoint's pickle holds a tensor of ${items.length} dimensions.`);
    return items.map((item) => expectCount(item, 'a tensor'));
  };
  return {
    kind: 'tensor',
    tensor: { dtype, shape: counts(size), strides: counts(stride), offset: expectCount(offset, 'a tensor'), storage },
  };
}

/** _rebuild_parameter(tensor, requires_grad, hooks), _rebuild_parameter_with_state(…, state) */
function rebuildParameter([tensor]: readonly PickleValue[]): PickleValue {
  return expectNode(tensor, 'tensor', 'a parameter');
}

/** OrderedDict(), or OrderedDict([[key, value], …]) as Python 2 wrote it. */
function makeOrderedDict(args: readonly PickleValue[]): PickleValue {
  const dict: PickleDict = { kind: 'dict', isOrdered: true, entries: undefined };
  if (args.length === 0) return dict;
  dict.entries = new Map();
  for (const pair of expectNode(args[0], 'list', 'OrderedDict').items) {
    const [key, value] = (asNode(pair, 'list') ?? expectNode(pair, 'tuple', 'OrderedDict')).items;
    if (typeof key !== 'string' || value === undefined)
      throw corrupt("The checkpoint's pickle has a malformed dictionary.");
    dict.entries.set(key, value);
  }
  return dict;
}

const REDUCERS: ReadonlyMap<string, (args: readonly PickleValue[]) => PickleValue> = new Map([
  ['collections.OrderedDict', makeOrderedDict],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildTensorV3],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch._utils._rebuild_parameter_with_state', rebuildParameter],
  ['torch.Size', ([sizes]: readonly PickleValue[]): PickleValue => expectNode(sizes, 'tuple', 'torch.Size')],
  ['torch.device', (): PickleValue => ({ kind: 'opaque' })],
]);

const UNTYPED_STORAGE = 'torch.storage.UntypedStorage';

const STORAGE_DTYPES: ReadonlyMap<string, DType> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.DoubleStorage', 'float64'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
]);

/** `torch.float32` and so on, as globals. */
const TENSOR_DTYPES: ReadonlyMap<string, DType> = new Map(
  [...STORAGE_DTYPES.values()].map((dtype) => [`torch.${dtype}`, dtype]),
);
