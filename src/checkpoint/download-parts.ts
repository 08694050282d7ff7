/**
 * The bytes of one download, at rest: parts in the store plus a record of them, so that a reload goes on where it stopped.
 *
 * The record is written after its part, and what it names is verified when the download resumes; from the first damaged part on, bytes are
 * fetched again. When the browser refuses to store, the download goes on in memory (`SpillingPartStore`).
 */
import { AsrError } from '../base/errors.ts';
import { PART_BYTES } from './part-store.ts';
import type { PartInfo, PartStore } from './part-store.ts';
import { PartWriter } from './part-writer.ts';
import { Sha256 } from './sha256.ts';
import { SpillingPartStore } from './spilling-part-store.ts';
import { PartReader, StoredBlob } from './stored-blob.ts';
import type { StoredPart } from './stored-blob.ts';

export const DOWNLOAD_PREFIX = 'download/';
export const DOWNLOAD_PART_PREFIX = 'downloaded-part/';

type DownloadRecord = {
  readonly sizeBytes: number;
  readonly partBytes: number;
  readonly parts: readonly PartInfo[];
  readonly isVerified: boolean;
  readonly touchedAt: number;
};

export type DownloadTarget = {
  readonly store: PartStore;
  /** Names the content (not only the place): other content must have another key. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex digits; without it only the size is checked. */
  readonly expectedSha256?: string;
  /** @default PART_BYTES; smaller in tests */
  readonly partBytes?: number;
};

/** The lock under which a download runs. */
export function downloadLock(key: string): string {
  return `download:${key}`;
}

/** Removes what a download, finished or not, left in the store. */
export async function discardDownload(store: PartStore, key: string): Promise<void> {
  await store.delete([recordKey(key), ...(await store.keys(partPrefix(key)))]);
}

/** The received bytes of one download. Hold `downloadLock` while using it. */
export class DownloadParts {
  readonly #target: DownloadTarget;
  readonly #partBytes: number;
  readonly #store: PartStore;
  #writer: PartWriter;
  #hash = new Sha256();
  #receivedBytes = 0;
  #isVerified = false;

  /** Picks up what an earlier attempt left, or starts empty. */
  static async resume(target: DownloadTarget): Promise<DownloadParts> {
    const download = new DownloadParts(target);
    await download.#pickUp();
    return download;
  }

  private constructor(target: DownloadTarget) {
    this.#target = target;
    this.#partBytes = target.partBytes ?? PART_BYTES;
    this.#store = new SpillingPartStore(target.store);
    this.#writer = this.#newWriter();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isComplete(): boolean {
    return this.#receivedBytes === this.#target.sizeBytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.#target.expectedSha256 !== undefined) this.#hash.update(chunk);
    this.#receivedBytes += chunk.length;
    if (await this.#writer.write(chunk)) await this.#record();
  }

  /** Throws all bytes away, to begin again. */
  async restart(): Promise<void> {
    await discardDownload(this.#store, this.#target.key);
    this.#writer = this.#newWriter();
    this.#hash = new Sha256();
    this.#receivedBytes = 0;
  }

  /** Stores what is still in memory, for a later `resume`. */
  async pause(): Promise<void> {
    await this.#writer.flush();
    await this.#record();
  }

  /**
   * Checks the hash and gives the whole content, readable until it is discarded. Parts are checked as they are read: one that the browser
   * lost is found then, and fetched anew by the next attempt.
   *
   * @throws AsrError 'integrity' when the content is not what was announced; it is removed then.
   */
  async finish(): Promise<Blob> {
    const { expectedSha256 } = this.#target;
    if (expectedSha256 !== undefined && !this.#isVerified) {
      const sha256 = this.#hash.digestHex();
      if (sha256 !== expectedSha256) throw await this.#reject(`its SHA-256 is ${sha256}, not ${expectedSha256}`);
      this.#isVerified = true;
    }
    await this.pause();

    const parts: StoredPart[] = this.#writer.parts.map((part, index) => ({
      ...part,
      key: partKey(this.#target.key, index),
    }));
    return new StoredBlob(new PartReader(this.#store), parts);
  }

  async #reject(reason: string): Promise<AsrError> {
    await discardDownload(this.#store, this.#target.key);
    return new AsrError(
      'integrity',
      `The downloaded checkpoint is damaged: ${reason}. It was removed; download it again.`,
    );
  }

  async #pickUp(): Promise<void> {
    const { key, sizeBytes, expectedSha256 } = this.#target;
    const record = (await this.#store.getRecord(recordKey(key))) as DownloadRecord | undefined;
    if (record === undefined || record.sizeBytes !== sizeBytes || record.partBytes !== this.#partBytes) {
      if (record !== undefined) await discardDownload(this.#store, key);
      return;
    }

    const whole: PartInfo[] = [];
    let tail = new Uint8Array(0);
    for (const [index, part] of record.parts.entries()) {
      const bytes = await this.#store.readPart(partKey(key, index), part);
      if (bytes === undefined) break;
      const isShort = part.bytes < this.#partBytes;
      if (expectedSha256 !== undefined && !record.isVerified) this.#hash.update(bytes);
      if (isShort) tail = bytes;
      if (!isShort) whole.push(part);
      this.#receivedBytes += part.bytes;
      if (isShort) break;
    }
    this.#writer.resume(whole, tail);
    this.#isVerified = record.isVerified && this.isComplete;
    if (record.isVerified && !this.isComplete) await this.restart(); // bytes skipped the hash above
  }

  #newWriter(): PartWriter {
    return new PartWriter(this.#store, (index) => partKey(this.#target.key, index), this.#partBytes);
  }

  #record(): Promise<void> {
    const record: DownloadRecord = {
      sizeBytes: this.#target.sizeBytes,
      partBytes: this.#partBytes,
      parts: [...this.#writer.parts],
      isVerified: this.#isVerified,
      touchedAt: Date.now(),
    };
    return this.#store.setRecord(recordKey(this.#target.key), record);
  }
}

function recordKey(key: string): string {
  return DOWNLOAD_PREFIX + encodeURIComponent(key);
}

function partPrefix(key: string): string {
  return `${DOWNLOAD_PART_PREFIX}${encodeURIComponent(key)}/`;
}

function partKey(key: string, index: number): string {
  return partPrefix(key) + index;
}
