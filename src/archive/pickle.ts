/**
 * A whitelist unpickler: Python's pickle machine without the machine.
 *
 * A pickle is a program that can call any function by name. Here a name is only a string, REDUCE asks `reduce` to interpret it, and everything
 * that is not plain data or known to `reduce` is an error. Operands are type-checked at every opcode. Opcodes:
 * https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
import { corrupt, quoteName } from './corrupt.ts';
import { MAX_PICKLE_DEPTH, MAX_PICKLE_OPS } from './limits.ts';
import { PickleInput } from './pickle-input.ts';
import { PickleStack } from './pickle-stack.ts';
import {
  type PickleDict,
  type PickleKey,
  type PickleNode,
  type PickleValue,
  asNode,
  expectNode,
} from './pickle-values.ts';

/** What gives meaning to names and persistent ids; both throw for anything they do not know. */
export interface PickleMeaning {
  /** Throws unless the global ("module.name") may be mentioned at all. */
  allowGlobal(name: string): void;
  /** The result of calling a global. */
  reduce(name: string, args: readonly PickleValue[]): PickleValue;
  /** The object a persistent id stands for. */
  persistentLoad(id: PickleValue): PickleValue;
}

/** Runs one pickle from `start`; `end` is behind its STOP. Throws `checkpoint-corrupt`, or `PickleEndError` when the bytes end first. */
export function unpickle(
  bytes: Uint8Array,
  meaning: PickleMeaning,
  start = 0,
): { readonly value: PickleValue; readonly end: number } {
  const machine = new PickleMachine(new PickleInput(bytes, start), meaning);
  return machine.run();
}

class PickleMachine {
  readonly #input: PickleInput;
  readonly #meaning: PickleMeaning;
  readonly #stack = new PickleStack();
  #numOps = 0;

  constructor(input: PickleInput, meaning: PickleMeaning) {
    this.#input = input;
    this.#meaning = meaning;
  }

  run(): { readonly value: PickleValue; readonly end: number } {
    while (this.#numOps++ < MAX_PICKLE_OPS) {
      const op = String.fromCharCode(this.#input.uint8());
      if (op === '.') return { value: this.#stack.pop(), end: this.#input.position };
      this.#step(op);
    }
    throw corrupt(`The checkpoint's pickle has more than ${MAX_PICKLE_OPS} steps.`);
  }

  #step(op: string): void {
    const [input, stack] = [this.#input, this.#stack];
    switch (op) {
      case '\x80': // PROTO
        if (input.uint8() > 5) throw corrupt("The checkpoint's pickle has an unknown protocol.");
        return;
      case '\x95': // FRAME: a hint for buffering
        input.uint64();
        return;

      // Plain data
      case 'N':
        return stack.push(null);
      case '\x88':
        return stack.push(true);
      case '\x89':
        return stack.push(false);
      case 'K': // BININT1
        return stack.push(input.uint8());
      case 'M': // BININT2
        return stack.push(input.uint16());
      case 'J': // BININT
        return stack.push(input.int32());
      case '\x8a': // LONG1
        return stack.push(input.long(input.uint8()));
      case '\x8b': // LONG4
        return stack.push(input.long(input.int32()));
      case 'G': // BINFLOAT
        return stack.push(input.float64());
      case '\x8c': // SHORT_BINUNICODE
      case 'U': // SHORT_BINSTRING: a Python 2 str, ASCII where it matters
        return stack.push(input.text(input.uint8()));
      case 'X': // BINUNICODE
        return stack.push(input.text(input.uint32()));
      case 'T': // BINSTRING
        return stack.push(input.text(input.int32()));
      case '\x8d': // BINUNICODE8
        return stack.push(input.text(input.uint64()));
      case 'C': // SHORT_BINBYTES
        return stack.push(input.bytes(input.uint8()));
      case 'B': // BINBYTES
        return stack.push(input.bytes(input.uint32()));
      case '\x8e': // BINBYTES8
        return stack.push(input.bytes(input.uint64()));

      // Containers
      case '(': // MARK
        return stack.mark();
      case ')':
        return stack.push(EMPTY_TUPLE);
      case '\x85':
        return this.#pushTuple([stack.pop()]);
      case '\x86':
        return this.#pushTuple(stack.popMany(2));
      case '\x87':
        return this.#pushTuple(stack.popMany(3));
      case 't': // TUPLE
        return this.#pushTuple(stack.popToMark());
      case ']':
        return stack.push({ kind: 'list', items: [] });
      case 'a': // APPEND
        return this.#append([stack.pop()]);
      case 'e': // APPENDS
        return this.#append(stack.popToMark());
      case '}':
        return stack.push({ kind: 'dict', isOrdered: false, entries: undefined });
      case 's': // SETITEM
        return this.#setItems(stack.popMany(2));
      case 'u': // SETITEMS
        return this.#setItems(stack.popToMark());

      // Memo and stack
      case 'q': // BINPUT
        return stack.memoize(input.uint8());
      case 'r': // LONG_BINPUT
        return stack.memoize(input.uint32());
      case '\x94': // MEMOIZE
        return stack.memoize();
      case 'h': // BINGET
        return stack.recall(input.uint8());
      case 'j': // LONG_BINGET
        return stack.recall(input.uint32());
      case '0': // POP
        stack.pop();
        return;

      // Names and what they build
      case 'c': // GLOBAL
        return this.#pushGlobal(input.line(), input.line());
      case '\x93': // STACK_GLOBAL
        return this.#stackGlobal();
      case 'R': // REDUCE
      case '\x81': // NEWOBJ: cls.__new__(cls, *args), the same for the few classes that are known
        return this.#reduce();
      case 'b': // BUILD
        return this.#build();
      case 'Q': // BINPERSID
        return stack.push(this.#meaning.persistentLoad(stack.pop()));
      default:
        throw corrupt(`The checkpoint's pickle uses opcode 0x${op.charCodeAt(0).toString(16)}, which no weights need.`);
    }
  }

  #pushTuple(items: readonly PickleValue[]): void {
    const depth = 1 + items.reduce<number>((deepest, item) => Math.max(deepest, asNode(item, 'tuple')?.depth ?? 0), 0);
    if (depth > MAX_PICKLE_DEPTH) throw corrupt("The checkpoint's pickle is nested too deep.");
    this.#stack.push(items.length === 0 ? EMPTY_TUPLE : { kind: 'tuple', items, depth });
  }

  #append(items: readonly PickleValue[]): void {
    const list = expectNode(this.#stack.top(), 'list', 'APPEND');
    for (const item of items) list.items.push(item);
  }

  #setItems(pairs: readonly PickleValue[]): void {
    const dict = expectNode(this.#stack.top(), 'dict', 'SETITEM');
    if (pairs.length % 2 !== 0) throw corrupt("The checkpoint's pickle sets a key without a value.");
    for (let i = 0; i < pairs.length; i += 2) {
      dict.entries ??= new Map();
      dict.entries.set(expectKey(pairs[i]), pairs[i + 1] ?? null);
    }
  }

  #stackGlobal(): void {
    const [module, name] = this.#stack.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string')
      throw corrupt("The checkpoint's pickle names a global by something else than text.");
    this.#pushGlobal(module, name);
  }

  #pushGlobal(module: string, name: string): void {
    const fullName = `${module}.${name}`;
    this.#meaning.allowGlobal(fullName);
    this.#stack.push({ kind: 'global', name: fullName });
  }

  #reduce(): void {
    const args = expectNode(this.#stack.pop(), 'tuple', 'REDUCE');
    const callee = expectNode(this.#stack.pop(), 'global', 'REDUCE');
    // A few bytes can hand the same long list over again and again: reading it counts as its steps.
    for (const arg of args.items) this.#numOps += asNode(arg, 'list')?.items.length ?? 0;
    this.#stack.push(this.#meaning.reduce(callee.name, args.items));
  }

  /** Only OrderedDict carries attributes in a state dict (`_metadata`: module versions); they say nothing about the weights. */
  #build(): void {
    const state = this.#stack.pop();
    const target = expectNode(this.#stack.top(), 'dict', 'BUILD');
    if (!target.isOrdered || !isDictOrNull(state))
      throw corrupt("The checkpoint's pickle gives attributes to something that has none.");
  }
}

const EMPTY_TUPLE: PickleNode = { kind: 'tuple', items: [], depth: 1 };

function isDictOrNull(value: PickleValue): value is PickleDict | null {
  return value === null || asNode(value, 'dict') !== undefined;
}

function expectKey(value: PickleValue | undefined): PickleKey {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw corrupt("The checkpoint's pickle has a dictionary key that is neither text nor number.");
}

/** The error for a global that is not on the whitelist. */
export function unsafeGlobal(name: string): Error {
  return corrupt(
    `The checkpoint's pickle asks for ${quoteName(name)}. Weights need no such thing, and running it could do anything, so it is refused.`,
  );
}
