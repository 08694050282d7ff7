import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAsrError } from '../base/errors.ts';
import { unpickle } from './pickle.ts';
import { PickleEndError } from './pickle-input.ts';
import { TORCH_OBJECTS } from './torch-objects.ts';

test.each([
  ['small integers', 'K\x07.', 7],
  ['negative integers', 'J\xfe\xff\xff\xff.', -2],
  ['long integers', '\x8a\x02\x00\x80.', -32768],
  ['big integers', '\x8a\x09\0\0\0\0\0\0\0\0\x01.', 2n ** 64n],
  ['an empty long', '\x8a\0.', 0],
  ['floats', 'G\x3f\xf8\0\0\0\0\0\0.', 1.5],
  ['text', 'X\x02\0\0\0\xc3\xa9.', 'é'],
  ['text of Python 2', 'U\x02ab.', 'ab'],
])('%s are read', (_, program, value) => {
  expect(run(program)).toBe(value);
});

test.each([
  ['a foreign global', 'cos\nsystem\n.'],
  ['a foreign global by STACK_GLOBAL', 'X\x02\0\0\0osX\x06\0\0\0system\x93.'],
  ['a global named by an object', ']]\x93.'],
  ['torch functions that load bytes', 'ctorch.storage\n_load_from_bytes\n.'],
  ['names of JavaScript objects', 'c__proto__\nconstructor\n.'],
  ['INST', '(ios\nsystem\n.'],
  ['OBJ', '(cos\nsystem\no.'],
  ['EXT1', '\x82\x01.'],
  ['a call of what is no global', 'K\x01)R.'],
  ['a call of a storage class', 'ctorch\nFloatStorage\n)R.'],
  ['a call without arguments tuple', 'ccollections\nOrderedDict\n]R.'],
  ['SETITEM on a list', ']K\x01K\x02s.'],
  ['SETITEM on a tensor class', 'ctorch\nFloatStorage\nK\x01K\x02s.'],
  ['SETITEMS with an odd count', '}(K\x01u.'],
  ['a list as key', '}]K\x01s.'],
  ['APPEND on a dictionary', '}K\x01a.'],
  ['BUILD on a plain dictionary', '}}b.'],
  ['BUILD with a list', 'ccollections\nOrderedDict\n)R]b.'],
  ['a stack that is empty', 'R.'],
  ['a pop below a mark', 'K\x01(0.'],
  ['a group that was never opened', 't.'],
  ['an index that was never stored', 'j\xff\xff\xff\xff.'],
  ['an absurd memo index', 'Nr\xff\xff\xff\xff.'],
  ['an integer of 2 GB', '\x8b\xff\xff\xff\x7f.'],
  ['an integer of negative length', '\x8b\xff\xff\xff\xff.'],
  ['a string of 4 GB', 'X\xff\xff\xff\xff.'],
  ['a string of 2^63 bytes', '\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.'],
  ['deep tuples', `)${'\x85'.repeat(70)}.`],
  ['deep marks', `${'('.repeat(70)}.`],
  ['a persistent id that is no storage', 'K\x01Q.'],
  ['an unknown protocol', '\x80\x09.'],
])('%s is refused', (_, program) => {
  expect(() => run(program)).toThrow(expect.objectContaining({ code: 'checkpoint-corrupt' }));
});

test('a stack without end is stopped', () => {
  expect(() => run('N'.repeat(200_000))).toThrow(/overflows its stack/);
});

test('a program without end is stopped within two seconds of processor time', () => {
  const started = process.cpuUsage();
  expect(() => run(`]${'}a'.repeat(1_100_000)}.`)).toThrow(/more than/);
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2000);
});

test.each([
  // Memo 0 holds 90 000 pairs, and each call would read all of them.
  [
    'dictionaries made of one long list',
    `]q\0${`(${'U\x01aK\x01\x86'.repeat(90_000)}e`}0]${'ccollections\nOrderedDict\nh\0\x85Ra'.repeat(1000)}.`,
    /more than/,
  ],
  [
    'tensors with one long shape',
    `(${'K\x01'.repeat(90_000)}tq\0(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQq\x01]${'ctorch._utils\n_rebuild_tensor\n(h\x01K\0h\0h\0tRa'.repeat(1000)}.`,
    /of 90000 dimensions/,
  ],
])('%s are refused before they are many', (_, program, message) => {
  expect(() => run(program)).toThrow(message);
});

test('a list that holds itself does no harm', () => {
  expect(run(']q\0h\0a.')).toMatchObject({ kind: 'list' });
});

test('any bytes end in a value, a refusal, or the end of the bytes', () => {
  const opcodes = fc.constantFrom(...'.NK)]}(tuseaqhcRbQ0JX\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95');
  const program = fc.array(
    fc.oneof(
      opcodes,
      fc.nat(255).map((byte) => String.fromCharCode(byte)),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(program, (codes) => {
      try {
        run(codes.join(''));
      } catch (thrown) {
        if (!isAsrError(thrown, 'checkpoint-corrupt') && !(thrown instanceof PickleEndError)) throw thrown;
      }
    }),
    { numRuns: 20_000, seed: 1 },
  );
});

function run(program: string): unknown {
  return unpickle(
    Uint8Array.from(program, (char) => char.charCodeAt(0)),
    TORCH_OBJECTS,
  ).value;
}
