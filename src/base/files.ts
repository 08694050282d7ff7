/**
 * Any checkpoint is a read-only folder of lazy bytes: a hub repository, a dropped `.nemo`, an IndexedDB copy.
 *
 * A `Blob` is used for lazy bytes everywhere, because a dropped file, a range of an HTTP resource and a stored part all are one:
 * `slice` costs nothing and only `arrayBuffer()`/`stream()` read.
 */
export type CheckpointFiles = ReadonlyMap<string, Blob>;

/** Element types a torch storage can have. */
export type DType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** One tensor of a checkpoint, not yet read: a strided view into a storage of raw little-endian bytes. */
export type WeightRef = {
  readonly dtype: DType;
  /** Sizes by dimension; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Strides by dimension, in elements. */
  readonly strides: readonly number[];
  /** First element of the view within `storage`, in elements. */
  readonly offset: number;
  /** The bytes of the whole storage; several tensors may share one. */
  readonly storage: Blob;
};

/** Tensors by their state-dict name, in the order of the checkpoint. */
export type Weights = ReadonlyMap<string, WeightRef>;
