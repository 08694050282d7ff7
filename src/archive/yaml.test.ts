// biome-ignore-all lint/suspicious/noTemplateCurlyInString: OmegaConf's interpolations look like JavaScript's
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { readYaml } from './yaml.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../e2e/fixtures/archive/${name}`, import.meta.url), 'utf8');

test('a config reads as OmegaConf and NeMo read it', async () => {
  const { config } = JSON.parse(fixture('expected.json')) as { config: unknown };
  expect(await read(fixture('config.yaml'))).toEqual(config);
});

test('a leading model. is dropped when the file has no model key', async () => {
  expect(await read('rate: 8000\ncopy: ${model.rate}')).toEqual({ rate: 8000, copy: 8000 });
});

test.each([
  ['a cycle', 'a: ${b}\nb: ${a}', /refers to itself/],
  ['a reference to itself', 'a: "x${a}"', /refers to itself/],
  ['a reference to its own parent', 'a: {b: "${a}"}', /refers to itself|nested/],
  ['the environment', 'a: ${oc.env:HOME}', /oc\.env/],
  ['an unknown resolver', 'a: ${now:%Y}', /resolver/],
  ['a missing key', 'a: ${b.c}', /does not have/],
  ['a prototype', 'a: ${constructor}', /does not have/],
  ['an open brace', 'a: "${b"', /closing brace/],
  ['a __proto__ key', '__proto__: {a: 1}', /__proto__/],
  ['a merged __proto__', 'a: &a {__proto__: {x: 1}}\nb: {<<: *a}', /__proto__/],
  ['a duplicate key', 'a: 1\na: 2', /YAML/],
  ['a Python object', 'a: !!python/object/apply:os.system [ls]', /YAML/],
  ['broken YAML', 'a: [', /YAML/],
  ['two documents', 'a: 1\n---\nb: 2', /YAML/],
])('%s is refused', async (_, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
  await expect(read(text)).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
});

test.each([
  [
    'aliases',
    `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`).join('\n')}`,
  ],
  [
    'interpolations',
    `a0: [x, x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: ["\${a${i}}", "\${a${i}}"]`).join('\n')}`,
  ],
  [
    'interpolated text',
    `a0: ${'x'.repeat(1000)}\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: "\${a${i}}\${a${i}}"`).join('\n')}`,
  ],
  [
    'merges',
    `${Array.from({ length: 90 }, (_, i) => `a${i}: &a${i} {<<: [${Array.from({ length: i }, (_, j) => `*a${j}`)}], k${i}: 1}`).join('\n')}`,
  ],
  ['flow nesting', '['.repeat(100_000)],
  ['block nesting', '- '.repeat(100_000)],
  ['size', `a: ${'x'.repeat(5_000_000)}`],
  ['entries', `[${'a,'.repeat(600_000)}]`],
])('a bomb of %s is stopped within two seconds', async (_, text) => {
  const started = process.cpuUsage();
  await expect(read(text)).rejects.toMatchObject({ code: 'checkpoint-corrupt' });
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
});

test('a changed config is read or refused, nothing else', async () => {
  const original = new TextEncoder().encode(fixture('config.yaml'));
  const change = fc.tuple(
    fc.nat(original.length - 1),
    fc.oneof(fc.nat(255), fc.constantFrom(...[...'${}:&*!-[]{},\n "'].map((c) => c.charCodeAt(0)))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
      const bytes = original.slice();
      for (const [at, value] of changes) bytes[at] = value;
      await readYaml(new Blob([bytes])).catch((thrown: unknown) => {
        if (!isAsrError(thrown, 'checkpoint-corrupt')) throw thrown;
      });
    }),
    { numRuns: 1000, seed: 1 },
  );
});

async function read(text: string): Promise<unknown> {
  return await readYaml(new Blob([text]));
}
