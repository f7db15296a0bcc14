/**
 * A disk of the host that is full or read-only, with the agent's own state on it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const CHILD = fileURLToPath(new URL('./disk-child.ts', import.meta.url))

test.each([
  ['full', 'diskFull'],
  ['readOnly', 'diskReadOnly'],
] as const)('%s: it is reported as %s, though the report cannot be kept, and what was there stays', (fault, code) => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-disk-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const mounting = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', folder], { encoding: 'utf8' })
  if (mounting.status !== 0) throw new Error(`no file system can be mounted in a namespace of its own here: ${mounting.stderr}`)
  const { stdout, stderr } = spawnSync('unshare', ['-rm', process.execPath, CHILD, folder, fault], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('statements') as string })
  const { statements, left, isOld } = JSON.parse(stdout) as { statements: unknown[]; left: string[]; isOld: boolean }
  expect(statements).toMatchObject([
    { workId: 'wrk_1', outcome: 'refused', code },
    { workId: 'wrk_2', outcome: 'refused', code },
  ])
  expect([left, isOld]).toEqual([[], true])
})
