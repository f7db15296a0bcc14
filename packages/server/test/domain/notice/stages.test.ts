import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currentStage, DEFAULT_LEADS_DAYS, nextStageAt } from '../../../src/domain/notice/stages.ts'
import { DAY_MS, HOUR_MS } from '../../../src/domain/time.ts'

const notAfter = Date.parse('2026-12-05T08:00:00Z')
const year = { notBefore: notAfter - 365 * DAY_MS, notAfter }
const sixDays = { notBefore: notAfter - 6 * DAY_MS, notAfter }
const stageAt = (validity: typeof year, now: number, leads = DEFAULT_LEADS_DAYS) => {
  const stage = currentStage(validity, leads, now)
  return stage === null ? null : `${stage.kind} ${stage.days}`
}

describe('the stage that a certificate of a year is in', () => {
  test.each([
    [31 * DAY_MS, null],
    [30 * DAY_MS + 1, null],
    [30 * DAY_MS, 'expiry 30'],
    [15 * DAY_MS + 1, 'expiry 30'],
    [15 * DAY_MS, 'expiry 15'],
    [5 * DAY_MS, 'expiry 7'],
    [3 * DAY_MS, 'expiry 3'],
    [DAY_MS, 'expiry 1'],
    [1, 'expiry 1'],
    [0, 'expiry 0'],
    [-DAY_MS + 1, 'expiry 0'],
    [-DAY_MS, 'expired 1'],
    [-3 * DAY_MS, 'expired 3'],
    [-7 * DAY_MS, 'expired 7'],
    [-20 * DAY_MS, 'expired 14'],
    [-91 * DAY_MS, 'expired 91'],
    [-120 * DAY_MS, 'expired 91'],
    [-121 * DAY_MS, 'expired 121'],
    [-400 * DAY_MS, 'expired 391'],
  ])('%i ms before its end: %s', (leftMs, stage) => {
    expect(stageAt(year, notAfter - leftMs)).toBe(stage)
  })
})

test('a lifetime under 90 days has the same fractions: six days, told first at two', () => {
  expect(stageAt(sixDays, notAfter - 48 * HOUR_MS - 1)).toBe(null)
  expect(stageAt(sixDays, notAfter - 48 * HOUR_MS)).toBe('expiry 30')
  expect(stageAt(sixDays, notAfter - 24 * HOUR_MS)).toBe('expiry 15')
  expect(stageAt(sixDays, notAfter - 1.6 * HOUR_MS)).toBe('expiry 1')
  expect(stageAt(sixDays, notAfter)).toBe('expiry 0')
})

test('a lead longer than the lifetime is none', () => {
  const short = { notBefore: notAfter - 100 * DAY_MS, notAfter: notAfter - 10 * DAY_MS }
  expect(stageAt(short, short.notBefore, [90])).toBe(null)
})

const validities = fc
  .record({ notBefore: fc.integer({ min: 0, max: 4e12 }), lifetimeMs: fc.integer({ min: 1000, max: 800 * DAY_MS }) })
  .map(({ notBefore, lifetimeMs }) => ({ notBefore, notAfter: notBefore + lifetimeMs }))
const leads = fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 12 })

test('walking from stage to stage meets each lead at most once, in order, and never ends', () => {
  fc.assert(
    fc.property(validities, leads, (validity, leadsDays) => {
      const seen: string[] = []
      let now = validity.notBefore
      for (let step = 0; step < leadsDays.length + 20; step += 1) {
        const at = nextStageAt(validity, leadsDays, now)
        expect(at).toBeGreaterThan(now)
        const stage = currentStage(validity, leadsDays, at)
        expect(stage?.at).toBe(at)
        expect(currentStage(validity, leadsDays, at - 1)?.at).not.toBe(at)
        seen.push(`${stage?.kind} ${stage?.days}`)
        now = at
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.filter((each) => each.startsWith('expiry')).length).toBeLessThanOrEqual(leadsDays.length)
      expect(seen.findLastIndex((each) => each.startsWith('expiry'))).toBeLessThan(
        seen.findIndex((each) => each.startsWith('expired')),
      )
    }),
    { numRuns: 200 },
  )
})
