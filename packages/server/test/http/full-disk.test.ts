/** The disk of the embedded database gets full: callers and whoever watches are told so, nothing is lost, and it goes on when there is room. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const CHILD = fileURLToPath(new URL('./full-disk-child.ts', import.meta.url))

test('with a full disk the service is not ready, and what it cannot store is refused with 503 and the reason', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-full-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { stdout, stderr } = spawnSync('unshare', ['-rm', process.execPath, CHILD, folder], { encoding: 'utf8', timeout: 90_000 })
  expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('before') as string })
  expect(JSON.parse(stdout)).toEqual({
    before: { status: 200, code: null },
    full: { status: 503, code: 'storageFull' },
    refused: { status: 503, code: 'storageFull' },
    after: { status: 200, code: null },
    lost: 0,
  })
})
