/** Confidence of a hypothesis against NeMo's. */
import { expect } from 'vitest';
import { TOLERANCE } from './golden.ts';

/** Numbers, or lists of them at any depth. */
export function expectNear(ours: unknown, wanted: unknown): void {
  if (Array.isArray(wanted)) {
    expect(ours).toHaveLength(wanted.length);
    wanted.forEach((value, index) => expectNear((ours as unknown[])[index], value));
  } else expect(Math.abs((ours as number) - (wanted as number))).toBeLessThan(TOLERANCE.confidence);
}
