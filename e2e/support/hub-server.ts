/**
 * A Hugging Face hub on loopback, as far as a model download sees it: model info, file tree (with LFS hashes, in pages), `resolve`
 * with its redirect to storage of another origin, error codes, gated and private repositories.
 *
 * The storage behind it can fail at will: `hub.storage.failWith(…)`. All requests to both are in `hub.requests`.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StorageServer, answerPreflight, closeServer, listen, logRequest, serveBytes } from './storage-server.ts';
import type { SeenRequest } from './storage-server.ts';

export type HubRepository = {
  /** `owner/name` */
  readonly name: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** @default 'public' */
  readonly access?: 'public' | 'gated' | 'private';
  /** Answers `Accept: application/vnd.xet-fileinfo+json` as Xet-backed repositories do. @default true */
  readonly isXet?: boolean;
};

type Version = HubRepository & { readonly commit: string };

/** Files from this size on are in LFS. */
const LFS_BYTES = 1024;
const PAGE_ENTRIES = 50;

/** A hub whose only valid token is `token`. */
export class HubServer {
  readonly storage: StorageServer;
  readonly requests: SeenRequest[];
  readonly token = 'hf_only_for_tests';
  /** Set to answer every API call with this status. */
  apiStatus: number | undefined;
  readonly #versions = new Map<string, Version[]>();
  readonly #server: Server;

  private constructor(storage: StorageServer) {
    this.storage = storage;
    this.requests = storage.requests;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<HubServer> {
    const hub = new HubServer(await StorageServer.start());
    await listen(hub.#server);
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds a repository, or a new commit to it; gives the commit, which `main` now is. */
  publish(repository: HubRepository): string {
    const versions = this.#versions.get(repository.name) ?? [];
    const commit = createHash('sha1').update(`${repository.name} ${versions.length}`).digest('hex');
    this.#versions.set(repository.name, [...versions, { ...repository, commit }]);
    for (const body of Object.values(repository.files)) this.storage.files.set(`/blobs/${sha256Of(body)}`, body);
    return commit;
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
    await this.storage.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (answerPreflight(request, response, true)) return;
    logRequest(this.requests, 'hub', request);
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(pathname);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    if (api !== null) {
      if (this.apiStatus !== undefined) return refuse(response, this.apiStatus, '', 'out of order');
      const version = this.#versionFor(request, response, api[1]!, decodeURIComponent(api[3]!), false);
      if (version === undefined) return;
      if (api[2] === 'revision') return sendJson(response, modelInfoOf(version, searchParams));
      return this.#sendTree(response, version, pathname, Number(searchParams.get('cursor') ?? 0));
    }
    if (file !== null) {
      const version = this.#versionFor(request, response, file[1]!, decodeURIComponent(file[2]!), true);
      if (version !== undefined) await this.#resolve(request, response, version, decodeURIComponent(file[3]!));
      return;
    }
    refuse(response, 404, '', 'Not Found');
  }

  /** The version asked for; undefined when the request was refused, as the hub does it. */
  #versionFor(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    revision: string,
    isFile: boolean,
  ): Version | undefined {
    const { authorization } = request.headers;
    const isAllowed = authorization === `Bearer ${this.token}`;
    const versions = this.#versions.get(name);
    const latest = versions?.at(-1);
    if (authorization !== undefined && !isAllowed) {
      refuse(response, 401, '', `Invalid credentials in Authorization header: ${authorization}`);
    } else if (latest === undefined || (latest.access === 'private' && !isAllowed)) {
      // Strangers are not told whether it exists.
      refuse(response, isAllowed ? 404 : 401, 'RepoNotFound', 'Repository not found');
    } else if (isFile && latest.access === 'gated' && !isAllowed) {
      refuse(response, 401, 'GatedRepo', `Access to model ${name} is restricted.`);
    } else {
      const found =
        revision === 'main' || revision === 'HEAD' ? latest : versions?.find(({ commit }) => commit === revision);
      if (found !== undefined) return found;
      refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    }
    return undefined;
  }

  #sendTree(response: ServerResponse, version: Version, pathname: string, cursor: number): void {
    const entries = Object.entries(version.files).map(([path, body]) => {
      const isLfs = body.length >= LFS_BYTES;
      const oid = createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
      return {
        type: 'file',
        oid,
        size: body.length,
        path,
        ...(isLfs
          ? { lfs: { oid: sha256Of(body), size: body.length, pointerSize: 134 }, xetHash: sha256Of(body) }
          : {}),
      };
    });
    const folders = new Set(
      entries.map(({ path }) => path.split('/').slice(0, -1).join('/')).filter((path) => path !== ''),
    );
    const all = [...[...folders].map((path) => ({ type: 'directory', oid: '', size: 0, path })), ...entries];
    const next = cursor + PAGE_ENTRIES;
    if (next < all.length)
      response.setHeader('Link', `<${this.url}${pathname}?recursive=true&cursor=${next}>; rel="next"`);
    sendJson(response, all.slice(cursor, next));
  }

  async #resolve(request: IncomingMessage, response: ServerResponse, version: Version, path: string): Promise<void> {
    const body = version.files[path];
    response.setHeader('X-Repo-Commit', version.commit);
    if (body === undefined) return refuse(response, 404, 'EntryNotFound', 'Entry not found');
    if (body.length < LFS_BYTES) return serveBytes(request, response, body, undefined);

    response.setHeader('X-Linked-Size', body.length);
    response.setHeader('X-Linked-ETag', `"${sha256Of(body)}"`);
    const wantsXet = request.headers.accept?.includes('application/vnd.xet-fileinfo+json') ?? false;
    if (wantsXet && version.isXet !== false) {
      const links = [`<${this.url}/xet/auth>; rel="xet-auth"`, `<${this.url}/xet/info>; rel="xet-reconstruction-info"`];
      response.setHeader('X-Xet-Hash', sha256Of(body));
      response.setHeader('Link', links.join(', '));
      response.setHeader('Content-Type', 'application/vnd.xet-fileinfo+json');
      return void response.end(JSON.stringify({ hash: sha256Of(body) }));
    }
    response.writeHead(302, { Location: `${this.storage.url}/blobs/${sha256Of(body)}?X-Signature=secret` }).end();
  }
}

function modelInfoOf(version: Version, query: URLSearchParams): object {
  const all: Record<string, unknown> = {
    sha: version.commit,
    private: version.access === 'private',
    gated: version.access === 'gated' ? 'auto' : false,
    downloads: 1,
    likes: 0,
    lastModified: '2026-01-01T00:00:00.000Z',
    pipeline_tag: 'automatic-speech-recognition',
  };
  const wanted = query.getAll('expand').map((key) => [key, all[key]]);
  return { _id: version.commit.slice(0, 24), id: version.name, ...Object.fromEntries(wanted) };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  if (code !== '') response.setHeader('X-Error-Code', code);
  response.setHeader('X-Error-Message', message.replace(/Bearer \S+/, ''));
  response.statusCode = status;
  sendJson(response, { error: message });
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

function sha256Of(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
