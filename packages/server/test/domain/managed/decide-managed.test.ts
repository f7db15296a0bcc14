import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideRenewal, type RenewalFacts } from '../../../src/domain/certificate/decide-renewal.ts'
import { DEFAULT_RENEWAL_POLICY, windowOpensAt } from '../../../src/domain/certificate/window.ts'
import { findManageObstacles, planManaged, retryManagedAt } from '../../../src/domain/managed/decide-managed.ts'
import { DAY_MS, HOUR_MS } from '../../../src/domain/time.ts'
import { aFuzzedNow, aRenewalFacts } from '../certificate/certificate-facts.ts'
import { at } from '../instants.ts'

const issuance = { notBefore: at('2026-01-10'), notAfter: at('2026-07-28') }
const bought: RenewalFacts = {
  closedAs: null,
  revokedAt: null,
  revocationRequestedAt: null,
  application: { state: 'issued' },
  issuance,
  origin: 'purchased',
  brand: 'GlobalSign',
  brandSupportsRenewal: true,
  entitledUntil: issuance.notAfter,
  liveRenewal: null,
}
const opens = issuance.notAfter - 30 * DAY_MS
const NOW = at('2026-03-01')

const plan = (change: Partial<RenewalFacts> = {}, jitter = 0, now = NOW) =>
  planManaged({ ...bought, ...change }, { jitter, suggestedAt: null }, now, DEFAULT_RENEWAL_POLICY)

describe('what a managed certificate does, and when', () => {
  test('the paid period ends with the certificate: it renews when the window opens', () => {
    expect(plan()).toEqual({ action: 'renew', at: opens, hardFrom: issuance.notAfter - 10 * DAY_MS, isEarly: false })
  })

  test('jitter spreads renewals over the first third of the window', () => {
    expect(plan({}, 0.5)?.at).toBe(opens + 5 * DAY_MS)
    expect(plan({}, 0.999)?.at).toBeLessThan(opens + 10 * DAY_MS)
  })

  test('half of the paid period is left: it reissues at no charge', () => {
    expect(plan({ entitledUntil: at('2027-01-10') })).toMatchObject({ action: 'reissue', at: opens })
  })

  test('the paid period goes on for some days only, and can be renewed in time: it renews, for a reissue would last those days', () => {
    const entitledUntil = issuance.notAfter + 10 * DAY_MS
    expect(plan({ entitledUntil })).toMatchObject({ action: 'renew', at: opens + 10 * DAY_MS })
  })

  test('the paid period could be renewed only when the time is short: it reissues first', () => {
    expect(plan({ entitledUntil: issuance.notAfter + 25 * DAY_MS })).toMatchObject({ action: 'reissue', at: opens })
  })

  test('an application that the CA refused is sent again, as planned', () => {
    expect(plan({ application: { state: 'reviewFailed' } })).toEqual(plan())
  })

  test('a 47-day certificate acts in its last third', () => {
    const short = { notBefore: NOW, notAfter: NOW + 47 * DAY_MS }
    const found = plan({ issuance: short, entitledUntil: at('2027-01-10') })
    expect(found).toMatchObject({ action: 'reissue', at: windowOpensAt(short, DEFAULT_RENEWAL_POLICY) })
  })

  test('expired with time paid for left: it reissues at once', () => {
    const late = issuance.notAfter + DAY_MS
    expect(plan({ entitledUntil: at('2027-01-10') }, 0, late)?.at).toBeLessThan(late)
  })

  test.each<[string, Partial<RenewalFacts>]>([
    ['renewed already', { liveRenewal: { renewalId: 'rnw_1', certificateId: 'crt_2' } }],
    ['revoked', { revokedAt: NOW }],
    ['about to be revoked', { revocationRequestedAt: NOW }],
    ['closed', { closedAs: 'closed' }],
    ['not issued', { issuance: null, application: null }],
    ['in the middle of a reissue', { application: { state: 'inReview' } }],
    ['of a brand that does not support renewal', { brandSupportsRenewal: false }],
  ])('%s: nothing', (_which, change) => {
    expect(plan(change)).toBeNull()
  })

  test('a brand that does not support renewal still reissues what is paid for', () => {
    expect(plan({ brandSupportsRenewal: false, entitledUntil: at('2027-01-10') })).toMatchObject({ action: 'reissue' })
    // Its own end lies within the last days of the period: to be renewed, if its brand were; a reissue is what is left of it.
    const last = { issuance: { notBefore: at('2026-11-01'), notAfter: at('2026-12-18') }, entitledUntil: at('2027-01-01') }
    expect(plan({ ...last, brandSupportsRenewal: false })).toMatchObject({ action: 'reissue' })
    expect(plan(last)).toMatchObject({ action: 'renew' })
  })
})

const aJitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('at the planned instant the server allows exactly the planned action', () => {
  fc.assert(
    fc.property(aRenewalFacts, aJitter, aFuzzedNow, (facts, jitter, nowOf) => {
      const now = nowOf(facts)
      const found = planManaged(facts, { jitter, suggestedAt: null }, now, DEFAULT_RENEWAL_POLICY)
      if (found === null || facts.issuance === null) return
      expect(decideRenewal(facts, Math.max(found.at, now), DEFAULT_RENEWAL_POLICY).action).toBe(found.action)
      expect(found.at).toBeGreaterThanOrEqual(windowOpensAt(facts.issuance, DEFAULT_RENEWAL_POLICY))
      expect(found.hardFrom).toBeLessThanOrEqual(facts.issuance.notAfter)
    }),
    { numRuns: 2000 },
  )
})

test('asking later gives the same plan, as long as nothing was done', () => {
  fc.assert(
    fc.property(aJitter, fc.integer({ min: 0, max: 198 }), fc.integer({ min: 0, max: 400 }), (jitter, days, paidDays) => {
      const entitledUntil = issuance.notAfter + paidDays * DAY_MS
      const early = plan({ entitledUntil }, jitter, issuance.notBefore)
      const now = Math.min(issuance.notBefore + days * DAY_MS, (early?.at ?? 0) - 1)
      expect(plan({ entitledUntil }, jitter, now)).toEqual(early)
    }),
  )
})

describe('a failed step is tried again', () => {
  const hardFrom = NOW + 100 * DAY_MS
  test.each([
    [1, 1],
    [2, 4],
    [3, 12],
    [4, 24],
    [50, 24],
  ])('after failure %i in %i hours', (failures, hours) => {
    expect(retryManagedAt(failures, hardFrom, NOW)).toBe(NOW + hours * HOUR_MS)
  })

  test('hourly once the time is short, and never beyond that moment before it', () => {
    expect(retryManagedAt(9, hardFrom, hardFrom)).toBe(hardFrom + HOUR_MS)
    expect(retryManagedAt(9, hardFrom, hardFrom - 5 * HOUR_MS)).toBe(hardFrom)
    expect(retryManagedAt(9, hardFrom, hardFrom - 60_000)).toBe(hardFrom - 60_000 + HOUR_MS)
  })
})

describe('what keeps a certificate from being managed', () => {
  const good = {
    renewal: bought,
    isReissued: false,
    status: 'issued',
    lastForm: { validationMethod: 'file' },
    hasForeignKey: false,
  } as const

  test('nothing, for one that is bought here, issued, and whose form can be sent again', () => {
    expect(findManageObstacles(good)).toEqual([])
    expect(findManageObstacles({ ...good, lastForm: null })).toEqual([])
  })

  test.each([
    [{ renewal: { ...bought, origin: 'uploaded' } }, ['uploaded']],
    [{ renewal: { ...bought, issuance: null }, status: 'other' }, ['notIssued']],
    [{ status: 'other' }, ['ended']],
    [{ renewal: { ...bought, brandSupportsRenewal: false } }, ['brandUnsupported']],
    [{ renewal: { ...bought, brandSupportsRenewal: false }, isReissued: true }, []],
    [{ hasForeignKey: true }, ['csrOfYours']],
    [{ lastForm: { validationMethod: 'dnsManual' }, hasForeignKey: true }, ['csrOfYours', 'dnsByHand']],
  ] as const)('%j', (change, obstacles) => {
    expect(findManageObstacles({ ...good, ...change })).toEqual(obstacles)
  })
})
