/** Serves a folder, or a few pages by hand, on a port of its own: another port is another origin, as somebody else's site is. */
import { createReadStream, statSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** A running server; `await using` ends it. */
export type StaticServer = AsyncDisposable & { readonly url: string };

/** Where content comes from: `folder` under `prefix`, and `pages` by path. */
export type StaticContent = {
  readonly folder?: string;
  /** Path that the folder appears under. @default '/' */
  readonly prefix?: string;
  readonly pages?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Told of every file of `folder` that was sent to its end. */
  readonly onSent?: (path: string, bytes: number) => void;
};

/** Starts a server on a free port of this machine. */
export async function serve({
  folder,
  prefix = '/',
  pages = {},
  headers = {},
  onSent,
}: StaticContent): Promise<StaticServer> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const page = pages[path];
    if (page !== undefined) {
      response.setHeader('Content-Type', TYPES['.html'] ?? '');
      response.end(page);
    } else if (folder && path.startsWith(prefix)) {
      response.on('finish', () => onSent?.(path, Number(response.getHeader('Content-Length') ?? 0)));
      sendFile(join(folder, normalize(`/${path.slice(prefix.length)}`)), request, response);
    } else {
      response.writeHead(404).end();
    }
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
  const file = path.endsWith('/') ? `${path}index.html` : path;
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('Accept-Ranges', 'bytes');
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.setHeader('Content-Length', size);
    createReadStream(file).pipe(response);
    return;
  }
  const [start, end] = [Number(from), to ? Math.min(Number(to), size - 1) : size - 1];
  response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${size}`, 'Content-Length': end - start + 1 });
  createReadStream(file, { start, end }).pipe(response);
}
