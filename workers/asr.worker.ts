/** The recognition worker: everything heavy runs here, never on the page's thread. Wiring only. */
import { expose } from 'comlink';
import { loadModel } from '../src/engine/load.ts';
import { measureRemote } from '../src/engine/measure.ts';
import { deleteStored, listStored } from '../src/engine/stored.ts';
import { serveEngine } from '../src/rpc/serve.ts';

expose(serveEngine({ loadModel, measureRemote, listStored, deleteStored }));
