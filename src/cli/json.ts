/** JSON of results: typed arrays as lists, so that log-probabilities can be read by anything. */

/** @param indent spaces; 0 gives one line */
export function toJsonText(value: unknown, indent: 0 | 2): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (isNumbers(inner) ? Array.from(inner as Float32Array) : inner),
    indent,
  );
}

function isNumbers(value: unknown): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
