/**
 * The shape of a parsed config, before anything in it is known to be of the right type (`model/config.ts` checks that).
 */

/** A config tree: plain objects without `__proto__` keys, arrays, strings, numbers, booleans, null. */
export type ConfigValue = null | boolean | number | string | readonly ConfigValue[] | ConfigObject;
export type ConfigObject = { readonly [key: string]: ConfigValue };
