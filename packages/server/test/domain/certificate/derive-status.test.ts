import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applicationMachine } from '../../../src/domain/application/application-machine.ts'
import type { StatusFacts } from '../../../src/domain/certificate/derive-status.ts'
import { CERTIFICATE_STATUSES, deriveStatus } from '../../../src/domain/certificate/derive-status.ts'
import { DEFAULT_RENEWAL_POLICY } from '../../../src/domain/certificate/window.ts'
import { DAY_MS } from '../../../src/domain/time.ts'
import { at } from '../instants.ts'
import { aFuzzedNow, aStatusFacts } from './certificate-facts.ts'

const issuance = { notBefore: at('2025-12-10'), notAfter: at('2026-12-10') }
const opens = issuance.notAfter - 30 * DAY_MS
const summer = at('2026-07-01')

const bought: StatusFacts = { closedAs: null, revokedAt: null, revocationRequestedAt: null, application: null, issuance: null }
const issued: StatusFacts = { ...bought, application: { state: 'issued' }, issuance }

function status(facts: Partial<StatusFacts>, now: number): string {
  return deriveStatus({ ...bought, ...facts }, now, DEFAULT_RENEWAL_POLICY)
}

describe('§2 before issuance the application decides', () => {
  test.each([
    ['bought, no application yet', null, 'pendingApplication'],
    ['form saved', 'pendingValidation', 'pendingValidation'],
    ['with the CA', 'inReview', 'inReview'],
    ['refused by the CA', 'reviewFailed', 'reviewFailed'],
    ['withdrawn', 'withdrawn', 'pendingApplication'],
    ['issued by the CA, not recorded here yet', 'issued', 'inReview'],
  ] as const)('%s', (_when, state, expected) => {
    expect(status({ application: state === null ? null : { state } }, summer)).toBe(expected)
  })
})

describe('FD §2 expiringSoon and expired are derived from the clock, never stored', () => {
  test.each([
    ['before notBefore', issuance.notBefore - 1, 'issued'],
    ['fresh', issuance.notBefore, 'issued'],
    ['1 ms before the window', opens - 1, 'issued'],
    ['at the opening of the window', opens, 'expiringSoon'],
    ['1 ms into the window', opens + 1, 'expiringSoon'],
    ['1 ms before notAfter', issuance.notAfter - 1, 'expiringSoon'],
    ['at notAfter', issuance.notAfter, 'expired'],
    ['1 ms past notAfter', issuance.notAfter + 1, 'expired'],
  ])('%s', (_when, now, expected) => {
    expect(status(issued, now)).toBe(expected)
  })

  test('uploaded: no application, the same statuses', () => {
    expect(status({ issuance }, summer)).toBe('issued')
    expect(status({ issuance }, opens)).toBe('expiringSoon')
  })

  test('reissue in progress: the current issuance keeps its status', () => {
    for (const state of applicationMachine.states) {
      expect(status({ ...issued, application: { state } }, summer)).toBe('issued')
      expect(status({ ...issued, application: { state } }, opens)).toBe('expiringSoon')
    }
  })
})

describe('§2 revocation', () => {
  test('OV and EV wait for the contact, then are revoked', () => {
    expect(status({ ...issued, revocationRequestedAt: summer }, summer)).toBe('revocationPending')
    expect(status({ ...issued, revocationRequestedAt: summer, revokedAt: summer + 1 }, summer + 2)).toBe('revoked')
  })

  test('what expired meanwhile is expired; what was revoked stays revoked past notAfter', () => {
    expect(status({ ...issued, revocationRequestedAt: summer }, issuance.notAfter)).toBe('expired')
    expect(status({ ...issued, revokedAt: summer }, issuance.notAfter)).toBe('revoked')
  })
})

test.each(['cancelled', 'refunded', 'closed'] as const)('§2 %s outlasts everything else', (closedAs) => {
  expect(status({ closedAs }, summer)).toBe(closedAs)
  expect(status({ ...issued, closedAs, revokedAt: summer }, issuance.notAfter)).toBe(closedAs)
})

test('§2 every combination of facts has one of the listed statuses', () => {
  expect(new Set(CERTIFICATE_STATUSES).size).toBe(12)
  fc.assert(
    fc.property(aStatusFacts, aFuzzedNow, (facts, clock) => {
      expect(CERTIFICATE_STATUSES).toContain(deriveStatus(facts, clock(facts), DEFAULT_RENEWAL_POLICY))
    }),
  )
})

test('time alone only ever moves issued → expiringSoon → expired', () => {
  const order = ['issued', 'expiringSoon', 'expired']
  fc.assert(
    fc.property(aStatusFacts, aFuzzedNow, fc.nat(400 * DAY_MS), (facts, clock, later) => {
      const before = deriveStatus(facts, clock(facts), DEFAULT_RENEWAL_POLICY)
      const after = deriveStatus(facts, clock(facts) + later, DEFAULT_RENEWAL_POLICY)
      if (order.includes(before)) expect(order.indexOf(after)).toBeGreaterThanOrEqual(order.indexOf(before))
      else if (before === 'revocationPending') expect(['revocationPending', 'expired']).toContain(after)
      else expect(after).toBe(before)
    }),
  )
})
