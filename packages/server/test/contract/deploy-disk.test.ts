import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Step } from '@evercert/pair-files/pair-context'
import { beforeAll, describe, expect, test, type TestContext } from 'vitest'
import type { DiskFault, FaultCase, FaultReport } from './deploy-disk-cases.ts'

const CHILD = fileURLToPath(new URL('./deploy-disk-child.ts', import.meta.url))

const BEFORE_SWAP = ['locked', 'versionWritten', 'saved', 'adopting', 'certificateLinked', 'adopted', 'marked'] as const
const AFTER_SWAP = ['swapped', 'tested', 'reloaded', 'remembered', 'unmarked', 'pruned'] as const

const aCase = (fault: DiskFault, step: Step, wish: Partial<FaultCase> = {}): FaultCase => ({
  fault,
  step,
  isFirst: false,
  refuses: null,
  ...wish,
})
const titled = (cases: readonly FaultCase[]) =>
  cases.map((each) => [`${each.fault} after "${each.step}"${each.isFirst ? ' of a first installation' : ''}`, each] as const)

const kept = [
  ...BEFORE_SWAP.map((step) => aCase('full', step)),
  ...(['locked', 'adopting', 'certificateLinked', 'marked'] as const).map((step) => aCase('readOnly', step)),
]
const first = [
  aCase('full', 'certificateLinked', { isFirst: true }),
  aCase('full', 'marked', { isFirst: true }),
  aCase('readOnly', 'marked', { isFirst: true }),
]
const installed = [
  ...AFTER_SWAP.map((step) => aCase('full', step)),
  ...(['swapped', 'reloaded'] as const).map((step) => aCase('readOnly', step)),
]
const refusals = [aCase('full', 'swapped', { refuses: 'test' }), aCase('full', 'tested', { refuses: 'reload' })]
const stuck = [aCase('readOnly', 'swapped', { refuses: 'test' }), aCase('readOnly', 'tested', { refuses: 'reload' })]

describe('a disk that fills up or turns read-only in the middle of a deployment', () => {
  let reports: readonly FaultReport[] = []
  /** Why this machine cannot make such disks; null when it can. */
  let hindrance: string | null = null

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-disk-'))
    try {
      const mounting = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', folder], { encoding: 'utf8' })
      if (mounting.status !== 0) {
        hindrance = `no file system can be mounted in a namespace of its own here: ${mounting.stderr || 'unshare is missing'}`
        return
      }
      const cases = JSON.stringify([...kept, ...first, ...installed, ...refusals, ...stuck])
      const { stdout, stderr } = spawnSync('unshare', ['-rm', process.execPath, CHILD, folder, cases], { encoding: 'utf8' })
      if (stdout === '') throw new Error(`the process with the disks wrote nothing: ${stderr}`)
      reports = JSON.parse(stdout) as FaultReport[]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  function reportOf(context: TestContext, { fault, step, isFirst, refuses }: FaultCase): FaultReport {
    if (hindrance !== null) context.skip(hindrance)
    const found = reports.find(
      (one) => one.fault === fault && one.step === step && one.isFirst === isFirst && one.refuses === refuses,
    )
    if (found === undefined) throw new Error('the case was not tried')
    expect(found.isStruck).toBe(true)
    // Whatever happened: with a disk that is well, the next deployment ends with the new pair, reloaded.
    expect(found.again.code).toBeNull()
    expect(found.after).toMatchObject({ files: 'next', loaded: 'next' })
    if (found.outcome.code !== null) expect(found.after.leftovers).toEqual([])
    return found
  }

  const CODES = { full: 'diskFull', readOnly: 'diskReadOnly' } as const
  const REMEDIES = { full: 'free some space', readOnly: 'mount it writable' } as const

  test.for(titled(kept))('%s: the old pair stays, nothing is half written, and it is said what to do', ([, wanted], context) => {
    const { outcome, during } = reportOf(context, wanted)
    expect(outcome.code).toBe(CODES[wanted.fault])
    expect(outcome.message).toContain(REMEDIES[wanted.fault])
    expect(during).toMatchObject({ files: 'old', loaded: 'old' })
    if (wanted.fault === 'full') expect(during.leftovers).toEqual([])
  })

  test.for(titled(first))('%s: both files or none', ([, wanted], context) => {
    const { outcome, during } = reportOf(context, wanted)
    expect(outcome.code).toBe(CODES[wanted.fault])
    expect(during).toMatchObject({ files: 'none', loaded: 'none' })
  })

  test.for(titled(installed))('%s: the new pair is installed and reloaded', ([, wanted], context) => {
    const { outcome, during } = reportOf(context, wanted)
    expect(outcome).toEqual({ code: null, message: '' })
    expect(during).toMatchObject({ files: 'next', loaded: 'next' })
    // Going back and remembering need no room.
    if (wanted.fault === 'full') expect(during.leftovers).toEqual([])
  })

  test.for(titled(refusals))(
    '%s, and the server refuses the pair: the old one is put back without any room',
    ([, wanted], context) => {
      const { outcome, during } = reportOf(context, wanted)
      expect(outcome.code).toBe('rolledBack')
      expect(during).toEqual({ files: 'old', loaded: 'old', leftovers: [] })
    },
  )

  test.for(titled(stuck))(
    '%s, and the server refuses the pair: said plainly, and put back by the next deployment',
    ([, wanted], context) => {
      const { outcome, during, refusedAgain } = reportOf(context, wanted)
      expect(outcome.code).toBe('diskReadOnly')
      expect(outcome.message).toMatch(/the new pair is still in the files.*mount it writable/)
      expect(during).toMatchObject({ files: 'next', loaded: 'old' })
      expect(refusedAgain).toEqual({ code: 'rolledBack', look: { files: 'old', loaded: 'old', leftovers: [] } })
    },
  )
})
