/**
 * What a pickle can hold here: plain data, and the objects that whitelisted globals build.
 *
 * Python's containers get a tag each, because a tuple is not a list and an opcode meant for one must be refused on the other (CVE-2026-24747).
 */
import type { DType, WeightRef } from '../base/files.ts';
import { corrupt } from './corrupt.ts';

export type PickleValue = null | boolean | number | bigint | string | Uint8Array | PickleNode;

export type PickleNode =
  | { readonly kind: 'tuple'; readonly items: readonly PickleValue[]; readonly depth: number }
  | { readonly kind: 'list'; readonly items: PickleValue[] }
  | PickleDict
  | { readonly kind: 'global'; readonly name: string }
  | { readonly kind: 'storage'; readonly storage: PickleStorage }
  | { readonly kind: 'tensor'; readonly tensor: PickleTensor }
  /** Something harmless that no weight depends on (a `torch.device`). */
  | { readonly kind: 'opaque' };

/** `dict` and `collections.OrderedDict`: `isOrdered` ones may be given attributes by BUILD. */
export type PickleDict = {
  readonly kind: 'dict';
  readonly isOrdered: boolean;
  /** Made at the first item: a pickle can hold a million empty dictionaries. */
  entries: Map<PickleKey, PickleValue> | undefined;
};

export type PickleKey = string | number | boolean;

/** A storage named by a persistent id; its bytes are found by the container (zip or legacy file). */
export type PickleStorage = {
  readonly key: string;
  /** `undefined` for an untyped storage, whose count is bytes. */
  readonly dtype: DType | undefined;
  readonly numElements: number;
  /** A view of `numElements` starting here, in elements of the storage; only legacy files have them. */
  readonly view?: { readonly offset: number; readonly numElements: number };
};

/** A tensor as the pickle states it: unchecked against the storage, which is not known yet. */
export type PickleTensor = Omit<WeightRef, 'storage'> & { readonly storage: PickleStorage };

type NodeOf<K extends PickleNode['kind']> = Extract<PickleNode, { readonly kind: K }>;

/** The value as a node of that kind, or `undefined`. */
export function asNode<K extends PickleNode['kind']>(value: PickleValue | undefined, kind: K): NodeOf<K> | undefined {
  const isNode = typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === kind;
  return isNode ? (value as NodeOf<K>) : undefined;
}

/** The value as a node of that kind; throws `checkpoint-corrupt` saying what was expected. */
export function expectNode<K extends PickleNode['kind']>(
  value: PickleValue | undefined,
  kind: K,
  where: string,
): NodeOf<K> {
  const node = asNode(value, kind);
  if (!node) throw corrupt(`The checkpoint's pickle is malformed: ${where} needs a ${kind}.`);
  return node;
}

/** A count, offset or size: a non-negative safe integer. */
export function expectCount(value: PickleValue | undefined, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw corrupt(`The checkpoint's pickle is malformed: ${where} needs a count.`);
  }
  return value;
}
