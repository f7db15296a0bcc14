import { X509Certificate } from 'node:crypto'
import { SCOPES, type ApplicationFormView, type CertificateDetail, type ReviewView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import {
  aColleague,
  aCompany,
  aForm,
  anAccount,
  aSite,
  aStoredCompany,
  buyCertificate,
  EV_SINGLE,
  obtain,
  OV_SINGLE,
  PRIVATE_SINGLE,
  refusalOf,
  waitForIssuance,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { aPng } from '../support/images.ts'
import { startTestService, type TestService } from '../support/service.ts'

const EVIDENCE = 'Register of companies looked up; called the number listed there.'

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let reviewer: Client
  const clock = createClock()
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock })
    account = await anAccount(service)
    reviewer = await aColleague(account)
  })
  afterAll(() => service.stop())

  /** Each has a company of its own: an earlier review must not stand in unless that is what is tested. */
  async function ofCompany(wish: Partial<ApplicationFormView> = {}): Promise<ApplicationFormView> {
    const company = await aStoredCompany(account)
    return aForm([aSite(service)], { companyId: company.id, ...wish })
  }

  async function submitted(productId = OV_SINGLE, wish: Partial<ApplicationFormView> = {}, by: Client = account.client) {
    const { id } = await buyCertificate(account, { productId })
    const form = await ofCompany(wish)
    const application = await by.applications.submit({ id, ...form })
    return { id, form, application, review: await reviewOf(id) }
  }

  async function reviewOf(certificateId: string): Promise<ReviewView> {
    const { items } = await reviewer.reviews.list({ limit: 200 })
    const found = items.find((item) => item.certificateId === certificateId)
    if (found === undefined) throw new Error(`no review waits for ${certificateId}`)
    return found
  }

  const approve = (review: ReviewView, by: Client = reviewer) =>
    by.reviews.approve({ id: review.id, evidence: EVIDENCE, checks: review.requiredChecks })

  const subjectOf = (certificate: CertificateDetail) => new X509Certificate(certificate.chainPem ?? '').subject.split('\n')

  test('OV: submitted, reviewed by another token, validated and issued with the organisation in it', async () => {
    const { id, application, review } = await submitted()
    expect(application).toMatchObject({ state: 'inReview', review: { state: 'waiting', reason: null }, validations: [] })
    expect(await account.client.certificates.get({ id })).toMatchObject({
      status: 'inReview',
      nextStep: { code: 'review', mover: 'ca' },
    })
    expect(review).toMatchObject({
      open: true,
      certificateType: 'OV',
      companyName: aCompany().name,
      submittedBy: 'test',
      isOwn: false,
    })
    const { items: notices } = await account.client.notices.list({ certificateId: id })
    expect(notices.map(({ kind, title }) => ({ kind, ...title }))).toEqual([
      {
        kind: 'reviewWaiting',
        en: `The OV application for ${application.form.domains[0]} waits for review`,
        zh: `证书 ${application.form.domains[0]} 的 OV 申请等待审核`,
      },
    ])
    const detail = await reviewer.reviews.get({ id: review.id })
    expect(detail.applicant).toMatchObject({ company: aCompany(), documents: ['businessLicence', 'bankPermit'] })
    const licence = await reviewer.reviews.document({ id: review.id })
    expect(Buffer.from(licence.contentBase64, 'base64').equals(aPng())).toBe(true)
    expect(await approve(review)).toMatchObject({ state: 'approved', evidence: EVIDENCE, confirmedChecks: review.requiredChecks })
    const issued = await waitForIssuance(account, id)
    expect(subjectOf(issued)).toEqual(['C=CN', 'ST=Shanghai', 'L=Shanghai', `O=${aCompany().name}`, `CN=${issued.domains[0]}`])
    const states = issued.history.filter(({ subject }) => subject === 'application').map(({ to }) => to)
    expect(states.toReversed()).toEqual(['inReview', 'pendingValidation', 'inReview', 'issued'])
    expect(issued.history.find(({ subject, to }) => subject === 'review' && to === 'approved')).toMatchObject({
      detail: EVIDENCE,
    })
    expect(await account.client.applications.get({ id })).toMatchObject({ review: { state: 'approved' }, estimate: null })
    expect((await reviewer.reviews.list({ state: 'approved' })).items.map(({ certificateId }) => certificateId)).toContain(id)
  })

  test('EV: a superior and a bank permit besides, and the registration in the certificate', async () => {
    const { id } = await buyCertificate(account, { productId: EV_SINGLE })
    const form = await ofCompany()
    const lacking = await refusalOf(account.client.applications.submit({ id, ...form }))
    expect(lacking).toMatchObject({ code: 'applicantIncomplete', facts: { missing: ['superior'] } })
    const superior = { name: 'Han Meimei', title: 'Director', phone: '+86 21 0000 0001', email: 'han@example.com' }
    await account.client.applications.submit({ id, ...form, superior })
    const review = await reviewOf(id)
    expect(review.requiredChecks).toContain('superiorApproval')
    const incomplete = await refusalOf(
      reviewer.reviews.approve({ id: review.id, evidence: EVIDENCE, checks: ['legalExistence'] }),
    )
    expect(incomplete).toMatchObject({ code: 'reviewIncomplete' })
    await approve(review)
    const subject = subjectOf(await waitForIssuance(account, id))
    expect(subject).toContain(`serialNumber=${aCompany().registrationNumber}`)
    expect(subject).toContain('businessCategory=Private Organization')
  })

  test('nothing happens at the CA before the review is decided', async () => {
    const { id } = await submitted()
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const row = await service.services.db
      .selectFrom('application')
      .select(['state', 'ca_order_ref', 'csr', 'first_attempt_at'])
      .where('certificate_id', '=', id)
      .executeTakeFirst()
    expect(row).toEqual({ state: 'inReview', ca_order_ref: null, csr: null, first_attempt_at: null })
  })

  test('who submitted cannot decide, nor can a token without the permission', async () => {
    const { review } = await submitted()
    expect(await refusalOf(approve(review, account.client))).toMatchObject({ code: 'reviewerIsApplicant' })
    expect(await refusalOf(account.client.reviews.refuse({ id: review.id, reason: 'no' }))).toMatchObject({
      code: 'reviewerIsApplicant',
    })
    const reader = await aColleague(account, ['certificates:read'])
    expect(await refusalOf(approve(review, reader))).toMatchObject({ code: 'forbidden' })
    expect((await reviewer.reviews.get({ id: review.id })).state).toBe('waiting')
  })

  test('all tokens of a person are that person, and those that no user made are one', async () => {
    const { review } = await submitted()
    const { token } = await account.client.tokens.create({ name: 'another of the operator', scopes: [...SCOPES] })
    expect(await refusalOf(approve(review, service.clientOf(token)))).toMatchObject({ code: 'reviewerIsApplicant' })
    expect(await refusalOf(approve(review, service.client))).toMatchObject({ code: 'reviewerIsApplicant' })
  })

  test("another account's reviewer sees nothing; the operator of the installation sees all", async () => {
    const { review } = await submitted(OV_SINGLE, {}, await aColleague(account, ['certificates:read', 'certificates:write']))
    const stranger = await anAccount(service)
    const theirs = await aColleague(stranger)
    expect((await theirs.reviews.list({})).items).toEqual([])
    expect(await refusalOf(theirs.reviews.get({ id: review.id }))).toMatchObject({ code: 'notFound' })
    expect(await refusalOf(approve(review, theirs))).toMatchObject({ code: 'notFound' })
    expect(await approve(review, service.client)).toMatchObject({ state: 'approved', decidedBy: 'operator' })
  })

  test('a managed one that a reviewer refused is not sent again by itself: a person has to correct it', async () => {
    const { id, form, review } = await submitted()
    const { db } = service.services
    await db
      .insertInto('management')
      .values({
        certificate_id: id,
        account_id: account.accountId,
        limit_minor: 0,
        currency: 'CNY',
        jitter: 0,
        created_at: new Date(service.services.now()),
      })
      .execute()
    await db.updateTable('certificate').set({ managed: true }).where('id', '=', id).execute()
    await reviewer.reviews.refuse({ id: review.id, reason: 'The licence has expired.' })
    await advanceCertificate(service.services, id, new AbortController().signal)
    expect((await reviewer.reviews.list({ state: 'waiting' })).items.filter(({ certificateId }) => certificateId === id)).toEqual(
      [],
    )
    expect(await account.client.certificates.get({ id })).toMatchObject({
      status: 'reviewFailed',
      nextStep: { code: 'correctApplication', mover: 'user' },
      management: { nextAction: null, at: null, problem: { code: 'reviewRefused', detail: 'The licence has expired.' } },
    })
    await account.client.applications.submit({ id, ...form })
    expect((await reviewOf(id)).id).not.toBe(review.id)
  })

  test('a refusal shows its reason; corrected and submitted again, it is issued', async () => {
    const { id, form, review } = await submitted()
    await reviewer.reviews.refuse({ id: review.id, reason: 'The licence has expired.' })
    expect(await refusalOf(approve(review))).toMatchObject({ code: 'conflict', facts: { state: 'refused' } })
    const failed = await account.client.certificates.get({ id })
    expect(failed).toMatchObject({ status: 'reviewFailed', nextStep: { code: 'correctApplication' } })
    expect(failed.nextStep.text.en).toMatch(/^The review refused: The licence has expired\. Correct the application/)
    const { items } = await account.client.notices.list({ certificateId: id })
    expect(items.filter(({ kind }) => kind === 'applicationRefused')).toMatchObject([
      {
        text: { en: expect.stringContaining('What happened: The licence has expired.') },
        place: { path: `/certificates/${id}/application` },
      },
    ])
    const application = await account.client.applications.get({ id })
    expect(application).toMatchObject({
      state: 'reviewFailed',
      problem: { code: 'reviewRefused', detail: 'The licence has expired.' },
      review: { state: 'refused', reason: 'The licence has expired.' },
      form: { companyId: form.companyId },
    })
    await account.client.companies.putDocument({ id: form.companyId ?? '', contentBase64: aPng({ width: 9 }).toString('base64') })
    await account.client.applications.submit({ id, ...application.form })
    const again = await reviewOf(id)
    expect(again.id).not.toBe(review.id)
    await approve(again)
    expect(await waitForIssuance(account, id)).toMatchObject({ status: 'issued' })
    const first = await reviewer.reviews.document({ id: review.id })
    expect(Buffer.from(first.contentBase64, 'base64').equals(aPng())).toBe(true) // what was refused is what is still seen there
  })

  test('what is withdrawn leaves the queue, and cannot be decided on', async () => {
    const { id, review } = await submitted()
    await account.client.applications.withdraw({ id })
    expect((await reviewer.reviews.list({ limit: 200 })).items.map((item) => item.id)).not.toContain(review.id)
    expect(await refusalOf(approve(review))).toMatchObject({ code: 'conflict' })
    expect(await account.client.certificates.get({ id })).toMatchObject({ status: 'pendingApplication' })
  })

  test('of two decisions at once exactly one counts', async () => {
    const { review } = await submitted()
    const second = await aColleague(account)
    const results = await Promise.allSettled([
      approve(review),
      second.reviews.refuse({ id: review.id, reason: 'no' }),
      approve(review, second),
    ])
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('what was sent stays as it was: later edits of the records change nothing', async () => {
    const contact = await account.client.contacts.create({ name: 'Li Lei', email: 'li@example.com', phone: '+86 10 0000 0000' })
    const { id, form, review } = await submitted(OV_SINGLE, { contact: null, contactId: contact.id })
    await account.client.companies.update({ ...aCompany({ name: 'Another Ltd.' }), id: form.companyId ?? '' })
    await account.client.companies.remove({ id: form.companyId ?? '' })
    await account.client.contacts.remove({ id: contact.id })
    const { applicant } = await reviewer.reviews.get({ id: review.id })
    expect(applicant).toMatchObject({ company: aCompany(), contact: { email: 'li@example.com' } })
    expect((await reviewer.reviews.document({ id: review.id })).bytes).toBe(aPng().length)
    await approve(review)
    expect(subjectOf(await waitForIssuance(account, id))).toContain(`O=${aCompany().name}`)
  })

  test('readers see who applied masked', async () => {
    const { id } = await submitted()
    const reader = await aColleague(account, ['certificates:read'])
    expect((await reader.applications.get({ id })).applicant?.company).toMatchObject({ registrationNumber: '***XX4T' })
    expect((await account.client.applications.get({ id })).applicant?.company).toEqual(aCompany())
  })

  test('FD §3.9 the estimate counts business days', async () => {
    clock.moveTo(Date.parse('2026-09-24T02:00:00Z')) // a Thursday; Mid-Autumn, a weekend, then the National Day from Thursday on
    const { id, application } = await submitted()
    expect(application.estimate).toMatchObject({ calendarKnown: true })
    expect(application.estimate?.fastestAt.slice(0, 10)).toBe('2026-09-29')
    expect(application.estimate?.usuallyUntil.slice(0, 10)).toBe('2026-10-09')
    const certificate = await account.client.certificates.get({ id })
    expect(certificate.estimate).toEqual(application.estimate)
    expect(certificate.nextStep.at).toBe(application.estimate?.usuallyUntil)
    clock.moveTo(DEFAULT_START)
  })

  describe('an earlier review of the same organisation', () => {
    test('stands in for another until it is too old, for anybody but who made it', async () => {
      const { id, form, review } = await submitted()
      await approve(review)
      await waitForIssuance(account, id)
      const again = async (client: Client) => {
        const next = await buyCertificate(account, { productId: OV_SINGLE })
        const application = await client.applications.submit({ id: next.id, ...form, domains: [aSite(service)] })
        return { id: next.id, application }
      }
      const reused = await again(account.client)
      expect(reused.application).toMatchObject({ state: 'pendingValidation', review: { state: 'approved' } })
      expect(await waitForIssuance(account, reused.id)).toMatchObject({ status: 'issued' })
      expect((await account.client.notices.list({ certificateId: reused.id })).items).toEqual([]) // nobody has to look
      const both = await aColleague(account, ['applications:review', 'certificates:read', 'certificates:write'])
      const other = await submitted()
      await approve(other.review, both)
      await waitForIssuance(account, other.id)
      const own = await buyCertificate(account, { productId: OV_SINGLE })
      const byReviewer = await both.applications.submit({ id: own.id, ...other.form, domains: [aSite(service)] })
      expect(byReviewer).toMatchObject({ state: 'inReview', review: { state: 'waiting' } })
      clock.advance(399 * DAY_MS)
      expect((await again(account.client)).application).toMatchObject({ state: 'inReview' })
      clock.moveTo(DEFAULT_START)
    })

    test('does not once anything of it changed', async () => {
      const { id, form, review } = await submitted()
      await approve(review)
      await waitForIssuance(account, id)
      await account.client.companies.putDocument({
        id: form.companyId ?? '',
        contentBase64: aPng({ height: 5 }).toString('base64'),
      })
      const next = await buyCertificate(account, { productId: OV_SINGLE })
      expect(await account.client.applications.submit({ id: next.id, ...form, domains: [aSite(service)] })).toMatchObject({
        state: 'inReview',
      })
    })
  })

  test('DOMAIN §3.8 the renewal of an OV certificate takes over who applies', async () => {
    const { id, form, review } = await submitted()
    await approve(review)
    const issued = await waitForIssuance(account, id)
    clock.moveTo(Date.parse(issued.notAfter ?? '') - 10 * DAY_MS)
    const renewal = await buyCertificate(account, { renewsCertificateId: id })
    const draft = await account.client.applications.get({ id: renewal.id })
    expect(draft.form).toMatchObject({ companyId: form.companyId, contact: form.contact, domains: form.domains })
    clock.moveTo(DEFAULT_START)
  })

  describe('products', () => {
    const product = {
      id: 'acme-ov',
      title: { en: 'OV', zh: 'OV' },
      specification: { domainType: 'single', certificateType: 'OV', grade: 'standard', brand: 'ACME' },
      issuerId: 'acme-dv',
      supportsRenewal: true,
      prices: [
        {
          termYears: 1,
          base: { amountMinor: 1, currency: 'CNY' },
          includedDomains: 1,
          extraDomain: { amountMinor: 0, currency: 'CNY' },
        },
      ],
    } as const

    test('with wildcards are no EV', async () => {
      const specification = { ...product.specification, certificateType: 'EV', domainType: 'mixed' } as const
      const wish = { ...product, id: 'ev-mixed', issuerId: 'evercert-private', specification, prices: [...product.prices] }
      expect(await refusalOf(service.client.products.create(wish))).toMatchObject({ code: 'invalid' })
    })

    test('of an ACME issuer are DV alone', async () => {
      const config = { directoryUrl: 'https://ca.example.com/directory' }
      await service.client.issuers.create({ id: 'acme-dv', title: 'ACME', kind: 'acme', config })
      expect(await refusalOf(service.client.products.create({ ...product, prices: [...product.prices] }))).toMatchObject({
        code: 'reviewUnsupported',
      })
      const specification = { ...product.specification, certificateType: 'DV' as const }
      expect(
        await service.client.products.create({ ...product, id: 'acme-ok', specification, prices: [...product.prices] }),
      ).toMatchObject({
        id: 'acme-ok',
      })
    })
  })

  test('DV needs no review', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    await obtain(account, id, aForm([aSite(service)]))
    expect(await account.client.applications.get({ id })).toMatchObject({ review: null })
  })
})
