/**
 * A large result in slices: one message of it would hold the page's thread until all of it is read (three hours of words and characters: 0.8 s).
 *
 * In the worker `cut` takes long lists out of the result and leaves holes; in the page `gather` asks for them slice by slice, a message each, and
 * fills the holes. Small results pass as they are.
 */

/** Values of a slice at most, counting every field: some milliseconds to read. */
const MAX_VALUES = 12_000;

/** What stands for a list that follows in slices. No key of a result begins like that. */
const HOLE = '\u0000list';
type Hole = { readonly [HOLE]: number };

/** Items of the list that a hole stands for, in order; `hasHoles` when there are holes among them. */
export type Slice = { readonly list: number; readonly items: readonly unknown[]; readonly hasHoles: boolean };

/** A result with holes, and how many slices fill them. `T` is what it becomes again. */
export type Sliced<T> = { readonly tree: unknown; readonly numSlices: number; readonly becomes?: T };

/** Takes plain data apart; the slices are to be kept until they are asked for. */
export function cut<T>(value: T): { readonly sliced: Sliced<T>; readonly slices: readonly Slice[] } {
  const slices: Slice[] = [];
  let numLists = 0;

  const shrink = (item: unknown): Shrunk => {
    if (Array.isArray(item)) return shrinkList(item);
    if (!isPlain(item)) return { item, weight: 1, hasHoles: false };
    const fields = Object.entries(item).map(([key, field]) => [key, shrink(field)] as const);
    const weight = fields.reduce((sum, [, field]) => sum + field.weight, 1);
    if (!fields.some(([, field]) => field.hasHoles)) return { item, weight, hasHoles: false };
    return { item: Object.fromEntries(fields.map(([key, field]) => [key, field.item])), weight, hasHoles: true };
  };
  const shrinkList = (list: readonly unknown[]): Shrunk => {
    const items = list.map(shrink);
    const weight = items.reduce((sum, { weight: own }) => sum + own, 1);
    const hasHoles = items.some((item) => item.hasHoles);
    if (weight <= MAX_VALUES) return { item: hasHoles ? items.map(({ item }) => item) : list, weight, hasHoles };
    const hole: Hole = { [HOLE]: numLists };
    slices.push(...inSlices(items, numLists));
    numLists += 1;
    return { item: hole, weight: 1, hasHoles: true };
  };

  const { item: tree } = shrink(value);
  return { sliced: { tree, numSlices: slices.length }, slices };
}

/** Puts a result together; `take` fetches the slices one by one, each in a task of its own. */
export async function gather<T>({ tree, numSlices }: Sliced<T>, take: (index: number) => Promise<Slice>): Promise<T> {
  const lists = new Map<number, unknown[]>();
  const listOf = (id: number): unknown[] => {
    const known = lists.get(id) ?? [];
    lists.set(id, known);
    return known;
  };
  for (let index = 0; index < numSlices; index++) {
    const { list, items, hasHoles } = await take(index);
    const target = listOf(list);
    for (const item of items) target.push(hasHoles ? filled(item, listOf) : item);
  }
  return (numSlices > 0 ? filled(tree, listOf) : tree) as T;
}

type Shrunk = { readonly item: unknown; readonly weight: number; readonly hasHoles: boolean };

function inSlices(items: readonly Shrunk[], list: number): Slice[] {
  const slices: Slice[] = [];
  let from = 0;
  let weight = 0;
  const close = (to: number): void => {
    const part = items.slice(from, to);
    slices.push({ list, items: part.map(({ item }) => item), hasHoles: part.some(({ hasHoles }) => hasHoles) });
    [from, weight] = [to, 0];
  };
  items.forEach((item, index) => {
    if (index > from && weight + item.weight > MAX_VALUES) close(index);
    weight += item.weight;
  });
  close(items.length);
  return slices;
}

/** `item` with its holes filled: in place, for it was made for us by the message. */
function filled(item: unknown, listOf: (id: number) => unknown[]): unknown {
  if (Array.isArray(item)) {
    item.forEach((element, index) => {
      if (typeof element === 'object') item[index] = filled(element, listOf);
    });
    return item;
  }
  if (!isPlain(item)) return item;
  if (HOLE in item) return listOf((item as Hole)[HOLE]);
  for (const [key, field] of Object.entries(item))
    if (typeof field === 'object') (item as Record<string, unknown>)[key] = filled(field, listOf);
  return item;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
