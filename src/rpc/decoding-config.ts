/**
 * A decoding config as callers have it, turned into what can be posted to the worker.
 *
 * Its files may be Blobs, URL objects or addresses relative to the page: the worker, whose own address is elsewhere, could not resolve those.
 */
import type { TranscribeOptions } from '../engine/options.ts';

const FILE_KEYS = new Set(['ngramlmmodel', 'kenlmpath', 'keyphrasesfile', 'modelpath', 'lexiconpath', 'boostpath']);

/** @throws TypeError for a config that is no object, or a file that is no URL */
export function toWireDecoding<Config extends object>(config: Config | null | undefined): Config | null {
  if (config === null || config === undefined) return null;
  if (typeof config !== 'object' || Array.isArray(config)) throw new TypeError('config must be an object or null');
  return convertSection(config) as Config;
}

function convertSection(section: object): object {
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [key, convertValue(key, value)]));
}

function convertValue(key: string, value: unknown): unknown {
  if (value instanceof Blob) return value;
  if (value instanceof URL) return value.href; // structured clone refuses URL objects
  if (typeof value === 'string')
    return FILE_KEYS.has(key.replaceAll('_', '').toLowerCase()) ? resolve(key, value) : value;
  const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isSection ? convertSection(value) : value;
}

function resolve(key: string, text: string): string {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (!text || !URL.canParse(text, base)) throw new TypeError(`config: ${key} "${text}" is not a URL`);
  return new URL(text, base).href;
}

/** Options of `transcribe` whose boosted phrases can be posted. */
export function withWireBiasing<Options extends Pick<TranscribeOptions, 'biasingRequests'>>(options: Options): Options {
  const { biasingRequests } = options;
  if (!biasingRequests) return options;
  return { ...options, biasingRequests: biasingRequests.map((request) => toWireDecoding(request)) };
}
