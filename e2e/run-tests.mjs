/**
 * `npm test`: builds, then runs the checks, the unit tests and the browser tests, and adds them up in one last line.
 *
 * `node e2e/run-tests.mjs unit` or `e2e` runs a part. Every skipped test is printed with its name: a check that did not run must not
 * look like one that passed. Words after `--` go to the runner: `npm run test:e2e -- -- page.spec.ts`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findChromium } from './find-chromium.mjs';

const ROOT = join(import.meta.dirname, '..');
const REPORTS = join(ROOT, '.tmp', 'reports'); // not test-results/: Playwright empties that
const PARTS = ['checks', 'unit', 'e2e'];

const [wanted, ...rest] = process.argv.slice(2).filter((word) => word !== '--');
const parts = PARTS.includes(wanted) ? [wanted] : PARTS;
const extra = PARTS.includes(wanted) ? rest : [];
const total = { passed: 0, failed: 0, skipped: 0 };

process.chdir(ROOT);
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

if (parts.includes('checks') || parts.includes('e2e')) count('build', run('npm', ['run', '--silent', 'build']));
if (parts.includes('checks')) runChecks();
if (parts.includes('unit')) runUnit();
if (parts.includes('e2e')) runBrowser();

console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Types, lint, dead code and the package: each is one check. */
function runChecks() {
  for (const name of ['types', 'lint', 'unused', 'package']) {
    count(`check:${name}`, run('npm', ['run', '--silent', `check:${name}`]));
  }
}

function runUnit() {
  const file = join(REPORTS, 'unit.json');
  const isFine = run('npx', [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...extra,
  ]);
  const suites = readReport(file)?.testResults ?? [];
  const tests = suites.flatMap((suite) =>
    suite.assertionResults.map((test) => ({ ...test, file: relative(ROOT, suite.name) })),
  );
  // A file that cannot even be imported has no tests, but it is not fine.
  const broken = suites.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
  addTests('unit', isFine, [
    ...tests.map((test) => ({ name: `${test.file}: ${test.fullName}`, status: unitStatus(test.status) })),
    ...broken.map((suite) => ({ name: `${relative(ROOT, suite.name)}: ${suite.message}`, status: 'failed' })),
  ]);
}

function unitStatus(status) {
  if (status === 'passed' || status === 'failed') return status;
  return 'skipped';
}

function runBrowser() {
  const file = join(REPORTS, 'e2e.json');
  let chromium;
  try {
    chromium = findChromium();
  } catch (error) {
    console.error(error.message);
    return count('e2e: finding a Chromium', false);
  }
  const env = { CHROMIUM_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  console.log(`Chromium: ${env.CHROMIUM_PATH}`);
  const isFine = run('npx', ['playwright', 'test', '--reporter=list,json', ...extra], env);
  const tests = (readReport(file)?.suites ?? []).flatMap((suite) => browserTests(suite));
  addTests('e2e', isFine, tests);
}

/** Playwright nests suites; `flaky` passed on a second try and is counted as passed, but named. */
function browserTests(suite, path = []) {
  const here = [...path, suite.title];
  const own = (suite.specs ?? []).flatMap((spec) =>
    spec.tests.map((test) => {
      const reason = test.annotations?.find((note) => note.type === 'skip' || note.type === 'fixme')?.description;
      const name = `${[...here, spec.title].join(' › ')} [${test.projectName}]${reason ? `: ${reason}` : ''}`;
      if (test.status === 'flaky') console.log(`flaky: ${name}`);
      const status = { expected: 'passed', flaky: 'passed', skipped: 'skipped' }[test.status] ?? 'failed';
      return { name, status };
    }),
  );
  return [...own, ...(suite.suites ?? []).flatMap((child) => browserTests(child, here))];
}

function addTests(runner, isFine, tests) {
  for (const { name, status } of tests) {
    total[status] += 1;
    if (status === 'skipped') console.log(`skipped: ${runner}: ${name}`);
    if (status === 'failed') console.log(`failed: ${runner}: ${name}`);
  }
  // The runner itself may fail without any failed test: no report, an error outside a test, no test found.
  if (!isFine && !tests.some((test) => test.status === 'failed')) count(`${runner}: the runner`, false);
}

function count(name, isPassed) {
  total[isPassed ? 'passed' : 'failed'] += 1;
  console.log(`${isPassed ? 'passed' : 'failed'}: ${name}`);
}

function run(command, options, env = {}) {
  console.log(`\n> ${command} ${options.join(' ')}`);
  return spawnSync(command, options, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
