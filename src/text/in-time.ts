/** Times that files can hold: an alignment gives -1 for what it did not hear, and no format knows that. */

/** The spans, with those without a time where the one before ends, and none that ends before it starts. */
export function inTime<Span extends { readonly start: number; readonly end: number }>(spans: readonly Span[]): Span[] {
  let last = 0;
  return spans.map((span) => {
    const start = span.start < 0 ? last : span.start;
    last = Math.max(start, span.end);
    return start === span.start && last === span.end ? span : { ...span, start, end: last };
  });
}
