/**
 * What a command of `sotto` is, and the reading of its arguments.
 *
 * Everything wrong with the command line itself is a `UsageError` (exit status 2). What a checkpoint or a recording does to us is an
 * `AsrError`, and a broken manifest a `ManifestError` (exit status 3).
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf } from '../base/errors.ts';

/** Where a command writes: results to `out`, everything about them to `err`. */
export type Output = {
  /** Writes text as it is, without adding a line end. */
  out(text: string): void;
  err(text: string): void;
};

export type Command = {
  /** Arguments and options as the usage shows them. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  readonly options: OptionTable;
  run(args: Arguments, output: Output): Promise<void>;
};

export type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** The command line is wrong; exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The values of one command line, with checks that name the option. */
export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #positionals: readonly string[];

  private constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
    this.#values = values;
    this.#positionals = positionals;
  }

  /** @throws UsageError for an unknown option or a missing value */
  static parse(argv: readonly string[], options: OptionTable): Arguments {
    try {
      const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
      return new Arguments(values, positionals);
    } catch (thrown) {
      throw new UsageError(messageOf(thrown), { cause: thrown });
    }
  }

  get positionals(): readonly string[] {
    return this.#positionals;
  }

  /** As many positional arguments as there are names. @throws UsageError */
  exactly(...names: readonly string[]): string[] {
    const missing = names[this.#positionals.length];
    if (missing !== undefined) throw new UsageError(`${missing} is missing.`);
    if (this.#positionals.length > names.length)
      throw new UsageError(`Unexpected argument '${this.#positionals[names.length]}'.`);
    return [...this.#positionals];
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new UsageError(`--${name} is '${value}'; it is one of ${choices.join(', ')}.`);
    return found;
  }

  number(name: string, { min }: { readonly min: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!(number >= min) || !Number.isFinite(number))
      throw new UsageError(`--${name} is '${value}'; it is a number from ${min} on.`);
    return number;
  }

  integer(name: string, { min }: { readonly min: number }): number | undefined {
    const number = this.number(name, { min });
    if (number !== undefined && !Number.isInteger(number))
      throw new UsageError(`--${name} is '${this.text(name)}'; it is a whole number.`);
    return number;
  }

  /** Any JSON value. */
  json(name: string): unknown {
    const value = this.text(name);
    if (value === undefined) return undefined;
    try {
      return JSON.parse(value) as unknown;
    } catch (thrown) {
      throw new UsageError(`--${name} is not JSON: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** A JSON object, its keys turned from NeMo's snake_case to camelCase at every depth. */
  jsonObject(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.json(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new UsageError(`--${name} is not a JSON object.`);
    return camelCased(value) as Record<string, unknown>;
  }
}

function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/(?<=.)_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(inner),
    ]),
  );
}
