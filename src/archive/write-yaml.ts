/**
 * Writes a configuration so that every YAML reader agrees on it: in flow style with quoted strings, which is JSON but for infinities.
 *
 * Plain scalars would not do: PyYAML reads `n`, `on` and `1e-5` by rules of its own.
 */
import type { ConfigValue } from './config-value.ts';

/** The text as UTF-8; sections are indented, lists stay on a line. */
export function writeYaml(value: unknown): Blob {
  return new Blob([`${textOf(value as ConfigValue, '')}\n`], { type: 'application/yaml' });
}

function textOf(value: ConfigValue, indent: string): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, indent)).join(', ')}]`;
  const inner = `${indent}  `;
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}${quoted(key)}: ${textOf(item as ConfigValue, inner)}`,
  );
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
}

/** Escapes what YAML takes for a line break or refuses as not printable, beyond what JSON escapes. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
