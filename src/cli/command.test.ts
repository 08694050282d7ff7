/** How a command line is read, and what is wrong with a wrong one. */
import { describe, expect, test } from 'vitest';
import { Arguments, UsageError } from './command.ts';

const OPTIONS = { json: { type: 'boolean' }, number: { type: 'string' }, config: { type: 'string' } } as const;
const parse = (...argv: string[]) => Arguments.parse(argv, OPTIONS);

describe('Arguments', () => {
  test('takes flags, values and positional arguments in any order', () => {
    const args = parse('a.wav', '--json', '--number', '3', 'b.wav');
    expect(args.flag('json')).toBe(true);
    expect(args.integer('number', { min: 1 })).toBe(3);
    expect(args.positionals).toEqual(['a.wav', 'b.wav']);
  });

  test('says nothing of options that are not given', () => {
    const args = parse();
    expect(args.flag('json')).toBe(false);
    expect(args.number('number', { min: 0 })).toBeUndefined();
    expect(args.jsonObject('config')).toBeUndefined();
  });

  test('refuses unknown options and options without their value', () => {
    expect(() => parse('--colour')).toThrow(UsageError);
    expect(() => parse('--number')).toThrow(UsageError);
  });

  test.each(['', 'three', '-1', 'Infinity', '1e999'])(
    'refuses %j as a number from 0 on, and names the option',
    (text) => {
      expect(() => parse(`--number=${text}`).number('number', { min: 0 })).toThrow(/--number/);
    },
  );

  test('refuses a fraction as a whole number', () => {
    expect(() => parse('--number', '1.5').integer('number', { min: 0 })).toThrow(UsageError);
  });

  test('lists the choices when a value is none of them', () => {
    expect(() => parse('--number', 'x').choice('number', ['a', 'b'])).toThrow("--number is 'x'; it is one of a, b.");
  });

  test('turns NeMo keys to camelCase at every depth', () => {
    const args = parse(
      '--config',
      '{"greedy": {"max_symbols": 1}, "beams": [{"beam_size_2": 4}], "aB": 1, "_private": 2}',
    );
    expect(args.jsonObject('config')).toEqual({
      greedy: { maxSymbols: 1 },
      beams: [{ beamSize2: 4 }],
      aB: 1,
      _private: 2,
    });
  });

  test.each(['{', '[1]', 'null', '3'])('refuses %s as a JSON object', (text) => {
    expect(() => parse('--config', text).jsonObject('config')).toThrow(UsageError);
  });

  test('names the argument that is missing or too many', () => {
    expect(() => parse('a').exactly('CHECKPOINT', 'OUT')).toThrow('OUT is missing.');
    expect(() => parse('a', 'b').exactly('AUDIO')).toThrow("Unexpected argument 'b'.");
  });
});
