/**
 * Who runs side by side: Sotto's library, and packages from npm that run the same checkpoint in a page.
 *
 * Peers are no dependencies: the bench installs a pinned version when it is asked for, into a cache that git ignores. Each contender is a page
 * of `pages/` and the folders it is served with.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Versions that were measured; another one may need another page. */
const PEERS: Readonly<Record<string, string>> = { 'parakeet.js': '1.4.4' };

export type Contender = {
  readonly name: string;
  /** What its server shows: links to folders, so that nothing is copied. */
  readonly folder: string;
  /** By path. */
  readonly pages: Readonly<Record<string, string>>;
};

export type ContenderOptions = {
  /** The repository's. */
  readonly root: string;
  /** Path of the `.nemo`. */
  readonly model: string;
  /** Folder of `export_parakeet.py`. */
  readonly exported: string;
  /** A name of `PEERS`, with `@ort` behind it to run on Sotto's onnxruntime-web instead of its own. */
  readonly peers: readonly string[];
};

export function contenders({ root, model, exported, peers }: ContenderOptions): Contender[] {
  const sotto: Contender = {
    name: 'Sotto',
    folder: folderOf({
      lib: join(root, 'dist/lib'),
      stages: join(root, 'dist/bench/stages'),
      'checkpoint.nemo': resolve(model),
    }),
    pages: { '/': pageOf(root, 'sotto') },
  };
  return [sotto, ...peers.map((peer) => createPeer(peer, { root, exported }))];
}

function createPeer(asked: string, { root, exported }: Pick<ContenderOptions, 'root' | 'exported'>): Contender {
  const [peer = '', ort] = asked.split('@');
  const version = PEERS[peer];
  if (version === undefined)
    throw new Error(
      `No peer "${peer}". Known: ${Object.keys(PEERS).join(', ')}, each with @ort to use Sotto's onnxruntime.`,
    );
  const packages = installPeer(root, peer, version);
  const listing = readdirSync(exported).map((path) => ({ type: 'file', path }));
  return {
    name: `${peer} ${version}${ort ? `, onnxruntime ${versionOf(join(root, 'node_modules'))}` : ''}`,
    folder: folderOf({
      peer: packages,
      ort: join(ort ? join(root, 'node_modules') : packages, 'onnxruntime-web/dist'),
      export: resolve(exported),
    }),
    pages: { '/': pageOf(root, peer), '/listing.json': JSON.stringify(listing) },
  };
}

/** `node_modules` with the package and what it needs; kept for the next run. */
function installPeer(root: string, peer: string, version: string): string {
  const folder = join(root, 'node_modules/.cache/bench-peers', `${peer}-${version}`);
  const packages = join(folder, 'node_modules');
  if (existsSync(join(packages, peer))) return packages;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  console.log(`Installing ${peer}@${version} for this comparison`);
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${peer}@${version}`];
  execFileSync('npm', args, { cwd: folder, stdio: 'inherit' });
  return packages;
}

function versionOf(packages: string): string {
  return JSON.parse(readFileSync(join(packages, 'onnxruntime-web/package.json'), 'utf8')).version;
}

function pageOf(root: string, name: string): string {
  return readFileSync(join(root, `e2e/bench/pages/${name}.html`), 'utf8');
}

function folderOf(links: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-site-'));
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
  return folder;
}
