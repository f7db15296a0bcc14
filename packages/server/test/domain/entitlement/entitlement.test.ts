import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TopUpFacts } from '../../../src/domain/entitlement/entitlement.ts'
import { decideEntitlement, decideValidity } from '../../../src/domain/entitlement/entitlement.ts'
import { capNotAfter } from '../../../src/domain/entitlement/validity-caps.ts'
import { addCalendarYears, DAY_MS } from '../../../src/domain/time.ts'
import { anInstant, at, iso } from '../instants.ts'

function renewal(change: Partial<TopUpFacts> = {}): TopUpFacts {
  return {
    kind: 'renewal',
    oldOrigin: 'purchased',
    sameSpecification: true,
    oldNotAfter: at('2022-06-01'),
    termYears: 1,
    ...change,
  }
}

describe('FD top-up: the examples', () => {
  test.each([
    ['old 2022-06-01, issued 2022-05-25 → 2023-06-01', {}, '2022-05-25', '2023-06-01', 7],
    ['old 2021-05-01, issued 2021-04-25 → 2022-05-01', { oldNotAfter: at('2021-05-01') }, '2021-04-25', '2022-05-01', 6],
    ['specification changed, issued 2022-05-25 → 2023-05-25', { sameSpecification: false }, '2022-05-25', '2023-05-25', 0],
    ['uploaded, issued 2022-05-25 → 2023-05-25', { oldOrigin: 'uploaded' as const }, '2022-05-25', '2023-05-25', 0],
  ])('%s', (_title, change, issuedAt, entitledUntil, days) => {
    const decision = decideEntitlement(renewal(change), at(issuedAt))
    expect(iso(decision.entitledUntil)).toBe(`${entitledUntil}T00:00:00.000Z`)
    expect(decision.toppedUpDays).toBe(days)
    expect(decision.toppedUp).toBe(days > 0)
  })

  test('keeps the time of day of the old notAfter', () => {
    const decision = decideEntitlement(renewal({ oldNotAfter: at('2022-06-01T23:59:59Z') }), at('2022-05-25T08:15:30.250Z'))
    expect(iso(decision.entitledUntil)).toBe('2023-06-01T23:59:59.000Z')
    expect(decision.toppedUpMs).toBe(at('2023-06-01T23:59:59Z') - at('2023-05-25T08:15:30.250Z'))
    expect(decision.toppedUpDays).toBe(8)
  })

  test('29 February → 28 February', () => {
    const decision = decideEntitlement(renewal({ oldNotAfter: at('2024-02-29T12:00:00Z') }), at('2024-02-10'))
    expect(iso(decision.entitledUntil)).toBe('2025-02-28T12:00:00.000Z')
  })

  test('never "issue + 365 + days left": over a leap day that would slip', () => {
    const old = at('2024-03-10')
    const issuedAt = at('2024-02-20')
    const counted = issuedAt + 365 * DAY_MS + (old - issuedAt)
    const decision = decideEntitlement(renewal({ oldNotAfter: old }), issuedAt)
    expect(iso(decision.entitledUntil)).toBe('2025-03-10T00:00:00.000Z')
    const other = decideEntitlement(renewal({ oldNotAfter: at('2023-03-10') }), at('2023-02-20'))
    expect(iso(other.entitledUntil)).toBe('2024-03-10T00:00:00.000Z')
    expect(at('2023-02-20') + 365 * DAY_MS + 18 * DAY_MS).not.toBe(other.entitledUntil)
    expect(iso(counted)).toBe('2025-03-10T00:00:00.000Z')
  })

  test('longer terms are counted from the old end too', () => {
    expect(iso(decideEntitlement(renewal({ termYears: 3 }), at('2022-05-25')).entitledUntil)).toBe('2025-06-01T00:00:00.000Z')
  })
})

describe('FD top-up is granted only if bought here, unchanged, renewed, and issued before the old certificate expires', () => {
  const old = at('2026-12-10T10:00:00Z')

  test.each([
    ['1 ms before expiry', old - 1, true],
    ['at expiry', old, false],
    ['1 ms after expiry', old + 1, false],
  ])('issued %s', (_when, issuedAt, toppedUp) => {
    const decision = decideEntitlement(renewal({ oldNotAfter: old }), issuedAt)
    expect(decision.toppedUp).toBe(toppedUp)
    expect(decision.lost).toEqual(toppedUp ? null : { reason: 'expiredBeforeIssue', days: 0 })
  })

  test.each([
    ['a new purchase', { kind: 'new' as const }, 'notARenewal'],
    ['an upload', { oldOrigin: 'uploaded' as const }, 'uploaded'],
    ['an upload of another specification', { oldOrigin: 'uploaded' as const, sameSpecification: false }, 'uploaded'],
    ['an old certificate of unknown origin', { oldOrigin: null }, 'uploaded'],
    ['another specification', { sameSpecification: false }, 'specificationChanged'],
  ])('FD §3.5 the panel says what is lost: %s', (_what, change, reason) => {
    const issuedAt = at('2026-11-23T10:00:00Z')
    const decision = decideEntitlement(renewal({ oldNotAfter: old, ...change }), issuedAt)
    expect(decision).toEqual({
      entitledUntil: addCalendarYears(issuedAt, 1),
      toppedUp: false,
      toppedUpMs: 0,
      toppedUpDays: 0,
      lost: { reason, days: 17 },
    })
  })

  test('without an old certificate there is nothing to lose', () => {
    const decision = decideEntitlement(renewal({ kind: 'new', oldOrigin: null, oldNotAfter: null }), at('2026-11-23'))
    expect(decision).toMatchObject({ toppedUp: false, lost: null, entitledUntil: at('2027-11-23') })
  })

  test('FD §3.6 uploaded: one year from actual issuance, in a leap year too', () => {
    const facts = renewal({ oldOrigin: 'uploaded', oldNotAfter: at('2028-03-20') })
    expect(iso(decideEntitlement(facts, at('2028-02-29T09:00:00Z')).entitledUntil)).toBe('2029-02-28T09:00:00.000Z')
  })

  test('days are rounded to the nearest: 6 days 23 hours are 7, 11 hours are 0', () => {
    const issuedAt = at('2026-12-03T11:00:00Z')
    expect(decideEntitlement(renewal({ oldNotAfter: old }), issuedAt).toppedUpDays).toBe(7)
    expect(decideEntitlement(renewal({ oldNotAfter: old }), old - 11 * 3_600_000).toppedUpDays).toBe(0)
  })

  test('issued on the evening before the old certificate ends on 29 February: never less than a new purchase', () => {
    const issuedAt = at('2028-02-28T23:00:00Z')
    const decision = decideEntitlement(renewal({ oldNotAfter: at('2028-02-29T01:00:00Z') }), issuedAt)
    expect(iso(decision.entitledUntil)).toBe('2029-02-28T23:00:00.000Z')
    expect(decision).toMatchObject({ toppedUp: true, toppedUpMs: 0, lost: null })
  })
})

const aTopUp = fc.record({
  kind: fc.constantFrom('renewal', 'renewal', 'new'),
  oldOrigin: fc.constantFrom('purchased', 'purchased', 'uploaded', null),
  sameSpecification: fc.boolean(),
  termYears: fc.integer({ min: 1, max: 5 }),
})
const aRemainder = fc.integer({ min: -60 * DAY_MS, max: 60 * DAY_MS })

describe('properties', () => {
  test('the entitlement never ends before issue plus term, and exceeds it by exactly the top-up', () => {
    fc.assert(
      fc.property(aTopUp, anInstant, fc.option(aRemainder, { nil: null }), (facts, issuedAt, remainder) => {
        const oldNotAfter = remainder === null ? null : issuedAt + remainder
        const decision = decideEntitlement({ ...facts, oldNotAfter }, issuedAt)
        expect(decision.entitledUntil).toBeGreaterThan(issuedAt)
        expect(decision.entitledUntil).toBe(addCalendarYears(issuedAt, facts.termYears) + decision.toppedUpMs)
        expect(decision.toppedUpMs).toBeGreaterThanOrEqual(0)
        if (!decision.toppedUp) expect(decision.toppedUpMs).toBe(0)
      }),
    )
  })

  test('granted ⇔ nothing lost, for every renewal of an old certificate', () => {
    fc.assert(
      fc.property(aTopUp, anInstant, aRemainder, (facts, issuedAt, remainder) => {
        const decision = decideEntitlement({ ...facts, oldNotAfter: issuedAt + remainder }, issuedAt)
        expect(decision.lost === null).toBe(decision.toppedUp)
        expect(decision.lost?.days ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('renewing earlier in the window never gives an earlier end, and only loses nothing', () => {
    fc.assert(
      fc.property(anInstant, fc.integer({ min: 1, max: 30 * DAY_MS }), (oldNotAfter, early) => {
        const decision = decideEntitlement(renewal({ oldNotAfter }), oldNotAfter - early)
        expect(decision.entitledUntil).toBeGreaterThanOrEqual(addCalendarYears(oldNotAfter, 1))
        expect(decision.lost).toBeNull()
      }),
    )
  })
})

describe('§3 certificate notAfter = min(entitledUntil, cap)', () => {
  const entitledUntil = at('2027-12-10')

  test('§3 the example: issued 2026-11-23, entitled until 2027-12-10, certificate until 2027-06-10, shortfall 183 days', () => {
    const issuedAt = at('2026-11-23T09:30:00Z')
    const entitled = decideEntitlement(renewal({ oldNotAfter: at('2026-12-10') }), issuedAt).entitledUntil
    expect(iso(entitled)).toBe('2027-12-10T00:00:00.000Z')
    const decision = decideValidity({ entitledUntil: entitled, rule: 'public', notBefore: issuedAt })
    expect(iso(decision.notAfter)).toBe('2027-06-10T09:29:59.000Z')
    expect(decision.shortfallDays).toBe(183)
  })

  test.each(['T00:00:00Z', 'T00:00:01Z', 'T06:00:00Z', 'T12:00:00Z', 'T18:00:00Z', 'T23:59:59Z'])(
    '§3 the shortfall is 183 days at any time of day: issued at %s',
    (time) => {
      const notBefore = at(`2026-11-23${time}`)
      for (const end of ['T00:00:00Z', 'T12:00:00Z', 'T23:59:59Z']) {
        expect(decideValidity({ entitledUntil: at(`2027-12-10${end}`), rule: 'public', notBefore }).shortfallDays).toBe(183)
      }
    },
  )

  test('§3 a private CA: 2027-12-10 at once', () => {
    const notBefore = at('2026-11-23T09:30:00Z')
    expect(decideValidity({ entitledUntil, rule: 'private', notBefore })).toEqual({ notAfter: entitledUntil, shortfallDays: 0 })
  })

  test('what is left at the end is shorter than the cap: no shortfall', () => {
    expect(decideValidity({ entitledUntil, rule: 'public', notBefore: at('2027-11-01') })).toEqual({
      notAfter: entitledUntil,
      shortfallDays: 0,
    })
  })

  test.each([
    ['1 ms below the cap', -1, 0],
    ['at the cap', 0, 0],
    ['a second above it', 1000, 0],
    ['a day and a second above it', DAY_MS + 1000, 1],
  ])('an entitlement that ends %s', (_where, offset, shortfallDays) => {
    const notBefore = at('2026-11-23')
    const cap = capNotAfter('public', notBefore) ?? 0
    expect(decideValidity({ entitledUntil: cap + offset, rule: 'public', notBefore })).toEqual({
      notAfter: Math.min(cap, cap + offset),
      shortfallDays,
    })
  })

  test('never longer than the cap of its date of issue, never beyond what is paid for, shortfall about the difference', () => {
    fc.assert(
      fc.property(
        anInstant,
        fc.integer({ min: 1, max: 800 * DAY_MS }),
        fc.constantFrom('public', 'private'),
        (notBefore, paidMs, rule) => {
          const paidUntil = notBefore + paidMs
          const { notAfter, shortfallDays } = decideValidity({ entitledUntil: paidUntil, rule, notBefore })
          expect(notAfter).toBeGreaterThan(notBefore)
          expect(notAfter).toBeLessThanOrEqual(paidUntil)
          expect(notAfter).toBeLessThanOrEqual(capNotAfter(rule, notBefore) ?? Infinity)
          expect(Math.abs(shortfallDays - (paidUntil - notAfter) / DAY_MS)).toBeLessThan(1.001)
          if (notAfter === paidUntil) expect(shortfallDays).toBe(0)
        },
      ),
    )
  })

  test('free reissues, one at the end of the other, reach the end of the entitlement in every regime', () => {
    fc.assert(
      fc.property(anInstant, (issuedAt) => {
        const until = addCalendarYears(issuedAt, 1)
        let covered = issuedAt
        let certificates = 0
        while (covered < until && certificates < 20) {
          covered = decideValidity({ entitledUntil: until, rule: 'public', notBefore: covered }).notAfter
          certificates += 1
        }
        expect(covered).toBe(until)
        expect(certificates).toBeLessThanOrEqual(8)
      }),
    )
  })
})
