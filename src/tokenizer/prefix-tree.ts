/**
 * A tree of strings, walked one UTF-16 unit at a time: which pieces start at this position of the text?
 *
 * SentencePiece keeps a double-array trie over UTF-8; the answers are the same, because a piece never ends inside a character.
 */
type Node = { id: number; readonly next: Map<number, Node> };

export class PrefixTree {
  readonly #root: Node = { id: -1, next: new Map() };

  /** @param entries strings with their ids (0 or above) */
  constructor(entries: Iterable<readonly [string, number]>) {
    for (const [text, id] of entries) {
      let node = this.#root;
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        let child = node.next.get(unit);
        if (!child) {
          child = { id: -1, next: new Map() };
          node.next.set(unit, child);
        }
        node = child;
      }
      node.id = id;
    }
  }

  /** Calls `visit(end, id)` for every entry equal to `text.slice(start, end)`, shortest first. */
  forEachMatch(text: string, start: number, visit: (end: number, id: number) => void): void {
    let node: Node | undefined = this.#root;
    for (let i = start; i < text.length; i++) {
      node = node.next.get(text.charCodeAt(i));
      if (!node) return;
      if (node.id >= 0) visit(i + 1, node.id);
    }
  }

  /** End of the longest entry that starts at `start`, or `start` when there is none. */
  longestMatch(text: string, start: number): number {
    let longest = start;
    this.forEachMatch(text, start, (end) => {
      longest = end;
    });
    return longest;
  }
}

/** End of the character that starts at `start`: one or two UTF-16 units. */
export function characterEnd(text: string, start: number): number {
  return start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
}
