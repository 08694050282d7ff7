/** Unit and golden tests: plain Node, no browser, no network. Playwright has its own config and its own files (`*.spec.ts`). */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'workers/**/*.test.ts', 'e2e/support/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000, // the goldens of some families take seconds on a slow machine
    maxWorkers: 2,
  },
});
