/**
 * Generators of certificates in every state, and of moments close to what matters in them.
 *
 * @module
 */
import fc from 'fast-check'
import { applicationMachine } from '../../../src/domain/application/application-machine.ts'
import type { RenewalFacts } from '../../../src/domain/certificate/decide-renewal.ts'
import type { StatusFacts } from '../../../src/domain/certificate/derive-status.ts'
import { DAY_MS } from '../../../src/domain/time.ts'
import { anInstant, at, aValidity } from '../instants.ts'

/** Mostly null, so that most certificates generated are alive. */
function seldom<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.option(value, { nil: null, freq: 5 }).chain((chosen) => fc.constantFrom(null, null, chosen))
}

const statusFields = {
  closedAs: seldom(fc.constantFrom('cancelled', 'refunded', 'closed')),
  revokedAt: seldom(anInstant),
  revocationRequestedAt: seldom(anInstant),
  application: fc.option(fc.record({ state: fc.constantFrom(...applicationMachine.states) }), { nil: null }),
  issuance: fc.option(aValidity, { nil: null, freq: 6 }),
}

export const aStatusFacts: fc.Arbitrary<StatusFacts> = fc.record(statusFields)

/** The entitlement ends with the certificate, a little later, or long after it. */
const anExcessMs = fc.oneof(
  fc.constantFrom(0, 1000, DAY_MS, DAY_MS + 1),
  fc.integer({ min: 0, max: DAY_MS }),
  fc.integer({ min: 0, max: 400 * DAY_MS }),
)

export const aRenewalFacts: fc.Arbitrary<RenewalFacts> = fc
  .record({
    ...statusFields,
    origin: fc.constantFrom('purchased', 'uploaded'),
    brand: fc.constantFrom('GlobalSign', 'DigiCert', ''),
    brandSupportsRenewal: fc.constantFrom(true, true, true, false, null),
    liveRenewal: seldom(fc.record({ renewalId: fc.uuid(), certificateId: fc.option(fc.uuid(), { nil: null }) })),
    excessMs: fc.option(anExcessMs, { nil: null }),
  })
  .map(({ excessMs, ...facts }) => ({
    ...facts,
    entitledUntil: excessMs === null || facts.issuance === null ? null : facts.issuance.notAfter + excessMs,
  }))

/** A moment for given facts: anywhere, or within two days of the beginning, the default window or the end. */
export const aFuzzedNow: fc.Arbitrary<(facts: StatusFacts) => number> = fc
  .tuple(
    anInstant,
    fc.constantFrom('anywhere', 'notBefore', 'window', 'notAfter'),
    fc.oneof(fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }), fc.integer({ min: -1, max: 1 })),
  )
  .map(([anywhere, near, offset]) => (facts: StatusFacts) => {
    const { notBefore, notAfter } = facts.issuance ?? { notBefore: at('2026-01-01'), notAfter: at('2027-01-01') }
    if (near === 'anywhere') return anywhere
    if (near === 'notBefore') return notBefore + offset
    return near === 'notAfter' ? notAfter + offset : notAfter - 30 * DAY_MS + offset
  })
