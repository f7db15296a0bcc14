import { defineConfig } from 'vitest/config'
import { makeMemoryFolder, removeFolder } from './test/harness/memory-folder.ts'

const pure = ['packages/*/test/**/*.test.ts']
const real = [
  'packages/server/test/{db,services,http,contract}/**/*.test.ts',
  'packages/pki/test/{acme,keystore,probe}/**/*.test.ts',
]

// Real servers on a busy machine: a test is tried once more, and whoever needed that is named at the end as a fault to be found.
const retry = 1

// For this process and all that it starts. Who says where temporary files are to be is obeyed.
const folder = process.env['TMPDIR'] === undefined ? makeMemoryFolder() : null
if (folder !== null) {
  process.env['TMPDIR'] = folder
  process.once('exit', () => removeFolder(folder))
}

export default defineConfig({
  test: {
    reporters: ['default', './test/harness/closing-line-reporter.ts'],
    globalSetup: ['./test/harness/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      // Pure: what one file loaded serves the next, and a process for each would cost more than its tests.
      { extends: true, test: { name: 'unit', include: pure, exclude: real, isolate: false } },
      {
        extends: true,
        test: {
          name: 'real',
          globalSetup: ['./test/harness/shared-postgres.ts'],
          include: real,
          retry,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], retry, testTimeout: 300_000, hookTimeout: 120_000 },
      },
    ],
  },
})
