import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RenewalDecision, RenewalFacts } from '../../../src/domain/certificate/decide-renewal.ts'
import { decideRenewal } from '../../../src/domain/certificate/decide-renewal.ts'
import { deriveStatus } from '../../../src/domain/certificate/derive-status.ts'
import { DEFAULT_RENEWAL_POLICY, isInWindow, windowOpensAt } from '../../../src/domain/certificate/window.ts'
import { DAY_MS } from '../../../src/domain/time.ts'
import { aPolicy, at, iso } from '../instants.ts'
import { aFuzzedNow, aRenewalFacts } from './certificate-facts.ts'

const issuance = { notBefore: at('2025-12-10'), notAfter: at('2026-12-10') }
const opens = issuance.notAfter - 30 * DAY_MS
const inWindow = at('2026-11-23')

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
const uploaded: RenewalFacts = {
  ...bought,
  origin: 'uploaded',
  application: null,
  entitledUntil: null,
  brandSupportsRenewal: null,
}

function decide(change: Partial<RenewalFacts>, now: number): RenewalDecision {
  return decideRenewal({ ...bought, ...change }, now, DEFAULT_RENEWAL_POLICY)
}

function codes(decision: RenewalDecision): string[] {
  return decision.reasons.map(({ code }) => code)
}

describe('FD §3.1 what can be renewed: bought here or uploaded, when expiring soon', () => {
  test.each([
    ['bought', bought],
    ['uploaded', uploaded],
    ['uploaded, its product chosen', { ...uploaded, brandSupportsRenewal: true }],
  ])('%s', (_which, facts) => {
    expect(decide(facts, inWindow)).toEqual({
      eligible: true,
      action: 'renew',
      reasons: [],
      opensAt: opens,
      daysUntilOpen: 0,
      reissueOpensAt: null,
    })
  })
})

describe('FD §3.2 at any other time renewal is refused with a typed reason', () => {
  test.each([
    ['1 ms before the window', opens - 1, ['renewalNotYetOpen'], 1],
    ['at its opening', opens, [], 0],
    ['1 ms into it', opens + 1, [], 0],
    ['1 ms before expiry', issuance.notAfter - 1, [], 0],
    ['at expiry', issuance.notAfter, ['certificateExpired'], null],
    ['1 ms after expiry', issuance.notAfter + 1, ['certificateExpired'], null],
    ['half a year early', at('2026-06-10T12:00:00Z'), ['renewalNotYetOpen'], 153],
  ])('%s', (_when, now, expected, daysUntilOpen) => {
    const decision = decide({}, now)
    expect(codes(decision)).toEqual(expected)
    expect(decision.daysUntilOpen).toBe(daysUntilOpen)
    expect(decision.action).toBe(expected.length === 0 ? 'renew' : null)
  })

  test('the refusal says when', () => {
    const [reason] = decide({}, at('2026-11-01')).reasons
    expect(reason).toEqual({
      code: 'renewalNotYetOpen',
      facts: { opensAt: opens, daysUntilOpen: 9, notAfter: issuance.notAfter },
    })
  })

  test('an expired certificate is bought anew: it has no opening any more', () => {
    expect(decide({}, issuance.notAfter)).toMatchObject({ eligible: false, action: null, opensAt: null })
  })
})

describe('FD §3.3 brands: a refusal names the brand', () => {
  test('a brand without renewal', () => {
    const decision = decide({ brand: 'DigiCert', brandSupportsRenewal: false }, inWindow)
    expect(decision.reasons).toEqual([{ code: 'renewalBrandUnsupported', facts: { brand: 'DigiCert' } }])
    expect(decision.action).toBeNull()
  })

  test.each([
    ['its own brand supports renewal', 'GlobalSign', true, []],
    ['its own brand does not', 'RapidSSL', false, [{ code: 'renewalBrandUnsupported', facts: { brand: 'RapidSSL' } }]],
    ['its own brand is not sold here', "Let's Encrypt", null, []],
    ['it tells no brand', '', null, []],
  ])('§3.3 uploaded: %s', (_which, brand, brandSupportsRenewal, reasons) => {
    const decision = decide({ ...uploaded, brand, brandSupportsRenewal }, inWindow)
    expect(decision).toMatchObject({ eligible: reasons.length === 0, action: reasons.length === 0 ? 'renew' : null, reasons })
  })

  test('§3.4 every reason is listed, not the first alone', () => {
    const change = { brandSupportsRenewal: false, liveRenewal: { renewalId: 'r', certificateId: null } }
    expect(codes(decide(change, at('2026-06-01')))).toEqual(['alreadyRenewed', 'renewalNotYetOpen', 'renewalBrandUnsupported'])
  })
})

describe('§2 what is not valid is not renewed', () => {
  test.each([
    ['not issued', { issuance: null, application: { state: 'inReview' as const } }, ['certificateNotIssued'], 'inReview'],
    ['never applied for', { issuance: null, application: null }, ['certificateNotIssued'], 'pendingApplication'],
    ['cancelled', { issuance: null, closedAs: 'cancelled' as const }, ['certificateNotIssued'], 'cancelled'],
    ['refunded after issuance', { closedAs: 'refunded' as const }, ['certificateNotIssued'], 'refunded'],
    ['closed', { closedAs: 'closed' as const }, ['certificateNotIssued'], 'closed'],
  ])('%s', (_what, change, expected, status) => {
    const decision = decide(change, inWindow)
    expect(codes(decision)).toEqual(expected)
    expect(decision.reasons[0]?.facts).toEqual({ status })
    expect(decision).toMatchObject({ action: null, opensAt: null, daysUntilOpen: null })
  })

  test.each([
    ['revoked', { revokedAt: at('2026-11-20') }],
    ['about to be revoked', { revocationRequestedAt: at('2026-11-20') }],
  ])('%s', (_what, change) => {
    const decision = decide(change, inWindow)
    expect(decision.reasons).toEqual([
      { code: 'certificateRevoked', facts: { revokedAt: null, revocationRequestedAt: null, ...change } },
    ])
    expect(decision).toMatchObject({ action: null, opensAt: null, reissueOpensAt: null })
  })
})

describe('FD §3.7 at most one live renewal for each old certificate', () => {
  test.each([null, 'new-certificate'])('new certificate: %s', (certificateId) => {
    const decision = decide({ liveRenewal: { renewalId: 'renewal-1', certificateId } }, inWindow)
    expect(decision.reasons).toEqual([{ code: 'alreadyRenewed', facts: { renewalId: 'renewal-1', certificateId } }])
    expect(decision.action).toBeNull()
  })

  test.each([
    ['expired', {}, issuance.notAfter, 'certificateExpired'],
    ['revoked', { revokedAt: at('2026-11-20') }, inWindow, 'certificateRevoked'],
  ] as const)(
    '§3.4 the reason that helps comes first: its renewal, unless that is not paid and cannot be any more: %s',
    (_what, change, now, code) => {
      const codesOf = (certificateId: string | null) =>
        codes(decide({ ...change, liveRenewal: { renewalId: 'r', certificateId } }, now))
      expect(codesOf('new-certificate')).toEqual(['alreadyRenewed', code])
      expect(codesOf(null)).toEqual([code, 'alreadyRenewed'])
    },
  )

  test('§2 a cancelled renewal is not live: the old certificate is renewable again', () => {
    expect(decide({ liveRenewal: null }, inWindow).eligible).toBe(true)
  })
})

describe('§3 top-up: while the entitlement goes on the action is reissue, at its end renew', () => {
  // The example of the document: entitled until 2027-12-10, the certificate stops at 2027-06-10.
  const long = {
    issuance: { notBefore: at('2026-11-23T12:00:00Z'), notAfter: at('2027-06-10T11:59:59Z') },
    entitledUntil: at('2027-12-10'),
  }
  const certificateOpens = at('2027-05-11T11:59:59Z')
  const entitlementOpens = at('2027-11-10')

  test.each([
    ['fresh', at('2026-11-24'), ['entitlementContinues', 'renewalNotYetOpen'], null],
    ['1 ms before the window of the certificate', certificateOpens - 1, ['entitlementContinues', 'renewalNotYetOpen'], null],
    ['at its opening', certificateOpens, ['entitlementContinues'], 'reissue'],
    ['1 ms before its expiry', long.issuance.notAfter - 1, ['entitlementContinues'], 'reissue'],
    ['expired, with time paid for left', long.issuance.notAfter, ['certificateExpired', 'entitlementContinues'], 'reissue'],
    ['the entitlement about to end', entitlementOpens, ['certificateExpired'], 'reissue'],
    ['the entitlement over', long.entitledUntil, ['certificateExpired'], null],
  ])('%s', (_when, now, expected, action) => {
    const decision = decide(long, now)
    expect(codes(decision)).toEqual(expected)
    expect(decision.action).toBe(action)
    expect(decision.eligible).toBe(false)
  })

  test('it says when the reissue is due and when renewing opens', () => {
    const decision = decide(long, at('2027-01-01'))
    expect(iso(decision.reissueOpensAt ?? 0)).toBe(iso(certificateOpens))
    expect(iso(decision.opensAt ?? 0)).toBe(iso(entitlementOpens))
    expect(decision.daysUntilOpen).toBe(313)
    expect(decision.reasons[0]).toEqual({
      code: 'entitlementContinues',
      facts: {
        entitledUntil: long.entitledUntil,
        notAfter: long.issuance.notAfter,
        opensAt: entitlementOpens,
        reissueOpensAt: certificateOpens,
      },
    })
  })

  test.each([
    ['1 ms before the window of the entitlement', at('2026-11-10') - 1, 'reissue', ['entitlementContinues']],
    ['at its opening', at('2026-11-10'), 'renew', []],
    ['1 ms into it', at('2026-11-10') + 1, 'renew', []],
  ])('the entitlement ends inside the window of a certificate that stops short: %s', (_when, now, action, expected) => {
    const short = { issuance: { notBefore: at('2026-10-05'), notAfter: at('2026-11-20') }, entitledUntil: at('2026-12-10') }
    const decision = decide(short, now)
    expect(decision.action).toBe(action)
    expect(codes(decision)).toEqual(expected)
  })

  test.each([
    ['the same instant', 0, 'renew'],
    ['a second, by rounding', 1000, 'renew'],
    ['a day, by rounding', DAY_MS, 'renew'],
    ['a day and 1 ms: the entitlement has a window of its own, not open yet', DAY_MS + 1, 'reissue'],
  ])('a certificate may stop short of the entitlement by up to a day: %s', (_title, excessMs, action) => {
    expect(decide({ entitledUntil: issuance.notAfter + excessMs }, opens).action).toBe(action)
  })

  test('what is being renewed is not reissued beside it', () => {
    const decision = decide({ ...long, liveRenewal: { renewalId: 'r', certificateId: 'c' } }, certificateOpens)
    expect(codes(decision)).toEqual(['alreadyRenewed', 'entitlementContinues'])
    expect(decision).toMatchObject({ action: null, reissueOpensAt: null })
  })

  test('47-day certificates: reissued all the year, renewed at its end', () => {
    const entitledUntil = at('2030-12-10')
    const life = (from: string): Partial<RenewalFacts> => {
      const notBefore = at(from)
      return { issuance: { notBefore, notAfter: Math.min(entitledUntil, notBefore + 46 * DAY_MS - 1000) }, entitledUntil }
    }
    expect(decide(life('2030-03-01'), at('2030-03-20')).action).toBeNull()
    expect(decide(life('2030-03-01'), at('2030-04-10')).action).toBe('reissue')
    expect(decide(life('2030-11-04'), at('2030-11-20')).action).toBeNull()
    expect(decide(life('2030-11-04'), at('2030-12-01')).action).toBe('renew')
  })

  test('an upload has no entitlement and is never reissued', () => {
    expect(decide({ ...uploaded }, at('2026-06-01'))).toMatchObject({ action: null, reissueOpensAt: null })
  })
})

describe('properties', () => {
  const anyCase = [aRenewalFacts, aFuzzedNow, aPolicy] as const

  test('eligible ⇔ no reasons ⇔ the action is renew', () => {
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const decision = decideRenewal(facts, clock(facts), policy)
        expect(decision.eligible).toBe(decision.reasons.length === 0)
        expect(decision.eligible).toBe(decision.action === 'renew')
      }),
      { numRuns: 500 },
    )
  })

  test('FD §3.1 only what is expiringSoon is eligible, and it is unless the brand, a renewal or the entitlement forbids', () => {
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const now = clock(facts)
        const decision = decideRenewal(facts, now, policy)
        const isExpiring = deriveStatus(facts, now, policy) === 'expiringSoon'
        const forbidden = ['alreadyRenewed', 'entitlementContinues', 'renewalBrandUnsupported']
        expect(decision.eligible).toBe(isExpiring && !codes(decision).some((code) => forbidden.includes(code)))
      }),
      { numRuns: 500 },
    )
  })

  test('reasons come once each and always in the same order', () => {
    const order = [
      'certificateNotIssued',
      'certificateExpired',
      'certificateRevoked',
      'alreadyRenewed',
      'entitlementContinues',
      'renewalNotYetOpen',
      'renewalBrandUnsupported',
    ]
    const orderOfRenewed = [...new Set(['certificateNotIssued', 'alreadyRenewed', ...order])]
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const found = codes(decideRenewal(facts, clock(facts), policy))
        const isPaid = (facts.liveRenewal?.certificateId ?? null) !== null
        expect(found).toEqual((isPaid ? orderOfRenewed : order).filter((code) => found.includes(code)))
      }),
    )
  })

  test('a reissue lies within the period paid for, is not before the window, and leaves nothing to renew', () => {
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const now = clock(facts)
        const { action, reissueOpensAt } = decideRenewal(facts, now, policy)
        if (action !== 'reissue') return
        expect(facts.issuance).not.toBeNull()
        expect(facts.entitledUntil ?? 0).toBeGreaterThan(now)
        expect(reissueOpensAt ?? Infinity).toBeLessThanOrEqual(now)
      }),
      { numRuns: 500 },
    )
  })

  test('whoever waits until opensAt is not refused for being early, and never earlier than the window', () => {
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const now = clock(facts)
        const { opensAt, daysUntilOpen } = decideRenewal(facts, now, policy)
        if (opensAt === null || facts.issuance === null) return
        expect(opensAt).toBeGreaterThanOrEqual(windowOpensAt(facts.issuance, policy))
        expect(daysUntilOpen === 0).toBe(now >= opensAt)
        const then = codes(decideRenewal(facts, opensAt, policy))
        expect(then).not.toContain('renewalNotYetOpen')
        expect(then).not.toContain('entitlementContinues')
      }),
      { numRuns: 500 },
    )
  })

  test('a certificate that expires is never left without an action or a reason', () => {
    fc.assert(
      fc.property(...anyCase, (facts, clock, policy) => {
        const now = clock(facts)
        const { action, reasons } = decideRenewal(facts, now, policy)
        if (facts.issuance === null || !isInWindow(facts.issuance, now, policy)) return
        expect(action !== null || reasons.length > 0).toBe(true)
      }),
    )
  })
})
