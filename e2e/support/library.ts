/** A page of somebody's that has nothing but the library beside it: tests import it and use the public API. */
import { join } from 'node:path';
import { type StaticServer, serve } from './static-server.ts';

/** Serves `dist/lib` under `/`, and an empty page. */
export function serveLibrary(): Promise<StaticServer> {
  return serve({
    folder: join(import.meta.dirname, '../../dist/lib'),
    pages: { '/': '<!doctype html><title>somebody’s page</title>' },
  });
}
