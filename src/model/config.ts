/** Checks sections of NeMo's YAML. Snake case lives here and in the `*-spec.ts` files only; everything above speaks camelCase. */
import * as v from 'valibot';
import { AsrError } from '../base/errors.ts';

// Bounds that no real checkpoint comes near; checked before any graph is built (NeMo's largest: 42 layers, d_model 1024, 16k pieces).
export const MAX_LAYERS = 256;
const MAX_DIMENSION = 65_536;
const MAX_VOCABULARY = 1_000_000;

export const dimension = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DIMENSION));
export const vocabularySize = v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(MAX_VOCABULARY));

/** A switch of a constructor: `null` is off, as Python has it; only an absent key means the default. */
export function flag(byDefault: boolean) {
  return v.optional(
    v.pipe(
      v.nullable(v.boolean()),
      v.transform((value) => value ?? false),
    ),
    byDefault,
  );
}

/** A YAML mapping as plain data. */
export type ConfigTree = { readonly [key: string]: unknown };

/** Parses a section, or throws `checkpoint-unsupported` that names the key, the value found and what is allowed. */
export function parseConfig<S extends v.GenericSchema>(schema: S, section: unknown, path: string): v.InferOutput<S> {
  const result = v.safeParse(schema, section);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = [path, v.getDotPath(issue)].filter(Boolean).join('.');
  throw new AsrError(
    'checkpoint-unsupported',
    `The configuration's ${key} is ${issue.received}; supported is ${issue.expected ?? issue.message}.`,
  );
}

/** The value at a dotted path, or undefined. */
export function at(tree: unknown, path: string): unknown {
  let node = tree;
  for (const key of path.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return undefined;
    node = (node as ConfigTree)[key];
  }
  return node;
}

/** Last component of a `_target_`, because NeMo moved modules between versions. Adapter classes count as their base. */
export function targetClass(section: unknown): string {
  const target = at(section, '_target_') ?? at(section, 'target');
  return typeof target === 'string' ? (target.split('.').at(-1) as string).replace(/Adapter$/, '') : '';
}
