/**
 * Finds a Chromium that runs on this machine, or installs one: Playwright's own download first, Debian's package where that is out of reach.
 *
 * Plain JavaScript, because `npm test` runs it on Node 20, which cannot strip types. "Runs" is tested by asking for the version:
 * a downloaded browser without its system libraries, or Ubuntu's snap placeholder, is there but does not start.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const INSTALL_LIMIT = 10 * 60_000; // ms: a download that hangs must not take the whole test run with it

/** @returns {string} the path of a working Chromium; throws when there is none and none can be installed. */
export function findChromium() {
  const found = firstWorking();
  if (found) return found;
  for (const install of [installFromPlaywright, installFromDebian]) {
    install();
    const installed = firstWorking();
    if (installed) return installed;
  }
  throw new Error(
    'No Chromium: set CHROMIUM_PATH to one, or install it (`npx playwright install --with-deps chromium`, or your system’s package)',
  );
}

function firstWorking() {
  if (process.env.CHROMIUM_PATH) {
    if (starts(process.env.CHROMIUM_PATH)) return process.env.CHROMIUM_PATH;
    throw new Error(`CHROMIUM_PATH is ${process.env.CHROMIUM_PATH}, which does not start`);
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, chromium.executablePath()].find((path) => existsSync(path) && starts(path));
}

function starts(path) {
  return spawnSync(path, ['--version'], { timeout: 30_000 }).status === 0;
}

function installFromPlaywright() {
  console.log('No Chromium here: trying Playwright’s download');
  const isRoot = process.getuid?.() === 0;
  run('npx', ['playwright', 'install', ...(isRoot ? ['--with-deps'] : []), 'chromium']);
}

function installFromDebian() {
  if (spawnSync('apt-get', ['--version']).status !== 0) return;
  console.log('Trying the chromium package of apt');
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'],
  ]) {
    const [name, ...rest] = [...sudo, ...command];
    run(name, rest, environment);
  }
}

function run(command, options, env = process.env) {
  spawnSync(command, options, { stdio: 'inherit', timeout: INSTALL_LIMIT, env });
}
