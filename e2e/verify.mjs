/**
 * `npm run verify -- DIR`: the golden tests against another set of fixtures than the repository's.
 *
 * DIR is what `e2e/oracle/make_fixtures.py --seed N --out DIR` wrote. A case that DIR lacks is taken from the repository and named.
 * Words after DIR go to vitest, for instance `-t conformer`. Tests that belong to the repository's own clips or weights are left out. What
 * `decoding` and `transcribe-api` say is true of the transducers and CTC models made with them: DIR should hold all of these, or none.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const TESTS = [
  'src/decoding/ctc-decoding.test.ts',
  'src/engine/aed.test.ts',
  'src/engine/decoding.test.ts',
  'src/engine/decoding-sweep.test.ts',
  'src/engine/families.test.ts',
  'src/engine/golden.test.ts',
  'src/engine/languages.test.ts',
  'src/engine/long-form.test.ts',
  'src/engine/old-archives.test.ts',
  'src/engine/other-classes.test.ts',
  'src/engine/published.test.ts',
  'src/engine/streaming.test.ts',
  'src/engine/transcribe-api.test.ts',
  'src/model/encoder-goldens.test.ts',
  'src/model/head-goldens.test.ts',
  'src/text/confidence.test.ts',
  'src/tokenizer/tokenizer.test.ts',
];

const ROOT = join(import.meta.dirname, '..');
const [folder, ...rest] = process.argv.slice(2).filter((word) => word !== '--');
if (!folder || !existsSync(join(folder, 'families'))) {
  console.error(
    'usage: npm run verify -- DIR, where DIR holds families/ and audio/ as e2e/oracle/make_fixtures.py writes them',
  );
  process.exit(2);
}
const other = resolve(folder);
const { cases } = JSON.parse(readFileSync(join(ROOT, 'e2e/fixtures/families/index.json'), 'utf8'));
const found = readdirSync(join(other, 'families'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const own = Object.keys(cases).filter((name) => !found.includes(name));
console.log(`from ${other}: ${found.join(', ')}`);
if (own.length > 0) console.log(`from the repository: ${own.join(', ')}`);

const { status } = spawnSync('npx', ['vitest', 'run', ...TESTS, ...rest], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SOTTO_FIXTURES: other },
});
process.exitCode = status ?? 1;
