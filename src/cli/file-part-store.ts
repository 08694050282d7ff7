/**
 * Parts and records as files: what was converted once opens fast the next time, and its weights need not wait in memory.
 *
 * Any number of processes share the folder without locks. Every write has a folder of its own, named by its token; a record is replaced by
 * renaming; and what another process might be reading is never removed here, only left for `sweepCache`, which takes it after a day of rest. Two
 * that convert one checkpoint at once do it twice, and the later one is found from then on. A process that is killed leaves parts that nobody
 * names. Downloads belong to their process and end with it.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checksumOf } from '../checkpoint/checksum.ts';
import { DOWNLOAD_PART_PREFIX } from '../checkpoint/download-parts.ts';
import { PART_PREFIX, tokenOf } from '../checkpoint/manifest.ts';
import { MemoryPartStore, type PartInfo, type PartStore } from '../checkpoint/part-store.ts';
import { hashOf, listRecords, partsFolder, readRecord, recordPath, touch, writeRecord } from './cache-records.ts';

/** Records that say something about this process only: marks of writes and of downloads. */
const OWN_RECORD = /^(writing|download)\//;

/** The store below one folder. */
export class FilePartStore implements PartStore {
  readonly isPersistent: boolean = true;
  readonly #root: string;
  readonly #own = new MemoryPartStore();
  /** Where downloads of this process lie; made with the first one. */
  #downloads: string | undefined;
  /** Tokens that this process writes, and has not committed. */
  readonly #writing = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  async getRecord(key: string): Promise<unknown> {
    if (OWN_RECORD.test(key)) return this.#own.getRecord(key);
    const path = recordPath(this.#root, key);
    const stored = await readRecord(path);
    if (stored) await touch(path); // used: `sweepCache` leaves it alone
    return stored?.record;
  }

  async setRecord(key: string, record: unknown): Promise<void> {
    if (OWN_RECORD.test(key)) return this.#own.setRecord(key, record);
    await writeRecord(recordPath(this.#root, key), { key, record });
    this.#writing.delete((record as { readonly token?: string } | undefined)?.token ?? '');
  }

  async putPart(key: string, bytes: Uint8Array): Promise<void> {
    if (key.startsWith(PART_PREFIX)) this.#writing.add(tokenOf(key));
    const path = this.#partPath(key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }

  async readPart(key: string, expected: PartInfo): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await readFile(this.#partPath(key)).catch(() => undefined);
    if (bytes?.length !== expected.bytes) return undefined;
    // A copy of its own: small files are views of a pool that Node shares out.
    const part = new Uint8Array(bytes.buffer.byteLength === bytes.length ? bytes.buffer : bytes.slice().buffer);
    return checksumOf(part) === expected.checksum ? part : undefined;
  }

  async delete(keys: readonly string[]): Promise<void> {
    const [emptied, rested] = [new Set<string>(), new Set<string>()];
    for (const key of keys) {
      if (!isPart(key)) {
        if (OWN_RECORD.test(key)) await this.#own.delete([key]);
        else await rm(recordPath(this.#root, key), { force: true });
      } else if (key.startsWith(PART_PREFIX) && !this.#writing.has(tokenOf(key))) {
        rested.add(dirname(this.#partPath(key)));
      } else {
        await rm(this.#partPath(key), { force: true });
        emptied.add(dirname(this.#partPath(key)));
      }
    }
    for (const folder of rested) await touch(folder); // its day of rest begins now
    for (const folder of emptied) await rmdir(folder).catch(() => {}); // there may be more in it
  }

  async keys(prefix: string): Promise<string[]> {
    if (isPart(prefix)) return this.#partKeys(prefix);
    const stored = await listRecords(this.#root);
    const keys = [...stored.map(({ key }) => key), ...(await this.#own.keys(''))];
    return keys.filter((key) => key.startsWith(prefix));
  }

  async #partKeys(prefix: string): Promise<string[]> {
    const folder = dirname(this.#partPath(`${prefix}0`));
    const names = await readdir(folder).catch(() => []);
    const place = prefix.startsWith(PART_PREFIX) ? '' : `${hashOf(prefix)}-`;
    return names
      .filter((name) => name.startsWith(place))
      .map((name) => prefix + name.slice(place.length).replace('-', '/'));
  }

  /** `part/<token>/<file>/<part>` lies in the folder of its token, `downloaded-part/<key>/<part>` in that of this process. */
  #partPath(key: string): string {
    if (key.startsWith(PART_PREFIX)) {
      const [, token = '', file = '', part = ''] = key.split('/');
      return join(partsFolder(this.#root), token, `${file}-${part}`);
    }
    const end = key.lastIndexOf('/') + 1;
    return join(this.#downloadsFolder(), `${hashOf(key.slice(0, end))}-${key.slice(end)}`);
  }

  #downloadsFolder(): string {
    if (this.#downloads) return this.#downloads;
    const folder = join(partsFolder(this.#root), `download-${randomUUID()}`);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    this.#downloads = folder;
    return folder;
  }
}

function isPart(key: string): boolean {
  return key.startsWith(PART_PREFIX) || key.startsWith(DOWNLOAD_PART_PREFIX);
}
