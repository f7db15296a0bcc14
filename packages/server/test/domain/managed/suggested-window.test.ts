import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RenewalFacts } from '../../../src/domain/certificate/decide-renewal.ts'
import { DEFAULT_RENEWAL_POLICY, windowOpensAt } from '../../../src/domain/certificate/window.ts'
import { planManaged } from '../../../src/domain/managed/decide-managed.ts'
import { askAgainAt, ignoresSuggestionsFrom, momentIn, whenToAsk } from '../../../src/domain/managed/suggested-window.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/domain/time.ts'
import { at } from '../instants.ts'

const NOW = at('2026-03-01')
const issuance = { notBefore: NOW, notAfter: NOW + 90 * DAY_MS }
const opensAt = windowOpensAt(issuance, DEFAULT_RENEWAL_POLICY)
/** Ninety days of a year that is paid for. */
const bought: RenewalFacts = {
  closedAs: null,
  revokedAt: null,
  revocationRequestedAt: null,
  application: { state: 'issued' },
  issuance,
  origin: 'purchased',
  brand: "Let's Encrypt",
  brandSupportsRenewal: true,
  entitledUntil: at('2027-03-01'),
  liveRenewal: null,
}
const lastYear: RenewalFacts = { ...bought, entitledUntil: issuance.notAfter }

const plan = (suggestedAt: number | null, now = NOW, facts = bought) =>
  planManaged(facts, { jitter: 0.5, suggestedAt }, now, DEFAULT_RENEWAL_POLICY)

describe('the moment that was drawn in the window of the CA', () => {
  test('counts within the window, in place of the jitter', () => {
    expect(plan(opensAt + DAY_MS)).toMatchObject({ action: 'reissue', at: opensAt + DAY_MS, isEarly: false })
    expect(plan(null)).toMatchObject({ action: 'reissue', at: opensAt + 5 * DAY_MS })
  })

  test('is not waited for beyond the beginning of the hard band', () => {
    const own = plan(null)
    expect(plan(issuance.notAfter - DAY_MS)?.at).toBe(own?.hardFrom)
  })

  test('is given the beginning of the window when it is a little before it', () => {
    expect(plan(opensAt - 4 * DAY_MS)).toMatchObject({ at: opensAt, isEarly: false })
    expect(plan(opensAt - 5 * DAY_MS)).toMatchObject({ at: opensAt - 5 * DAY_MS, isEarly: true, action: 'reissue' })
  })

  test('long before it, it is a reissue at no charge, also in the last year; a certificate of today is not replaced yet', () => {
    const now = NOW + 10 * DAY_MS
    for (const facts of [bought, lastYear])
      expect(plan(NOW + 8 * DAY_MS, now, facts)).toMatchObject({ action: 'reissue', at: NOW + 8 * DAY_MS, isEarly: true })
    expect(plan(NOW - DAY_MS, NOW)?.at).toBe(NOW + DAY_MS)
  })

  test('that passed unnoticed until the window opened is what is due then', () => {
    expect(plan(NOW + 8 * DAY_MS, opensAt + 1, lastYear)).toMatchObject({ action: 'renew', at: opensAt, isEarly: false })
  })

  test('counts no more in the last twentieth of the lifetime', () => {
    const late = ignoresSuggestionsFrom(issuance)
    expect(late).toBe(issuance.notAfter - 4.5 * DAY_MS)
    expect(plan(opensAt + DAY_MS, late)).toEqual(plan(null, late))
  })

  test('whatever a CA says, it acts before the hard band, buys nothing before the window, and says early what the server would refuse else', () => {
    const day = fc.integer({ min: -400, max: 400 })
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: 85 }), fc.boolean(), (suggestedDay, passed, isLast) => {
        const now = NOW + passed * DAY_MS
        const found = plan(NOW + suggestedDay * DAY_MS, now, isLast ? lastYear : bought)
        expect(found).not.toBeNull()
        if (found === null) return
        expect(found.at).toBeLessThanOrEqual(found.hardFrom)
        if (found.action === 'renew') expect(found.at).toBeGreaterThanOrEqual(opensAt)
        expect(found.isEarly).toBe(found.at < opensAt)
      }),
    )
  })

  test('is uniform over it, and never its end', () => {
    const window = { startsAt: 1000, endsAt: 2000 }
    expect([0, 0.5, 0.999_999].map((draw) => momentIn(window, draw))).toEqual([1000, 1500, 1999])
  })
})

describe('asking the CA', () => {
  test.each([
    [null, 6 * HOUR_MS],
    [0, MINUTE_MS],
    [59, MINUTE_MS],
    [7200, 2 * HOUR_MS],
    [86_400, DAY_MS],
    [86_401, DAY_MS],
  ])('when it says %j seconds', (seconds, wait) => {
    expect(askAgainAt(seconds, NOW)).toBe(NOW + wait)
  })

  test.each<[string, Partial<RenewalFacts>]>([
    ['is not issued', { issuance: null }],
    ['was replaced', { liveRenewal: { renewalId: 'rnw_1', certificateId: null } }],
    ['is applied for anew', { application: { state: 'inReview' } }],
    ['is revoked', { revokedAt: NOW }],
    ['is to be revoked', { revocationRequestedAt: NOW }],
    ['is gone', { closedAs: 'closed' }],
  ])('never about what %s', (_what, change) => {
    expect(whenToAsk({ ...bought, ...change }, null, NOW)).toBeNull()
  })

  test('never about what is expired or nearly; else at once, and then when it said', () => {
    expect(whenToAsk(bought, null, ignoresSuggestionsFrom(issuance))).toBeNull()
    expect(whenToAsk(bought, null, NOW)).toBe(NOW)
    expect(whenToAsk(bought, NOW + 5, NOW)).toBe(NOW + 5)
  })
})
