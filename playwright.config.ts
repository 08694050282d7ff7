/**
 * Browser tests of the built page and library, once on WASM and once on WebGPU. Build first (`npm run build`); `npm run test:e2e` does.
 *
 * Headless Linux has no GPU: SwiftShader stands in, which proves results and placement, never speed. The microphone is a WAV file.
 */
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { findChromium } from './e2e/find-chromium.mjs';

const PORT = Number(process.env['SOTTO_TEST_PORT'] ?? 4173); // another one lets two checkouts test at once
const MICROPHONE = join(import.meta.dirname, 'e2e/fixtures/audio/morning.wav');

const COMMON = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-audio-capture=${MICROPHONE}%noloop`,
  '--enable-precise-memory-info',
];
// Needed where no GPU is; on a machine with one they change nothing but the adapter.
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

const executablePath = process.env['CHROMIUM_PATH'] ?? findChromium();

export default defineConfig<{ device: 'wasm' | 'webgpu' }>({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  timeout: 120_000, // SwiftShader compiles shaders on two shared cores
  expect: { timeout: 60_000 },
  workers: 1,
  // SwiftShader on a shared machine stalls now and then; a second try is named in the log as flaky.
  retries: process.env['CI'] ? 1 : 0,
  reporter: 'list',
  forbidOnly: Boolean(process.env['CI']),
  use: {
    baseURL: `http://localhost:${PORT}/`,
    viewport: { width: 1280, height: 860 },
    permissions: ['microphone', 'clipboard-read', 'clipboard-write'],
    serviceWorkers: 'block', // only the offline test wants it: a service worker hides requests from the tests
  },
  projects: [
    // A lost GPU is a matter of the other project; families on WASM are compared with NeMo in Node (`src/**/*.test.ts`).
    {
      name: 'wasm',
      testIgnore: ['gpu-*.spec.ts', 'families/*.spec.ts'],
      use: { device: 'wasm', launchOptions: { executablePath, args: COMMON } },
    },
    {
      name: 'webgpu',
      use: { device: 'webgpu', launchOptions: { executablePath, args: [...COMMON, ...SOFTWARE_GPU] } },
    },
  ],
  webServer: {
    command: `npx vite preview --mode page --port ${PORT} --strictPort`,
    url: `http://localhost:${PORT}/`,
    reuseExistingServer: !process.env['CI'],
  },
});
