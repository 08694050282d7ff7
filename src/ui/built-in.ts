/** The checkpoint that is served with the page and the library: something works before anything is downloaded. */
export const BUILT_IN = 'sotto-tiny-en';
