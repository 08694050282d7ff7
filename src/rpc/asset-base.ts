/**
 * Where `ort/` (onnxruntime's wasm files) and `checkpoints/` are served from when the caller does not say: next to the library.
 *
 * Always an absolute URL ending in `/`: inside the worker a relative one would be relative to the worker's script.
 */
const HERE = './'; // not a literal inside `new URL`, or the bundler takes the folder for an asset

/** The folder of `assetBase`, or of the built library. */
export function resolveAssetBase(assetBase: string | undefined): string {
  const base = assetBase === undefined ? import.meta.url : (globalThis.document?.baseURI ?? globalThis.location?.href);
  const folder = assetBase === undefined ? HERE : assetBase.endsWith('/') ? assetBase : `${assetBase}/`;
  if (!URL.canParse(folder, base)) throw new TypeError(`options.assetBase "${assetBase}" is not a URL`);
  return new URL(folder, base).href;
}
