/**
 * A file server on loopback that can fail in the ways real ones do: cuts, stalls, wrong bytes, wrong ranges, statuses, slowness.
 *
 * It answers like the storage behind the hub: ETag, ranges, CORS with the hub's exposed headers. A fault is used up by the requests it hits; the
 * one-byte probes (`bytes=0-0`) that only ask for the size are never hit, except by `status` and `page`.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault = {
  readonly kind:
    | 'cut'
    | 'end-early'
    | 'stall'
    | 'wrong-bytes'
    | 'wrong-range'
    | 'no-ranges'
    | 'status'
    | 'page'
    | 'slow'
    | 'too-long'
    | 'reset';
  /** Bytes sent before a `cut`, `end-early` or `stall`. @default 0 */
  readonly afterBytes?: number;
  /** For `status`. */
  readonly status?: number;
  /** For `slow`. */
  readonly bytesPerSecond?: number;
  /** Requests it hits. @default 1 */
  readonly times?: number;
};

export type SeenRequest = {
  readonly server: 'hub' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
};

const EXPOSED_HEADERS =
  'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash';

/** Serves `files` by path. */
export class StorageServer {
  readonly files = new Map<string, Uint8Array>();
  readonly requests: SeenRequest[];
  /** Hides ETag, Content-Range and the like from pages of other origins; Node does not care. */
  exposesHeaders = true;
  readonly #faults: Fault[] = [];
  readonly #server: Server;

  private constructor(requests: SeenRequest[]) {
    this.requests = requests;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(requests: SeenRequest[] = []): Promise<StorageServer> {
    const storage = new StorageServer(requests);
    await listen(storage.#server);
    return storage;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Faults hit one request after another, in this order. */
  failWith(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#faults.push(...Array<Fault>(fault.times ?? 1).fill(fault));
  }

  /** Ends all faults not used up. */
  heal(): void {
    this.#faults.length = 0;
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', this.url).pathname);
    if (answerPreflight(request, response, this.exposesHeaders)) return;
    logRequest(this.requests, 'storage', request);
    const body = this.files.get(path);
    if (body === undefined) return void response.writeHead(404).end('not found');

    const isProbe = request.method === 'HEAD' || request.headers.range === 'bytes=0-0';
    const first = this.#faults[0]?.kind;
    const fault = !isProbe || first === 'status' || first === 'page' ? this.#faults.shift() : undefined;
    await serveBytes(request, response, body, fault);
  }
}

/** Answers a GET or HEAD of `body`, ranges included, failing as `fault` says. */
export async function serveBytes(
  request: IncomingMessage,
  response: ServerResponse,
  body: Uint8Array,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'reset') return void request.socket.destroy();
  if (fault?.kind === 'status') return void response.writeHead(fault.status ?? 503).end('fault');
  if (fault?.kind === 'page') {
    return void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Login</title>');
  }
  response.setHeader('ETag', etagOf(body));
  response.setHeader('Content-Type', 'application/octet-stream');
  const match = fault?.kind === 'no-ranges' ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  let start = 0;
  let end = body.length;
  if (match !== null) {
    start = Number(match[1]) + (fault?.kind === 'wrong-range' ? 7 : 0);
    end = match[2] === '' ? body.length : Math.min(body.length, Number(match[2]) + 1);
    if (start >= body.length) {
      return void response.writeHead(416, { 'Content-Range': `bytes */${body.length}` }).end();
    }
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${body.length}`);
  }
  if (fault?.kind !== 'no-ranges') response.setHeader('Accept-Ranges', 'bytes');
  // Without a length the end of the connection is the end of the body: nothing tells a client that it is short.
  if (fault?.kind === 'end-early' || fault?.kind === 'too-long') response.setHeader('Connection', 'close');
  else response.setHeader('Content-Length', end - start);
  if (request.method === 'HEAD') return void response.end();

  const bytes = Buffer.from(body.slice(start, end));
  if (fault?.kind === 'wrong-bytes') bytes[bytes.length >> 1]! ^= 1;
  await send(request, response, bytes, fault);
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  fault: Fault | undefined,
): Promise<void> {
  const { kind, afterBytes = 0, bytesPerSecond = 1e6 } = fault ?? {};
  if (kind === 'cut' || kind === 'stall' || kind === 'end-early') {
    response.flushHeaders();
    await new Promise((resolve) => response.write(bytes.subarray(0, afterBytes), resolve));
    if (kind === 'end-early') response.end();
    if (kind === 'cut') setTimeout(() => request.socket.destroy(), 20); // let what was written arrive
    return;
  }
  if (kind === 'slow') {
    const step = Math.max(1, Math.round(bytesPerSecond / 50));
    for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
      response.write(bytes.subarray(at, at + step));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } else {
    response.write(bytes);
    if (kind === 'too-long') response.write('and more');
  }
  response.end();
}

/** A strong ETag of the content. */
export function etagOf(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('hex')}"`;
}

/** CORS as the hub sets it; true when the request was a preflight and is answered. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, exposesHeaders: boolean): boolean {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (exposesHeaders) response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
  if (request.method !== 'OPTIONS') return false;
  response.setHeader('Access-Control-Allow-Headers', 'authorization, range, accept');
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
  response.writeHead(204).end();
  return true;
}

export function logRequest(requests: SeenRequest[], server: SeenRequest['server'], request: IncomingMessage): void {
  const { method = 'GET', url: path = '/', headers } = request;
  requests.push({ server, method, path, range: headers.range, authorization: headers.authorization });
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

export function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
