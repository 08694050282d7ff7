/** What a visitor or a user of the package downloads, by entry, raw and gzipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** @param {string} dist */
export function bundleSizes(dist) {
  const rows = [];
  for (const folder of ['lib', 'page/assets', 'cli']) {
    const path = join(dist, folder);
    if (!existsSync(path)) {
      rows.push({ what: `bundle ${folder}`, value: 'skipped:', unit: '', note: 'not built' });
      continue;
    }
    for (const file of readdirSync(path)
      .filter((name) => /\.(js|css)$/.test(name))
      .sort()) {
      const bytes = readFileSync(join(path, file));
      // Hashes change with every build; names stay comparable without them.
      const name = file.replace(/-[\w-]{8}(?=\.\w+$)/, '');
      rows.push({
        what: `bundle ${folder}/${name}`,
        value: bytes.length / 1e3,
        unit: 'kB',
        note: `${(gzipSync(bytes).length / 1e3).toFixed(1)} kB gzipped`,
      });
    }
  }
  return rows;
}
