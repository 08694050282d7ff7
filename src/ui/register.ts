/** Defines custom elements. Doing it twice (two copies of the script on one page) is silent: the first one stays. */

/** Defines each tag unless it is taken. */
export function register(elements: Record<string, CustomElementConstructor>): void {
  for (const [tag, element] of Object.entries(elements)) {
    if (!customElements.get(tag)) customElements.define(tag, element);
  }
}
