/** Models of embedded elements: elements of one page that ask for the same checkpoint on the same device share one worker. */
import type { LoadOptions } from '../rpc/protocol.ts';
import { ModelHost } from './model-host.ts';
import { BUILT_IN } from './built-in.ts';

const hosts = new Map<string, { readonly host: ModelHost; users: number }>();

/** Which model an element's attributes name. */
export type HostRequest = {
  readonly checkpoint: string | null;
  readonly device: string | null;
  readonly assetBase: string | null;
};

/** A host on loan. */
export type LentHost = {
  readonly host: ModelHost;
  /** False once the attributes name another model. */
  readonly fits: (request: HostRequest) => boolean;
  readonly giveBack: () => void;
};

/** A host for what the attributes name; the last user's model is closed. */
export function borrowHost(request: HostRequest): LentHost {
  const key = keyOf(request);
  const { checkpoint, device, assetBase } = request;
  const entry = hosts.get(key) ?? { host: new ModelHost(choiceOf(checkpoint), optionsOf(device, assetBase)), users: 0 };
  hosts.set(key, entry);
  entry.users += 1;
  let isBack = false;
  return {
    host: entry.host,
    fits: (other) => keyOf(other) === key,
    giveBack() {
      if (isBack) return;
      isBack = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      hosts.delete(key);
      entry.host.close();
    },
  };
}

function keyOf({ checkpoint, device, assetBase }: HostRequest): string {
  return JSON.stringify([checkpoint, device, assetBase]);
}

/** A name (`sotto-tiny-en`), a hub repository (`owner/name`), or an address: with a scheme, or ending in `.nemo`. */
function choiceOf(checkpoint: string | null): { name: string } | { source: URL; label: string } {
  const text = checkpoint?.trim() || BUILT_IN;
  const isAddress = /^[a-z][a-z0-9+.-]*:/i.test(text) || text.endsWith('.nemo');
  return isAddress ? { source: new URL(text, document.baseURI), label: text } : { name: text };
}

function optionsOf(device: string | null, assetBase: string | null): LoadOptions {
  return {
    ...((device === 'webgpu' || device === 'wasm') && { device }),
    ...(assetBase && { assetBase }),
  };
}
