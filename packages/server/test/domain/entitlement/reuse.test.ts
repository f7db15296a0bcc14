import { describe, expect, test } from 'vitest'
import { mayReuseDomainValidation, mayReuseIdentityReview } from '../../../src/domain/entitlement/reuse.ts'
import { DAY_MS } from '../../../src/domain/time.ts'

/** DOMAIN §3: the rule is that of the certificate's date, not of the validation's. */
describe.each([
  ['2026-03-14T23:59:59Z', 398, 825],
  ['2026-03-15T00:00:00Z', 200, 398],
  ['2027-03-14T23:59:59Z', 200, 398],
  ['2027-03-15T00:00:00Z', 100, 398],
  ['2029-03-14T23:59:59Z', 100, 398],
  ['2029-03-15T00:00:00Z', 10, 398],
])('a certificate of %s', (date, domainDays, identityDays) => {
  const now = Date.parse(date)

  test(`may use a domain validation of the last ${domainDays} days`, () => {
    expect(mayReuseDomainValidation(now - domainDays * DAY_MS, now)).toBe(true)
    expect(mayReuseDomainValidation(now - domainDays * DAY_MS - 1, now)).toBe(false)
  })

  test(`may use a review of the last ${identityDays} days`, () => {
    expect(mayReuseIdentityReview(now - identityDays * DAY_MS, now)).toBe(true)
    expect(mayReuseIdentityReview(now - identityDays * DAY_MS - 1, now)).toBe(false)
  })

  test('may use nothing of tomorrow', () => {
    expect([mayReuseDomainValidation(now + 1, now), mayReuseIdentityReview(now + 1, now)]).toEqual([false, false])
  })
})
