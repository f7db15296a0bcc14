import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  capNotAfter,
  domainValidationReuseDays,
  identityReuseDays,
  VALIDITY_CAPS,
} from '../../../src/domain/entitlement/validity-caps.ts'
import { DAY_MS } from '../../../src/domain/time.ts'
import { anInstant, at, iso } from '../instants.ts'

describe('§3 publicly trusted certificates are capped by date of issue', () => {
  test.each([
    ['2026-03-14T23:59:59.999Z', 397, 398, 825],
    ['2026-03-15T00:00:00.000Z', 199, 200, 398],
    ['2027-03-14T23:59:59.999Z', 199, 200, 398],
    ['2027-03-15T00:00:00.000Z', 99, 100, 398],
    ['2029-03-14T23:59:59.999Z', 99, 100, 398],
    ['2029-03-15T00:00:00.000Z', 46, 10, 398],
    ['2040-01-01T00:00:00.000Z', 46, 10, 398],
    ['2018-01-01T00:00:00.000Z', 397, 398, 825],
  ])('issued %s: %i days, domain validation %i days, identity %i days', (issued, days, domainDays, identityDays) => {
    expect(capNotAfter('public', at(issued))).toBe(at(issued) + days * DAY_MS - 1000)
    expect(domainValidationReuseDays(at(issued))).toBe(domainDays)
    expect(identityReuseDays(at(issued))).toBe(identityDays)
  })

  test('§3 notAfter = notBefore + N × 86400 − 1: both ends belong to the validity (RFC 5280)', () => {
    expect(iso(capNotAfter('public', at('2026-11-23T12:00:00Z')) ?? 0)).toBe('2027-06-10T11:59:59.000Z')
  })

  test('§3 a private CA has no cap but its own', () => {
    expect(capNotAfter('private', at('2030-01-01'))).toBeNull()
  })

  test('the recommended length is a day below the required one, and the table never loosens', () => {
    for (const [index, cap] of VALIDITY_CAPS.entries()) {
      expect(cap.validityShouldDays).toBe(cap.validityMustDays - 1)
      const previous = VALIDITY_CAPS[index - 1]
      if (previous === undefined) continue
      expect(cap.from).toBeGreaterThan(previous.from)
      expect(cap.validityMustDays).toBeLessThan(previous.validityMustDays)
    }
  })

  test('no certificate exceeds the MUST of its date of issue, counted as RFC 5280 does', () => {
    fc.assert(
      fc.property(anInstant, (notBefore) => {
        const lifetimeMs = (capNotAfter('public', notBefore) ?? 0) - notBefore + 1000
        const must = VALIDITY_CAPS.findLast((cap) => cap.from <= notBefore)?.validityMustDays ?? 0
        expect(lifetimeMs).toBeLessThanOrEqual(must * DAY_MS)
        expect(lifetimeMs).toBeGreaterThan(0)
      }),
    )
  })
})
