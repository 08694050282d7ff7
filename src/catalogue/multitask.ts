/** Canary: recognition and translation by prompt. Columns: see `rows.ts`. */
import type { Rows } from './rows.ts';

/** By NeMo class. */
export const MULTITASK: Rows = {
  EncDecMultiTaskModel: `
    canary-180m-flash 182 en,de,es,fr hub -
    canary-1b 1000 en,de,es,fr hub -
    canary-1b-flash 883 en,de,es,fr hub -
    canary-1b-v2 980 eu25 hub -
  `,
};
