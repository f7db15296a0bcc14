import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decideCancel,
  decideDeletion,
  decideRefund,
  decideRevocation,
  REFUND_PERIOD_MS,
  refundableUntil,
  type EndingDecision,
  type EndingFacts,
} from '../../../src/domain/certificate/decide-ending.ts'
import { CERTIFICATE_STATUSES, type CertificateStatus } from '../../../src/domain/certificate/derive-status.ts'
import { DAY_MS } from '../../../src/domain/time.ts'

const PAID = Date.UTC(2026, 10, 23, 8)
const LAST = PAID + 7 * DAY_MS

const facts = (status: CertificateStatus, wish: Partial<EndingFacts> = {}): EndingFacts => ({
  status,
  origin: 'purchased',
  managed: false,
  certificateType: 'DV',
  paidAt: PAID,
  priceMinor: 10_000,
  refunded: false,
  isBeingIssued: false,
  revocationConfirmedAt: null,
  renewedByCertificateId: null,
  ...wish,
})

/** `yes`, `again` for what is done already, or the refusal with what is possible instead. */
function short(decision: EndingDecision): string {
  if (decision.allowed) return decision.done ? 'again' : 'yes'
  return [decision.code, ...decision.possible].join(' ')
}

const UPLOADED = { origin: 'uploaded', certificateType: null, paidAt: null, priceMinor: null } as const

test('DOMAIN §5: the money comes back for 7 times 24 hours, the last millisecond included', () => {
  expect(REFUND_PERIOD_MS).toBe(7 * 86_400_000)
  expect(refundableUntil(facts('issued'))).toBe(LAST)
  expect(refundableUntil(facts('issued', UPLOADED))).toBeNull()
  for (const [now, cancel, refund] of [
    [PAID, 'yes', 'yes'],
    [LAST, 'yes', 'yes'],
    [LAST + 1, 'refundPeriodOver cancelWithoutRefund', 'refundPeriodOver cancelWithoutRefund'],
  ] as const) {
    expect(short(decideCancel(facts('inReview'), { now, withoutRefund: false }))).toBe(cancel)
    expect(short(decideRefund(facts('inReview'), now))).toBe(refund)
  }
})

describe('by status, within the period', () => {
  test.each<[CertificateStatus, string, string, string, string]>([
    ['pendingApplication', 'yes', 'yes', 'notRevocable cancel', 'notDeletable cancel'],
    ['pendingValidation', 'yes', 'yes', 'notRevocable cancel', 'notDeletable cancel'],
    ['inReview', 'yes', 'yes', 'notRevocable cancel', 'notDeletable cancel'],
    ['reviewFailed', 'yes', 'yes', 'notRevocable delete', 'yes'],
    ['issued', 'alreadyIssued revoke', 'refundNeedsRevocation revoke', 'yes', 'notDeletable revoke'],
    ['expiringSoon', 'alreadyIssued revoke', 'refundNeedsRevocation revoke', 'yes', 'notDeletable revoke'],
    ['expired', 'alreadyIssued delete', 'refundNeedsRevocation delete', 'notRevocable delete', 'yes'],
    ['revocationPending', 'alreadyIssued wait', 'refundNeedsRevocation wait', 'again', 'notDeletable wait'],
    ['revoked', 'alreadyIssued delete', 'refundPeriodOver delete', 'again', 'yes'],
    ['cancelled', 'again', 'alreadyEnded', 'notRevocable', 'again'],
    ['refunded', 'alreadyEnded', 'again', 'notRevocable', 'alreadyEnded'],
    ['closed', 'alreadyEnded', 'alreadyEnded', 'notRevocable', 'again'],
  ])('%s', (status, cancel, refund, revoke, deletion) => {
    const some = facts(status)
    expect([
      short(decideCancel(some, { now: PAID, withoutRefund: false })),
      short(decideRefund(some, PAID)),
      short(decideRevocation(some)),
      short(decideDeletion(some, { now: PAID, withoutRefund: false })),
    ]).toEqual([cancel, refund, revoke, deletion])
  })
})

test('a revoked certificate is refunded by when its revocation was confirmed, whenever the money is asked for', () => {
  const revokedAt = (revocationConfirmedAt: number) => facts('revoked', { revocationConfirmedAt })
  expect(short(decideRefund(revokedAt(LAST), LAST + 400 * DAY_MS))).toBe('yes')
  expect(short(decideRefund(revokedAt(LAST + 1), LAST))).toBe('refundPeriodOver delete')
  const renewed = facts('revoked', { revocationConfirmedAt: PAID, renewedByCertificateId: 'crt_new' })
  expect(short(decideRefund(renewed, PAID))).toBe('alreadyRenewed delete')
})

test('who says that the money may be lost cancels later, and gets it back while it is time', () => {
  const wish = (now: number) => ({ now, withoutRefund: true })
  expect(decideCancel(facts('pendingApplication'), wish(LAST))).toMatchObject({ allowed: true, refund: true })
  expect(decideCancel(facts('pendingApplication'), wish(LAST + 1))).toMatchObject({ allowed: true, refund: false })
  expect(short(decideCancel(facts('issued'), wish(LAST + 1)))).toBe('alreadyIssued revoke')
})

test('what was refused is deleted as it would be cancelled, and says how to delete it when the money is not given back', () => {
  const wish = (now: number, withoutRefund = false) => ({ now, withoutRefund })
  expect(decideDeletion(facts('reviewFailed'), wish(LAST))).toMatchObject({ allowed: true, as: 'cancelled', refund: true })
  expect(short(decideDeletion(facts('reviewFailed'), wish(LAST + 1)))).toBe('refundPeriodOver deleteWithoutRefund')
  expect(decideDeletion(facts('reviewFailed'), wish(LAST + 1, true))).toMatchObject({ as: 'cancelled', refund: false })
  expect(decideDeletion(facts('expired'), wish(PAID))).toMatchObject({ allowed: true, as: 'closed' })
})

test('what was revoked in time for a refund is not deleted without it unless that is said, and what was free is', () => {
  const wish = (withoutRefund: boolean) => ({ now: LAST + DAY_MS, withoutRefund })
  const revoked = facts('revoked', { revocationConfirmedAt: LAST })
  expect(short(decideDeletion(revoked, wish(false)))).toBe('refundAvailable refund deleteWithoutRefund')
  expect(decideDeletion(revoked, wish(true))).toMatchObject({ allowed: true, as: 'closed', givesUpMoney: true })
  expect(short(decideCancel(revoked, wish(false)))).toBe('alreadyIssued refund deleteWithoutRefund')
  const others = [{ revocationConfirmedAt: LAST + 1 }, { priceMinor: 0 }, { renewedByCertificateId: 'crt_new' }]
  for (const other of others)
    expect(decideDeletion({ ...revoked, ...other }, wish(false))).toMatchObject({ as: 'closed', givesUpMoney: false })
})

test('an upload is deleted in every status, and nothing else', () => {
  for (const status of ['issued', 'expiringSoon', 'expired'] as const) {
    const upload = facts(status, UPLOADED)
    expect(short(decideDeletion(upload, { now: PAID, withoutRefund: false }))).toBe('yes')
    expect(short(decideRevocation(upload))).toBe('notPurchased delete')
    expect(short(decideRefund(upload, PAID))).toBe('notPurchased delete')
    expect(short(decideCancel(upload, { now: PAID, withoutRefund: true }))).toBe('notPurchased delete')
  }
})

test('a managed certificate is not revoked, and OV and EV await the contact', () => {
  const managed = facts('issued', { managed: true })
  expect(short(decideRevocation(managed))).toBe('managedCertificate stopManaging')
  expect(short(decideRefund(managed, PAID))).toBe('refundNeedsRevocation stopManaging')
  expect(short(decideDeletion(managed, { now: PAID, withoutRefund: false }))).toBe('notDeletable stopManaging')
  const awaits = (certificateType: EndingFacts['certificateType']) => decideRevocation(facts('issued', { certificateType }))
  expect(awaits('DV')).toMatchObject({ allowed: true, awaitsContact: false })
  expect(awaits('OV')).toMatchObject({ allowed: true, awaitsContact: true })
  expect(awaits('EV')).toMatchObject({ allowed: true, awaitsContact: true })
})

const someFacts: fc.Arbitrary<EndingFacts> = fc.record({
  status: fc.constantFrom(...CERTIFICATE_STATUSES),
  origin: fc.constantFrom('purchased', 'uploaded'),
  managed: fc.boolean(),
  certificateType: fc.constantFrom('DV', 'OV', 'EV', null),
  paidAt: fc.option(fc.constant(PAID), { nil: null }),
  priceMinor: fc.option(fc.constantFrom(0, 10_000), { nil: null }),
  refunded: fc.boolean(),
  isBeingIssued: fc.boolean(),
  revocationConfirmedAt: fc.option(fc.integer({ min: PAID, max: LAST + DAY_MS }), { nil: null }),
  renewedByCertificateId: fc.option(fc.constant('crt_new'), { nil: null }),
})

test('while the CA may have signed, nothing ends: what it signed must be found', () => {
  fc.assert(
    fc.property(someFacts, fc.boolean(), (some, withoutRefund) => {
      const signing = { ...some, isBeingIssued: true }
      for (const decision of [
        decideCancel(signing, { now: PAID, withoutRefund }),
        decideRevocation(signing),
        decideDeletion(signing, { now: PAID, withoutRefund: false }),
        some.status === 'revoked' ? null : decideRefund(signing, PAID),
      ])
        expect(decision?.allowed === true && !decision.done).toBe(false)
    }),
  )
})

test('money comes back only for what was bought, in its time, and unissued or revoked', () => {
  fc.assert(
    fc.property(someFacts, fc.integer({ min: PAID, max: LAST + 2 * DAY_MS }), fc.boolean(), (some, now, withoutRefund) => {
      const refund = decideRefund(some, now)
      const cancel = decideCancel(some, { now, withoutRefund })
      const pays = (refund.allowed && !refund.done) || (cancel.allowed && !cancel.done && cancel.refund)
      if (!pays) return
      expect(some).toMatchObject({ origin: 'purchased', paidAt: PAID })
      if (some.status === 'revoked') expect(some.revocationConfirmedAt).toBeLessThanOrEqual(LAST)
      else
        expect([
          ['pendingApplication', 'pendingValidation', 'inReview', 'reviewFailed'].includes(some.status),
          now <= LAST,
        ]).toEqual([true, true])
    }),
  )
})
