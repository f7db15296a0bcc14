import type { CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { addCalendarYears, DAY_MS } from '../../src/domain/time.ts'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  anUpload,
  aSite,
  buyCertificate,
  obtain,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

const START = Date.parse('2025-12-10T09:30:00Z')
const at = (iso: string | null | undefined): number => Date.parse(iso ?? '')
const yearAfter = (iso: string | null | undefined): string => new Date(addCalendarYears(at(iso), 1)).toISOString()
/** The end is asked of the CA moments before it signs, and may differ by as much. */
const MOMENTS_MS = 60_000
const expectYearOf = ({ notBefore, entitlement }: CertificateDetail): void => {
  expect(entitlement?.toppedUpDays).toBe(0)
  const differenceMs = at(yearAfter(notBefore)) - at(entitlement?.entitledUntil)
  expect(differenceMs).toBeGreaterThanOrEqual(0)
  expect(differenceMs).toBeLessThan(MOMENTS_MS)
}
const dayOf = (iso: string | null | undefined): string => (iso ?? '').slice(0, 10)

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(START)
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock,
      // Between order and signature time passes: what was paid for must not depend on how much.
      onStep: (step, moment) => {
        if (step === 'placeOrder' && moment === 'recorded') clock.advance(7000)
      },
    })
    account = await anAccount(service)
  })
  beforeEach(() => clock.moveTo(START))
  afterAll(() => service.stop())

  test('a renewal of the private product lasts until one calendar year after the old notAfter, in one certificate (FD)', async () => {
    const old = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    expect(dayOf(old.notAfter)).toBe('2026-12-10')
    clock.moveTo(at(old.notAfter) - 12 * DAY_MS)
    const created = await buyCertificate(account, { renewsCertificateId: old.id })
    expect(created).toMatchObject({ status: 'pendingApplication', isNew: true, renewsCertificateId: old.id, notAfter: null })
    const draft = await account.client.applications.get({ id: created.id })
    expect(draft).toMatchObject({ state: 'draft', prefilledFrom: old.id, form: { domains: old.domains, csrPem: null } })
    const renewed = await obtain(account, created.id, draft.form)
    expect(renewed.entitlement).toEqual({
      termYears: 1,
      entitledUntil: yearAfter(old.notAfter),
      toppedUpDays: 12,
      shortfallDays: 0,
      endedAt: null,
    })
    expect(renewed.notAfter).toBe(yearAfter(old.notAfter))
    expect(renewed.sha256).not.toBe(old.sha256)
    const before = await account.client.certificates.get({ id: old.id })
    expect(before).toMatchObject({ status: 'expiringSoon', sha256: old.sha256, renewedByCertificateId: created.id })
    expect(before.renewal).toMatchObject({ eligible: false, reasons: [{ code: 'alreadyRenewed' }] })
  })

  test('a public certificate is capped by its date of issue, and the rest of the entitlement is its shortfall', async () => {
    const old = await anIssuedCertificate(account, { productId: PUBLIC_SINGLE })
    expect(dayOf(old.notAfter)).toBe('2026-12-10')
    clock.moveTo(Date.parse('2026-11-23T10:00:00Z'))
    const created = await buyCertificate(account, { renewsCertificateId: old.id })
    const { form } = await account.client.applications.get({ id: created.id })
    const renewed = await obtain(account, created.id, form)
    expect(renewed.entitlement).toMatchObject({ entitledUntil: yearAfter(old.notAfter), toppedUpDays: 17 })
    expect(dayOf(renewed.entitlement?.entitledUntil)).toBe('2027-12-10')
    const lengthMs = at(renewed.notAfter) + 1000 - at(renewed.notBefore)
    expect(lengthMs).toBeLessThanOrEqual(199 * DAY_MS)
    expect(lengthMs).toBeGreaterThan(199 * DAY_MS - MOMENTS_MS)
    expect(dayOf(renewed.notAfter)).toBe('2027-06-10')
    expect(renewed.entitlement?.shortfallDays).toBe(183)
  })

  test('while the entitlement goes on, a certificate near its end is reissued, not renewed', async () => {
    clock.moveTo(Date.parse('2026-11-23T10:00:00Z'))
    const certificate = await anIssuedCertificate(account, { productId: PUBLIC_SINGLE })
    clock.moveTo(at(certificate.notAfter) - 5 * DAY_MS)
    const refusal = await refusalOf(account.client.orders.place({ renewsCertificateId: certificate.id }))
    expect(refusal).toMatchObject({ code: 'entitlementContinues', status: 409 })
    expect(refusal.facts).toMatchObject({
      notAfter: certificate.notAfter,
      entitledUntil: certificate.entitlement?.entitledUntil,
      opensAt: new Date(at(certificate.entitlement?.entitledUntil) - 30 * DAY_MS).toISOString(),
      reissueOpensAt: new Date(at(certificate.notAfter) - 30 * DAY_MS).toISOString(),
    })
    const view = await account.client.certificates.get({ id: certificate.id })
    expect(view).toMatchObject({ status: 'expiringSoon', renewal: { action: 'reissue' }, nextStep: { code: 'reissue' } })
  })

  test('a changed specification is a new purchase: a year from issue, nothing topped up', async () => {
    const old = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    clock.moveTo(at(old.notAfter) - 20 * DAY_MS)
    const created = await buyCertificate(account, { renewsCertificateId: old.id, productId: PRIVATE_MULTI, domainCount: 2 })
    const { form } = await account.client.applications.get({ id: created.id })
    const renewed = await obtain(account, created.id, { ...form, domains: [...form.domains, aSite(service)] })
    expectYearOf(renewed)
    expect(renewed.domains).toHaveLength(2)
  })

  test('a renewed upload lasts one year from actual issuance, never topped up (FD)', async () => {
    const upload = await anUpload(account, { daysLeft: 20 })
    const created = await buyCertificate(account, { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE })
    expect(created).toMatchObject({ isNew: true, renewsCertificateId: upload.id, origin: 'purchased' })
    const draft = await account.client.applications.get({ id: created.id })
    expect(draft).toMatchObject({ prefilledFrom: upload.id, form: { domains: upload.domains, contact: null } })
    service.addSite(...upload.domains)
    const renewed = await obtain(account, created.id, aForm(upload.domains))
    expectYearOf(renewed)
  })

  test('a renewal issued after the old certificate expired tops nothing up', async () => {
    const old = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    clock.moveTo(at(old.notAfter) - 2 * DAY_MS)
    const created = await buyCertificate(account, { renewsCertificateId: old.id })
    clock.moveTo(at(old.notAfter) + DAY_MS)
    const { form } = await account.client.applications.get({ id: created.id })
    const renewed = await obtain(account, created.id, form)
    expectYearOf(renewed)
    expect(renewed.status).toBe('issued')
    // Expired without a site that is watched: its renewal is what helps, not a purchase.
    const expired = await account.client.certificates.get({ id: old.id })
    expect(expired.renewal.reasons.map(({ code }) => code)).toEqual(['alreadyRenewed', 'certificateExpired'])
    expect(expired.nextStep).toMatchObject({ code: 'renewed', mover: 'nobody' })
    for (const text of Object.values(expired.nextStep.text)) expect(text).toContain(created.id)
  })
})
