/** JSON of results: typed arrays as lists, so that log-probabilities can be read by anything; without the decoder's state, which nobody reads. */

/** @param indent spaces; 0 gives one line */
export function toJsonText(value: unknown, indent: 0 | 2): string {
  return JSON.stringify(
    value,
    (key, inner: unknown) =>
      key === 'decState' ? undefined : isNumbers(inner) ? Array.from(inner as Float32Array) : inner,
    indent,
  );
}

function isNumbers(value: unknown): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
