/**
 * What a pickle machine works on: its stack with open marks, and its memo. Every operation checks that there is something to take, and that
 * nothing grows without end.
 */
import { corrupt } from './corrupt.ts';
import { MAX_PICKLE_DEPTH, MAX_PICKLE_MEMO, MAX_PICKLE_STACK } from './limits.ts';
import type { PickleValue } from './pickle-values.ts';

export class PickleStack {
  readonly #values: PickleValue[] = [];
  /** Heights at open MARKs: what lies below the last one is out of reach. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  push(value: PickleValue): void {
    this.#values.push(value);
    if (this.#values.length > MAX_PICKLE_STACK) throw corrupt("The checkpoint's pickle overflows its stack.");
  }

  pop(): PickleValue {
    const value = this.top() === undefined ? undefined : this.#values.pop();
    if (value === undefined) throw corrupt("The checkpoint's pickle takes from an empty stack.");
    return value;
  }

  /** In the order they were pushed. */
  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Undefined where nothing is in reach. */
  top(): PickleValue | undefined {
    return this.#values.length > (this.#marks.at(-1) ?? 0) ? this.#values.at(-1) : undefined;
  }

  mark(): void {
    this.#marks.push(this.#values.length);
    if (this.#marks.length > MAX_PICKLE_DEPTH) throw corrupt("The checkpoint's pickle is nested too deep.");
  }

  /** What was pushed since the last mark, which is closed. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw corrupt("The checkpoint's pickle closes a group it never opened.");
    return this.#values.splice(mark);
  }

  /** Stores the top under a number, by default the next one. */
  memoize(index: number = this.#memo.size): void {
    const value = this.top();
    if (value === undefined || index >= MAX_PICKLE_MEMO)
      throw corrupt(`The checkpoint's pickle stores nothing, or at index ${index}.`);
    this.#memo.set(index, value);
  }

  /** Pushes what was stored. */
  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw corrupt(`The checkpoint's pickle recalls index ${index}, which it never stored.`);
    this.push(value);
  }
}
