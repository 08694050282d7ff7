/**
 * Where a checkpoint comes from: hub repository, URL, built-in, the user's files, the store. Nothing is guessed by trial.
 *
 * `openSource` only looks (small requests): id and size are known before the first byte of weights. `id` names content, so the engine asks the
 * store for it before `open`; do that, `open` and the conversion under one `withLock(id)` and two tabs do it once.
 */
import type { CheckpointFiles } from '../base/files.ts';
import type { OnProgress } from '../base/progress.ts';
import { AsrError, messageOf } from '../base/errors.ts';
import { throwIfAborted } from '../base/abort.ts';
import { findPretrained } from '../catalogue/catalogue.ts';
import { refusalOf } from '../catalogue/refused.ts';
import { discardDownload } from './download-parts.ts';
import { downloadToParts } from './download.ts';
import { findHubCheckpoint, hubOf, resolveCommit } from './hub.ts';
import { localFileId, localFilesId, toCheckpointFiles } from './local.ts';
import type { NamedFile } from './local.ts';
import { MemoryPartStore } from './part-store.ts';
import { sizeOf } from './remote-checkpoint.ts';
import type { RemoteCheckpoint } from './remote-checkpoint.ts';
import { findOrRemember } from './remembered.ts';
import { DEFAULT_RETRY, authorizedFetch, shownUrl } from './request.ts';
import type { Fetch, RetryPolicy } from './request.ts';
import type { CheckpointStore } from './store.ts';
import { TransferMeter } from './transfer-meter.ts';
import { findUrlCheckpoint, nameOf, queryMark } from './url.ts';

/** The checkpoint that ships with Sotto, in `checkpoints/` under `assetBase`. */
export const BUILT_IN_NAME = 'sotto-tiny-en';

/** What a caller may name; the same union as the worker protocol's `WireSource`. */
export type CheckpointSource =
  | { readonly kind: 'pretrained'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly file: Blob; readonly name: string }
  | { readonly kind: 'files'; readonly files: readonly NamedFile[] }
  | { readonly kind: 'stored'; readonly id: string };

export type SourceOptions = {
  /** Branch, tag or commit of a hub repository. @default 'main' */
  readonly revision?: string;
  /** @default 'https://huggingface.co' */
  readonly hubUrl?: string;
  /** Hub token, sent to the hub's origin only; never stored, logged or put into a URL. */
  readonly accessToken?: string;
  /** URL of the folder that holds `checkpoints/`; needed for the built-in checkpoint. */
  readonly assetBase?: string;
  /** Downloads rest here; without it they stay in memory and a reload begins anew. */
  readonly store?: CheckpointStore;
  readonly fetch?: Fetch;
  readonly signal?: AbortSignal;
  /** @default DEFAULT_RETRY */
  readonly retry?: RetryPolicy;
};

export type OpenContext = { readonly signal?: AbortSignal; readonly onProgress?: OnProgress };

export type OpenedSource = {
  /** Cache key: the same id means the same content. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Bytes `open` has to get: a download's size, or what lies on disk. */
  readonly sizeBytes: number;
  /** One archive (a `Blob`, for `openArchive`) or the files of an extracted checkpoint. */
  open(context: OpenContext): Promise<Blob | CheckpointFiles>;
  /** Removes the download from the store: call it once the converted parts are committed, or to make room. Blobs given by `open` cannot be read afterwards. */
  discard(): Promise<void>;
};

/**
 * Finds a checkpoint and tells its id and size.
 *
 * @throws TypeError for a malformed URL; AsrError 'checkpoint-not-found', 'download-failed', 'offline', 'cancelled'
 */
export async function openSource(source: CheckpointSource, options: SourceOptions = {}): Promise<OpenedSource> {
  throwIfAborted(options.signal);
  switch (source.kind) {
    case 'pretrained':
      return openPretrained(source.name, options);
    case 'url':
      return openUrl(source.url, options);
    case 'file':
      return openFile(source.file, source.name, options);
    case 'files':
      return openFiles(source.files, options);
    case 'stored':
      return openStored(source.id, options);
  }
}

async function openPretrained(asked: string, options: SourceOptions): Promise<OpenedSource> {
  const name = publishedName(asked);
  if (name === BUILT_IN_NAME) {
    if (options.assetBase === undefined)
      throw new TypeError(`assetBase is needed for the built-in checkpoint '${name}'.`);
    const base = new URL(`${options.assetBase.replace(/\/+$/, '')}/`, globalThis.location?.href);
    return openUrl(new URL(`checkpoints/${name}.nemo`, base).href, options, name);
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    const help = name.includes('/')
      ? "a Hugging Face repository is written 'owner/name'"
      : `for a Hugging Face repository write its owner too, as in 'nvidia/${name}', or open a .nemo file`;
    throw new AsrError('checkpoint-not-found', `There is no built-in checkpoint '${name}': ${help}.`);
  }

  const { retry = DEFAULT_RETRY, revision = 'main', store } = options;
  const place = `hub:${hubOf(options)}/${name}@${revision}`;
  const checkpoint = await findOrRemember(store?.parts, place, retry, async (patience, last) => {
    if (last?.commit === revision) return last; // a commit never changes
    const hubOptions = { ...options, retry: patience };
    if (last !== undefined && (await resolveCommit(name, hubOptions)) === last.commit) return last;
    return findHubCheckpoint(name, hubOptions);
  });
  return remoteSource(checkpoint, options);
}

/** A catalogue name as the repository it is fetched from; other names as they are. Throws for those that cannot be fetched or opened. */
function publishedName(name: string): string {
  const refusal = refusalOf(name);
  if (refusal !== undefined) throw new AsrError('checkpoint-unsupported', `'${name}' cannot be opened: ${refusal}.`);
  const known = name.includes('/') ? undefined : findPretrained(name);
  if (known?.hub !== undefined) return known.hub;
  if (known?.ngc !== undefined)
    throw new AsrError(
      'checkpoint-not-found',
      `'${name}' is not on Hugging Face, and NVIDIA's NGC catalogue lets no page read from it: download ${known.ngc} and open the file.`,
    );
  return name;
}

async function openUrl(url: string, options: SourceOptions, shownName?: string): Promise<OpenedSource> {
  const { href, protocol, username, password } = parseUrl(url);
  if (username !== '' || password !== '')
    throw new TypeError('A checkpoint URL must not hold a user name or password.');
  if (protocol === 'blob:' || protocol === 'data:') return openObjectUrl(href, options);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new TypeError(`A checkpoint URL is http(s), blob or data, not '${protocol}'.`);
  }

  const { retry = DEFAULT_RETRY, signal, store } = options;
  const fetch = fetchFor(options);
  const place = `url:${shownUrl(href)}${queryMark(href)}`;
  const found = await findOrRemember(store?.parts, place, retry, async (patience) => {
    const checkpoint = await findUrlCheckpoint(href, { fetch, retry: patience, ...(signal && { signal }) });
    const files = checkpoint.files.map((file) => ({ ...file, url: shownUrl(href) })); // a query may be a secret: it is not remembered
    return { ...checkpoint, name: shownName ?? nameOf(href), files };
  });
  return remoteSource({ ...found, files: found.files.map((file) => ({ ...file, url: href })) }, options);
}

async function openObjectUrl(href: string, options: SourceOptions): Promise<OpenedSource> {
  const { fetch = globalThis.fetch, signal } = options;
  try {
    const blob = await (await fetch(href, signal ? { signal } : {})).blob();
    return openFile(blob, 'checkpoint.nemo', options);
  } catch (thrown) {
    throwIfAborted(signal);
    throw new AsrError('checkpoint-not-found', `The ${shownUrl(href)} URL cannot be read (${messageOf(thrown)}).`, {
      cause: thrown,
    });
  }
}

async function openFile(file: Blob, name: string, { signal }: SourceOptions): Promise<OpenedSource> {
  const id = await localFileId(file, name, signal);
  return { id, name, sizeBytes: file.size, open: async () => file, discard: async () => {} };
}

async function openFiles(files: readonly NamedFile[], options: SourceOptions): Promise<OpenedSource> {
  const archives = files.filter(({ name }) => /\.nemo$/i.test(name));
  const [archive] = archives;
  if (archives.length > 1) {
    throw new AsrError('checkpoint-not-found', 'Several .nemo files were given: choose one checkpoint at a time.');
  }
  if (archive !== undefined) return openFile(archive.file, archive.name.split('/').at(-1) ?? archive.name, options);

  const checkpoint = toCheckpointFiles(files);
  const name = files[0]?.name.split('/').at(-2) ?? 'checkpoint';
  const id = await localFilesId(checkpoint, name, options.signal);
  const sizeBytes = [...checkpoint.values()].reduce((sum, file) => sum + file.size, 0);
  return { id, name, sizeBytes, open: async () => checkpoint, discard: async () => {} };
}

async function openStored(id: string, { store }: SourceOptions): Promise<OpenedSource> {
  const entry = (await store?.list())?.find((candidate) => candidate.id === id);
  const gone = (): AsrError =>
    new AsrError(
      'checkpoint-not-found',
      'The stored checkpoint is gone from this browser: get it again from where it came.',
    );
  if (store === undefined || entry === undefined) throw gone();
  let release = (): void => {};
  const open = async ({ signal }: OpenContext): Promise<CheckpointFiles> => {
    const stored = await store.get(id, signal ? { signal } : {});
    if (stored === undefined) throw gone();
    ({ release } = stored);
    return stored.files;
  };
  return { id, name: entry.name, sizeBytes: entry.bytes, open, discard: async () => release() };
}

function remoteSource(checkpoint: RemoteCheckpoint, options: SourceOptions): OpenedSource {
  const parts = options.store?.parts ?? new MemoryPartStore();
  const fetch = fetchFor(options);
  const sizeBytes = sizeOf(checkpoint);
  const keyOf = (fileName: string): string => (checkpoint.isArchive ? checkpoint.id : `${checkpoint.id}/${fileName}`);

  const open = async ({ signal, onProgress }: OpenContext): Promise<Blob | CheckpointFiles> => {
    const meter = new TransferMeter(sizeBytes, onProgress);
    const blobs = new Map<string, Blob>();
    for (const { name, url, sizeBytes: fileBytes, sha256, etag } of checkpoint.files) {
      const blob = await downloadToParts(url, {
        store: parts,
        key: keyOf(name),
        sizeBytes: fileBytes,
        fetch,
        meter,
        retry: options.retry ?? DEFAULT_RETRY,
        ...(sha256 !== undefined && { expectedSha256: sha256 }),
        ...(etag !== undefined && { etag }),
        ...(signal && { signal }),
      });
      blobs.set(name, blob);
    }
    const [only] = blobs.values();
    return checkpoint.isArchive && only !== undefined ? only : blobs;
  };
  const discard = async (): Promise<void> => {
    for (const { name } of checkpoint.files) await discardDownload(parts, keyOf(name));
  };
  return { id: checkpoint.id, name: checkpoint.name, sizeBytes, open, discard };
}

function fetchFor(options: SourceOptions): Fetch {
  return authorizedFetch(options.fetch ?? globalThis.fetch, hubOf(options), options.accessToken);
}

function parseUrl(url: string): URL {
  try {
    return new URL(url, globalThis.location?.href);
  } catch (cause) {
    throw new TypeError(`'${url.slice(0, 200)}' is not a URL.`, { cause });
  }
}
