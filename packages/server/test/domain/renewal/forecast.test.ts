import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RENEWAL_POLICY, windowOpensAt } from '../../../src/domain/certificate/window.ts'
import { capNotAfter } from '../../../src/domain/entitlement/validity-caps.ts'
import { forecastRenewals, rulesWithin, type Cohort } from '../../../src/domain/renewal/forecast.ts'
import { DAY_MS, utcDayNumber } from '../../../src/domain/time.ts'
import { at, iso } from '../instants.ts'

const NOW = at('2026-11-29T10:00:00Z')
const policy = DEFAULT_RENEWAL_POLICY

function cohort(issuedOn: string, lifetimeDays: number, count = 1): Cohort {
  const validity = { notBefore: at(issuedOn), notAfter: at(issuedOn) + lifetimeDays * DAY_MS - 1000 }
  return {
    opensOn: utcDayNumber(windowOpensAt(validity, policy)),
    expiresOn: utcDayNumber(validity.notAfter),
    lifetimeDays,
    count,
  }
}

const dueOf = (cohorts: readonly Cohort[], months: number): Record<string, number> =>
  Object.fromEntries(
    forecastRenewals(cohorts, { now: NOW, months, policy })
      .filter(({ renewals }) => renewals > 0)
      .map(({ month, renewals }) => [month, renewals]),
  )

describe('the forecast of renewals', () => {
  test('199 days, then 99 from March 2027, then 46 from March 2029', () => {
    // 2026-09-01 + 199 days = 2027-03-19, open from 02-17: 199 days again, until 2027-09-04, open from 08-05; from then on 99 days.
    const months = dueOf([cohort('2026-09-01', 199, 10)], 36)
    expect(Object.keys(months).slice(0, 4)).toEqual(['2027-02', '2027-08', '2027-10', '2027-12'])
    expect(months['2027-02']).toBe(10)
    // 46 days are renewed after 31: at least once in each month.
    const late = Object.entries(months).filter(([month]) => month >= '2029-06')
    expect(late.every(([, renewals]) => renewals >= 10)).toBe(true)
    expect(late).toHaveLength(5)
  })

  test('what is open already is due today; a private CA goes on as it is; short lives stay short', () => {
    expect(dueOf([cohort('2026-06-01', 199)], 1)).toEqual({ '2026-11': 1 })
    expect(dueOf([cohort('2026-06-01', 365)], 24)).toEqual({ '2027-05': 1, '2028-03': 1 })
    expect(dueOf([cohort('2026-11-01', 90)], 6)['2027-02']).toBe(1) // 90 days, not 199
  })

  test('names the rules of the period, the present one first', () => {
    expect(rulesWithin({ now: NOW, months: 36 }).map(({ validityMustDays }) => validityMustDays)).toEqual([200, 100, 47])
    expect(rulesWithin({ now: NOW, months: 3 }).map(({ validityMustDays }) => validityMustDays)).toEqual([200])
    expect(rulesWithin({ now: at('2025-01-01'), months: 12 }).map(({ from }) => from)).toEqual([Number.NEGATIVE_INFINITY])
  })

  test('counts as a certificate after the other would be counted', () => {
    const aCohort = fc
      .record({ ageDays: fc.nat(150), lifetimeDays: fc.integer({ min: 3, max: 199 }), count: fc.integer({ min: 1, max: 5 }) })
      .filter(({ ageDays, lifetimeDays }) => ageDays < lifetimeDays)
      .map(({ ageDays, lifetimeDays, count }) => cohort(iso(NOW - ageDays * DAY_MS).slice(0, 10), lifetimeDays, count))
    fc.assert(
      fc.property(fc.array(aCohort, { maxLength: 6 }), (cohorts) => {
        const months = forecastRenewals(cohorts, { now: NOW, months: 30, policy })
        const expected = new Map(months.map(({ month }) => [month, 0]))
        for (const each of cohorts) for (let one = 0; one < each.count; one += 1) walk(each, expected)
        expect(Object.fromEntries(months.map(({ month, renewals }) => [month, renewals]))).toEqual(Object.fromEntries(expected))
        const sumOf = (column: 'renewals' | 'underRulesOfToday') => months.reduce((sum, month) => sum + month[column], 0)
        expect(sumOf('renewals')).toBeGreaterThanOrEqual(sumOf('underRulesOfToday'))
      }),
      { numRuns: 60 },
    )
  })

  test('a million certificates that expire on each day of a year cost what their days cost', () => {
    const many = Array.from({ length: 400 }, (_, day) => ({
      opensOn: utcDayNumber(NOW) + day - 30,
      expiresOn: utcDayNumber(NOW) + day,
      lifetimeDays: 199,
      count: 2500,
    }))
    const [first, ...others] = forecastRenewals(many, { now: NOW, months: 60, policy })
    expect(first?.renewals).toBeGreaterThan(31 * 2500)
    expect(others).toHaveLength(59)
  })
})

/** One certificate, renewed whenever its window opens. */
function walk({ opensOn, lifetimeDays }: Cohort, counts: Map<string, number>): void {
  let day = Math.max(opensOn, utcDayNumber(NOW))
  let lifetime = lifetimeDays
  for (;;) {
    const month = iso(day * DAY_MS).slice(0, 7)
    const before = counts.get(month)
    if (before === undefined) return
    counts.set(month, before + 1)
    const notBefore = day * DAY_MS
    const notAfter = Math.min(notBefore + lifetime * DAY_MS - 1000, capNotAfter('public', notBefore) ?? Number.POSITIVE_INFINITY)
    lifetime = (notAfter - notBefore + 1000) / DAY_MS
    day = Math.max(day + 1, utcDayNumber(windowOpensAt({ notBefore, notAfter }, policy)))
  }
}
