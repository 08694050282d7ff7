/**
 * OmegaConf interpolation: `${a.b}` from the root, `${.a}` and `${..a}` relative, `${multiply:a,b}` and `${sum:a,b}` as NeMo registers them.
 *
 * NeMo restores the `model` subtree but resolves from the whole file, while configs saved without their outer part keep a leading
 * `model.`: so a path is tried as it is, then without, then under `model`. A value that is one interpolation keeps its type.
 */
import type { ConfigObject, ConfigValue } from './config-value.ts';
import { corrupt, quoteName } from './corrupt.ts';
import { MAX_INTERPOLATION_DEPTH, MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_NODES } from './limits.ts';

/** The `model` subtree of `root` (or `root`), resolved; throws `checkpoint-corrupt` for cycles, unknown resolvers and missing keys. */
export function resolveInterpolations(root: ConfigValue): ConfigValue {
  const model = child(root, 'model');
  const hasModel = typeof model === 'object' && model !== null;
  return new Resolver(root).resolve(hasModel ? model : root, hasModel ? ['model'] : [], 0);
}

class Resolver {
  readonly #root: ConfigValue;
  #numNodes = 0;
  #numChars = 0;

  constructor(root: ConfigValue) {
    this.#root = root;
  }

  /** `path` is where `value` stands in the file; `hops` counts interpolations on the way to it. */
  resolve(value: ConfigValue, path: readonly string[], hops: number): ConfigValue {
    if (++this.#numNodes > MAX_YAML_NODES)
      throw corrupt(`The configuration expands to more than ${MAX_YAML_NODES} entries.`);
    if (path.length > MAX_YAML_DEPTH)
      throw corrupt(`The configuration is nested more than ${MAX_YAML_DEPTH} levels deep.`);
    if (typeof value === 'string') return value.includes('${') ? this.#resolveText(value, path, hops) : value;
    if (Array.isArray(value))
      return value.map((item: ConfigValue, i) => this.resolve(item, [...path, String(i)], hops));
    if (typeof value !== 'object' || value === null) return value;
    const resolved: Record<string, ConfigValue> = {};
    for (const [key, item] of Object.entries(value)) resolved[key] = this.resolve(item, [...path, key], hops);
    return resolved;
  }

  #resolveText(text: string, path: readonly string[], hops: number): ConfigValue {
    if (hops >= MAX_INTERPOLATION_DEPTH)
      throw corrupt(`The configuration's ${quoteName(path.join('.'))} refers to itself.`);
    const pieces: ConfigValue[] = [];
    let position = 0;
    while (position < text.length) {
      const start = text.indexOf('${', position);
      if (start < 0) break;
      const isEscaped = text[start - 1] === '\\';
      if (start > position) pieces.push(text.slice(position, isEscaped ? start - 1 : start));
      const end = closingBrace(text, start + 2);
      pieces.push(isEscaped ? text.slice(start, end + 1) : this.#evaluate(text.slice(start + 2, end), path, hops));
      position = end + 1;
    }
    if (position < text.length) pieces.push(text.slice(position));
    const [only, another] = pieces;
    if (another === undefined && only !== undefined) return only;
    const joined = pieces.map(toText).join('');
    this.#numChars += joined.length;
    if (this.#numChars > MAX_YAML_BYTES)
      throw corrupt(`The configuration's texts expand to more than ${MAX_YAML_BYTES} characters.`);
    return joined;
  }

  #evaluate(expression: string, path: readonly string[], hops: number): ConfigValue {
    const inner = expression.includes('${') ? toText(this.#resolveText(expression, path, hops + 1)) : expression;
    const call = /^\s*([A-Za-z_][\w.]*)\s*:(.*)$/s.exec(inner);
    if (call) return this.#call(call[1] ?? '', call[2] ?? '');
    const [target, targetPath] = this.#lookUp(inner.trim(), path);
    // An interpolation may reach a large subtree many times over: each copy counts.
    return this.resolve(target, targetPath, hops + 1);
  }

  #call(name: string, args: string): ConfigValue {
    const operation =
      name === 'multiply'
        ? (a: number, b: number) => a * b
        : name === 'sum'
          ? (a: number, b: number) => a + b
          : undefined;
    // oc.env would read the user's environment, which no checkpoint should need; the others are for training runs.
    if (!operation) throw corrupt(`The configuration uses the resolver ${quoteName(name)}, which is not available.`);
    const numbers = args.split(',').map((arg) => (arg.trim() === '' ? Number.NaN : Number(arg)));
    const [a, b] = numbers;
    if (a === undefined || b === undefined || numbers.length !== 2 || numbers.some(Number.isNaN)) {
      throw corrupt(`The configuration calls ${quoteName(name)} without two numbers: ${quoteName(args)}.`);
    }
    return operation(a, b);
  }

  #lookUp(reference: string, path: readonly string[]): readonly [ConfigValue, readonly string[]] {
    const dots = /^\.*/.exec(reference)?.[0].length ?? 0;
    // `a.b`, `a[0].b` and `a.0.b` are the same path.
    const keys = reference
      .slice(dots)
      .replace(/\[([^\]]*)\]/g, '.$1')
      .split('.')
      .filter((key) => key !== '');
    const candidates =
      dots > 0
        ? [[...path.slice(0, Math.max(0, path.length - dots)), ...keys]]
        : [keys, ...(keys[0] === 'model' ? [keys.slice(1)] : []), ['model', ...keys]];
    for (const candidate of candidates) {
      const value = follow(this.#root, candidate);
      if (value !== undefined && keys.length > 0) return [value, candidate];
    }
    throw corrupt(
      `The configuration's ${quoteName(path.join('.'))} refers to ${quoteName(reference)}, which it does not have.`,
    );
  }
}

function follow(root: ConfigValue, path: readonly string[]): ConfigValue | undefined {
  let value: ConfigValue | undefined = root;
  for (const key of path) value = child(value, key);
  return value;
}

function child(value: ConfigValue | undefined, key: string): ConfigValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as ConfigObject)[key];
}

/** Index of the brace that closes an interpolation whose content begins at `start`. */
function closingBrace(text: string, start: number): number {
  for (let i = start, depth = 1; i < text.length; i++) {
    if (text.startsWith('${', i)) depth += 1;
    if (text[i] === '}' && --depth === 0) return i;
  }
  throw corrupt(`The configuration has an interpolation without its closing brace: ${quoteName(text)}.`);
}

/** As Python's str() has it, for interpolations inside a longer text. */
function toText(value: ConfigValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
