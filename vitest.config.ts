import { defineConfig } from 'vitest/config'

const pure = ['packages/*/test/**/*.test.ts']
const real = [
  'packages/server/test/{db,services,http,contract}/**/*.test.ts',
  'packages/pki/test/{acme,keystore,probe}/**/*.test.ts',
]

export default defineConfig({
  test: {
    reporters: ['default', './test/harness/closing-line-reporter.ts'],
    globalSetup: ['./test/harness/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: pure, exclude: real } },
      { extends: true, test: { name: 'real', include: real, testTimeout: 120_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 120_000 } },
    ],
  },
})
