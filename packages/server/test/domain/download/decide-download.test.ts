import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { downloadFormat } from '@evercert/contract'
import { CERTIFICATE_STATUSES } from '../../../src/domain/certificate/derive-status.ts'
import { refuseDownload, type DownloadFacts, type DownloadWish } from '../../../src/domain/download/decide-download.ts'

const BOUGHT: DownloadFacts = { status: 'issued', origin: 'purchased', keyStored: true, rootKnown: true }
const WITH_KEY: DownloadWish = { format: 'nginx', withKey: true }
const ALONE: DownloadWish = { format: 'nginx', withKey: false }
const ROOT: DownloadWish = { format: 'root', withKey: false }

describe('refuseDownload', () => {
  test.each<[string, Partial<DownloadFacts>, DownloadWish, string | null]>([
    ['issued', {}, WITH_KEY, null],
    ['expiring', { status: 'expiringSoon' }, WITH_KEY, null],
    ['expired', { status: 'expired' }, WITH_KEY, null],
    ['bought and not applied for', { status: 'pendingApplication' }, ALONE, 'certificateNotIssued'],
    ['in review', { status: 'inReview' }, ALONE, 'certificateNotIssued'],
    ['cancelled', { status: 'cancelled' }, ALONE, 'certificateNotIssued'],
    ['revoked', { status: 'revoked' }, WITH_KEY, 'certificateRevoked'],
    ['revoked, without the key', { status: 'revoked' }, ALONE, 'certificateRevoked'],
    ['revoked, its root', { status: 'revoked' }, ROOT, 'certificateRevoked'],
    ['about to be revoked', { status: 'revocationPending' }, WITH_KEY, 'certificateRevoked'],
    ['with a pasted CSR', { keyStored: false }, WITH_KEY, 'keyNotStored'],
    ['with a pasted CSR, without the key', { keyStored: false }, ALONE, null],
    ['uploaded', { origin: 'uploaded' }, WITH_KEY, 'keyNotDownloadable'],
    ['uploaded, without the key', { origin: 'uploaded' }, ALONE, null],
    ['root', {}, ROOT, null],
    ['unknown root', { rootKnown: false }, ROOT, 'rootUnknown'],
    ['unknown root, which other formats do not need', { rootKnown: false }, WITH_KEY, null],
  ])('%s', (_case, change, wish, expected) => {
    expect(refuseDownload({ ...BOUGHT, ...change }, wish)).toBe(expected)
  })

  const facts = fc.record<DownloadFacts>({
    status: fc.constantFrom(...CERTIFICATE_STATUSES),
    origin: fc.constantFrom('purchased', 'uploaded'),
    keyStored: fc.boolean(),
    rootKnown: fc.boolean(),
  })

  test('a key leaves only of a certificate that was bought and issued here and is not revoked', () => {
    fc.assert(
      fc.property(facts, fc.constantFrom(...downloadFormat.options), (given, format) => {
        const allowed = refuseDownload(given, { format, withKey: true }) === null
        const mayLeave = given.origin === 'purchased' && given.keyStored && /^(issued|expir)/.test(given.status)
        expect(allowed && !mayLeave).toBe(false)
      }),
    )
  })

  test('what is refused without the key is refused with it', () => {
    fc.assert(
      fc.property(facts, fc.constantFrom(...downloadFormat.options), (given, format) => {
        const [alone, withKey] = [false, true].map((each) => refuseDownload(given, { format, withKey: each }))
        expect(alone !== null && withKey === null).toBe(false)
      }),
    )
  })
})
