/**
 * Carries the kind of an error across the worker boundary, in both directions.
 *
 * Comlink's own handler sends name, message and stack only (GoogleChromeLabs/comlink#594), so `AsrError.code` would be lost and
 * callers would have to match on text. A call and not a mere import, because bundlers drop imports that are only made for their effect.
 * `cause` stays where it was.
 */
import { type TransferHandler, transferHandlers } from 'comlink';
import { AsrError, type ErrorCode, isAsrError } from '../base/errors.ts';

type Thrown = { readonly value: unknown };
type WireError =
  | { readonly isError: true; readonly value: { name: string; message: string; stack?: string; code?: ErrorCode } }
  | { readonly isError: false; readonly value: unknown };

const stock = transferHandlers.get('throw') as TransferHandler<Thrown, WireError>;

const coded: TransferHandler<Thrown, WireError> = {
  canHandle: stock.canHandle, // it looks for a marker symbol that Comlink keeps private
  serialize(thrown) {
    const [wire, transferables] = stock.serialize(thrown);
    if (wire.isError && isAsrError(thrown.value)) wire.value.code = thrown.value.code;
    return [wire, transferables];
  },
  deserialize(wire): never {
    throw wire.isError ? revive(wire.value) : wire.value;
  },
};

/** Makes `AsrError.code` survive Comlink; both sides call it before their first call. Calling it twice is harmless. */
export function carryErrorCodes(): void {
  transferHandlers.set('throw', coded);
}

function revive({ name, message, stack, code }: Extract<WireError, { isError: true }>['value']): Error {
  const error = code ? new AsrError(code, message) : new (builtInError(name))(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true });
  if (stack) error.stack = stack;
  return error;
}

function builtInError(name: string): ErrorConstructor {
  if (name === 'TypeError') return TypeError as ErrorConstructor;
  if (name === 'RangeError') return RangeError as ErrorConstructor;
  return Error;
}
