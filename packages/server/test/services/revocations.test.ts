import { execFileSync } from 'node:child_process'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCrl } from '../../src/adapters/ca/builtin/publications.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { AppError } from '../../src/domain/errors.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { Services, StepHook } from '../../src/services/context.ts'
import { pollDuePayments } from '../../src/services/provider-payments/poll.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, temporaryFolder } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** The service with a CA that answers every revocation in this way, instead of asking its own. */
function withRevoke(services: Services, revoke: () => Promise<void>): Services {
  const ca = services.adapters.ca.map((adapter) => ({
    ...adapter,
    create: (...given: Parameters<typeof adapter.create>) => ({ ...adapter.create(...given), revoke }),
  }))
  return { ...services, adapters: { ...services.adapters, ca } }
}

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let onStep: StepHook = () => {}
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    const hook: StepHook = (step, moment) => onStep(step, moment)
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER, onStep: hook })
    account = await anAccount(service)
  })
  beforeEach(() => {
    onStep = () => {}
    clock.moveTo(DEFAULT_START)
  })
  afterAll(() => service.stop())

  /** As far as it gets, but one probe is enough: a site that does not answer is asked for seconds. */
  async function advance(id: string, services = service.services): Promise<void> {
    const run = new AbortController()
    const onStepOfTest = onStep
    onStep = (step, moment) => {
      if (step === 'probe' && moment === 'recorded') run.abort()
      onStepOfTest(step, moment)
    }
    await advanceCertificate(services, id, run.signal)
    onStep = onStepOfTest
  }
  const get = (id: string) => account.client.certificates.get({ id })
  const revocationOf = (id: string) => account.client.certificates.revocation({ id })

  async function issue(wish: Parameters<typeof buyCertificate>[1] = { productId: PRIVATE_SINGLE }, domains = [aSite(service)]) {
    const { id } = await buyCertificate(account, wish)
    await account.client.applications.submit({ id, ...aForm(domains) })
    await advance(id)
    return get(id)
  }

  /** Made anew: over HTTP a list is given for a while. */
  async function readCrl(authorityId: string): Promise<string> {
    const input = await createCrl(service.services.kit.builtinCaStore, authorityId, clock.now())
    return execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], { input, encoding: 'utf8' }).toUpperCase()
  }

  async function crlOf(id: string): Promise<string> {
    const row = await service.services.db
      .selectFrom('ca_order')
      .innerJoin('issuance', 'issuance.serial', 'ca_order.serial')
      .select('ca_order.authority_id')
      .where('issuance.certificate_id', '=', id)
      .executeTakeFirstOrThrow()
    return readCrl(row.authority_id)
  }

  test('the CA is asked before anything says revoked, with the reason; its list then has the serial', async () => {
    const { id, serial } = await issue()
    const asked = await account.client.certificates.revoke({ id, reason: 'keyCompromise' })
    expect(asked).toMatchObject({ state: 'confirmed', reason: 'keyCompromise', requestedBy: 'test', confirmedBy: 'test' })
    const pending = await get(id)
    expect(pending).toMatchObject({ status: 'revocationPending', nextStep: { code: 'awaitRevocation', mover: 'evercert' } })
    expect(pending.renewal.reasons.map(({ code }) => code)).toContain('certificateRevoked')
    expect(await crlOf(id)).not.toContain((serial ?? '?').toUpperCase())
    await advance(id)
    expect(await get(id)).toMatchObject({ status: 'revoked', entitlement: { shortfallDays: 0 }, servedAt: null })
    expect(await revocationOf(id)).toMatchObject({ state: 'revoked', problem: null })
    const crl = await crlOf(id)
    expect(crl).toContain((serial ?? '?').toUpperCase())
    expect(crl).toContain('KEY COMPROMISE')
  })

  test('asked twice at once, and again when it is done, there is one revocation, and the first reason stays', async () => {
    const { id } = await issue()
    const both = await Promise.all([1, 2].map(() => account.client.certificates.revoke({ id, reason: 'superseded' })))
    expect(new Set(both.map((each) => each.id)).size).toBe(1)
    await advance(id)
    const after = await account.client.certificates.revoke({ id, reason: 'keyCompromise' })
    expect(after).toMatchObject({ id: both[0]?.id, state: 'revoked', reason: 'superseded' })
  })

  test('while the CA does not answer it is asked again with back-off, and nothing says revoked', async () => {
    const { id } = await issue()
    await account.client.certificates.revoke({ id })
    let calls = 0
    const away = withRevoke(service.services, () => {
      calls += 1
      return Promise.reject(new AppError('upstreamUnavailable', 'Revoking: the CA is away.'))
    })
    await advance(id, away)
    expect(calls).toBe(1)
    const { state, problem, retryAt } = await revocationOf(id)
    expect({ state, problem }).toEqual({ state: 'confirmed', problem: 'Revoking: the CA is away.' })
    expect(Date.parse(retryAt ?? '')).toBeGreaterThan(clock.now())
    expect((await get(id)).status).toBe('revocationPending')
    await advance(id, away)
    expect(calls).toBe(1)
    const due = await service.services.db.selectFrom('certificate').select('advance_at').where('id', '=', id).executeTakeFirst()
    expect(due?.advance_at?.toISOString()).toBe(retryAt)
    clock.advance(10_000)
    await advance(id)
    expect(await revocationOf(id)).toMatchObject({ state: 'revoked', problem: null, retryAt: null })
  })

  test('what the CA refuses for good ends as refused: the certificate is what it was, and may be revoked again', async () => {
    const { id } = await issue()
    await account.client.certificates.revoke({ id })
    await advance(
      id,
      withRevoke(service.services, () => Promise.reject(new AppError('caRejected', 'Revoking: not ours.'))),
    )
    expect(await revocationOf(id)).toMatchObject({ state: 'refused', problem: 'Revoking: not ours.' })
    expect((await get(id)).status).toBe('issued')
    expect((await account.client.certificates.revoke({ id })).state).toBe('confirmed')
    await advance(id)
    expect((await get(id)).status).toBe('revoked')
  })

  test.each(['intended', 'done'] as const)('a service that dies at %s asks again, and the CA has one revocation', async (at) => {
    const { id, serial } = await issue()
    await account.client.certificates.revoke({ id, reason: 'superseded' })
    const run = new AbortController()
    onStep = (step, moment) => {
      if (step !== 'revoke' || moment !== at || run.signal.aborted) return
      run.abort()
      throw new Error('died')
    }
    await advanceCertificate(service.services, id, run.signal).catch(() => {})
    expect((await get(id)).status).toBe('revocationPending')
    await advance(id)
    expect((await get(id)).status).toBe('revoked')
    expect((await crlOf(id)).split((serial ?? '?').toUpperCase())).toHaveLength(2)
  })

  test('every issuance that is still valid is revoked, those before a reissue too, and a reissue under way is withdrawn', async () => {
    const first = await issue({ productId: PUBLIC_SINGLE })
    const { id } = first
    clock.moveTo(Date.parse(first.notAfter ?? '') - 5 * DAY_MS)
    await account.client.applications.submit({ id, ...aForm(first.domains) })
    await advance(id)
    const second = await get(id)
    expect(second.serial).not.toBe(first.serial)
    clock.moveTo(Date.parse(first.notAfter ?? '') - DAY_MS)
    await account.client.certificates.revoke({ id })
    await advance(id)
    const crl = await crlOf(id)
    for (const { serial } of [first, second]) expect(crl).toContain((serial ?? '?').toUpperCase())
    expect((await refusalOf(account.client.applications.submit({ id, ...aForm(first.domains) }))).code).toBe('conflict')
  })

  test('a reissue that waits for validation is withdrawn with the revocation', async () => {
    const first = await issue({ productId: PUBLIC_SINGLE })
    const { id } = first
    clock.moveTo(Date.parse(first.notAfter ?? '') - 5 * DAY_MS)
    await account.client.applications.submit({ id, ...aForm(first.domains, { validationMethod: 'dnsManual' }) })
    await account.client.certificates.revoke({ id })
    expect((await account.client.applications.get({ id })).state).toBe('withdrawn')
    await advance(id)
    expect((await get(id)).status).toBe('revoked')
  })

  describe('OV and EV', () => {
    /** No OV application is accepted yet: what was sold is told by the order. */
    async function anOvCertificate() {
      const certificate = await issue()
      const { db } = service.services
      await db.updateTable('order').set({ certificate_type: 'OV' }).where('id', '=', certificate.orderId).execute()
      return certificate
    }

    test('await the contact, and until then nothing is asked of the CA', async () => {
      const { id } = await anOvCertificate()
      expect(await account.client.certificates.revoke({ id })).toMatchObject({ state: 'awaitingConfirmation', confirmedAt: null })
      await advance(id)
      expect(await get(id)).toMatchObject({ status: 'revocationPending', nextStep: { code: 'confirmRevocation', mover: 'user' } })
      expect(await account.client.certificates.confirmRevocation({ id })).toMatchObject({
        state: 'confirmed',
        confirmedBy: 'test',
      })
      expect((await refusalOf(account.client.certificates.declineRevocation({ id }))).code).toBe('conflict')
      await advance(id)
      expect((await get(id)).status).toBe('revoked')
      expect((await account.client.certificates.confirmRevocation({ id })).state).toBe('revoked')
    })

    test('declined, the certificate is what it was; who said so is recorded', async () => {
      const { id } = await anOvCertificate()
      await account.client.certificates.revoke({ id })
      const answers = await Promise.all([1, 2].map(() => account.client.certificates.declineRevocation({ id })))
      expect(answers.map(({ state }) => state)).toEqual(['declined', 'declined'])
      const { status, history } = await get(id)
      expect(status).toBe('issued')
      expect(history.filter(({ to, actor }) => to === 'declined' && actor === 'test')).toHaveLength(1)
      expect((await refusalOf(account.client.certificates.confirmRevocation({ id }))).code).toBe('conflict')
    })

    test('meanwhile an ordered renewal is not paid; declined, it is, and confirmed, its order ends', async () => {
      const [kept, gone] = [await anOvCertificate(), await issue()]
      clock.moveTo(Date.parse(kept.notAfter ?? '') - 12 * DAY_MS)
      const { orders, certificates } = account.client
      const orderOf = async ({ id }: { readonly id: string }) => (await orders.place({ renewsCertificateId: id }, withKey())).id
      const [keptOrder, goneOrder] = [await orderOf(kept), await orderOf(gone)]
      for (const { id } of [kept, gone]) await certificates.revoke({ id })
      for (const id of [keptOrder, goneOrder])
        expect(await refusalOf(orders.pay({ id }, withKey()))).toMatchObject({ code: 'certificateRevoked', status: 409 })
      await certificates.declineRevocation({ id: kept.id })
      expect(await orders.pay({ id: keptOrder }, withKey())).toMatchObject({ state: 'paid' })
      await advance(gone.id)
      expect(await orders.get({ id: goneOrder })).toMatchObject({ state: 'cancelled', certificateId: null })
    })

    test('the 7 days count to the confirmation, not to the wish', async () => {
      const { id } = await anOvCertificate()
      await account.client.certificates.revoke({ id })
      clock.advanceDays(8)
      await account.client.certificates.confirmRevocation({ id })
      await advance(id)
      expect((await refusalOf(account.client.certificates.refund({ id }, withKey()))).code).toBe('refundPeriodOver')
    })

    test('what expired meanwhile is not confirmed any more', async () => {
      const { id, notAfter } = await anOvCertificate()
      await account.client.certificates.revoke({ id })
      clock.moveTo(Date.parse(notAfter ?? '') + DAY_MS)
      expect((await refusalOf(account.client.certificates.confirmRevocation({ id }))).code).toBe('certificateExpired')
      expect((await account.client.certificates.declineRevocation({ id })).state).toBe('declined')
    })
  })

  test('without a revocation there is none to read, confirm or decline', async () => {
    const { id } = await issue()
    for (const call of ['revocation', 'confirmRevocation', 'declineRevocation'] as const)
      expect((await refusalOf(account.client.certificates[call]({ id }))).code).toBe('notFound')
  })

  test('targets and sites of the new one of an open renewal go back to the old one, and the next renewal finds them', async () => {
    const old = await issue()
    const folder = temporaryFolder()
    const config = { certificatePath: `${folder}/site.pem`, keyPath: `${folder}/site.key` }
    await account.client.targets.create({ certificateId: old.id, name: `t-${old.id}`, kind: 'localFiles', config })
    await account.client.endpoints.create({ certificateId: old.id, host: '127.0.0.1', port: 9, serverName: 'back.example.test' })
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const renewed = await issue({ renewsCertificateId: old.id }, old.domains)
    expect((await get(renewed.id)).targets).toHaveLength(1)
    await account.client.certificates.revoke({ id: renewed.id })
    await advance(renewed.id)
    const [oldAfter, revoked] = [await get(old.id), await get(renewed.id)]
    expect([oldAfter.targets.length, oldAfter.endpoints.length, oldAfter.servedAt]).toEqual([1, 1, null])
    expect([revoked.targets, revoked.endpoints, revoked.nextStep.code]).toEqual([[], [], 'none'])
    const told = { subject: 'renewal', from: 'open', to: 'cancelled', detail: renewed.id }
    expect(oldAfter.history).toContainEqual(expect.objectContaining(told))
    const again = await issue({ renewsCertificateId: old.id }, old.domains)
    expect([again.targets.length, again.endpoints.length, again.renewalProcess?.state]).toEqual([1, 1, 'open'])
    expect(again.entitlement?.toppedUpDays).toBe(12)
    // All three are in the list, whatever the size of its pages.
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await account.client.certificates.list({ limit: 1, search: old.domains[0], ...(cursor && { cursor }) })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(seen).toEqual([old.id, renewed.id, again.id])
  })

  test('nothing is installed or proved for what is revoked: planned deliveries end, and none is added', async () => {
    const { id } = await issue()
    await account.client.endpoints.create({ certificateId: id, host: '127.0.0.1', port: 9, serverName: 'gone.example.test' })
    const folder = temporaryFolder()
    const config = { certificatePath: `${folder}/site.pem`, keyPath: `${folder}/site.key` }
    await account.client.targets.create({ certificateId: id, name: `t-${id}`, kind: 'localFiles', config })
    await account.client.certificates.revoke({ id })
    await advance(id)
    const { targets, nextStep } = await get(id)
    expect(targets[0]?.deployment?.state).toBe('superseded')
    expect(nextStep.code).toBe('replaceRevoked')
    const target = { certificateId: id, name: `u-${id}`, kind: 'localFiles', config }
    expect((await refusalOf(account.client.targets.create(target))).code).toBe('alreadyEnded')
    expect((await refusalOf(account.client.endpoints.create({ certificateId: id, host: 'b.example.com' }))).code).toBe(
      'alreadyEnded',
    )
    const due = await service.services.db.selectFrom('certificate').select('advance_at').where('id', '=', id).executeTakeFirst()
    expect(due?.advance_at).toBeNull()
  })

  test('an unpaid renewal ends with its old certificate: the promotion is free again, and what was paid in part is on the balance', async () => {
    const { client } = account
    const old = await issue()
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const title = { en: 'Once', zh: '一次' }
    const off = { kind: 'percent' as const, percent: 10 }
    await service.client.promotions.create({ title, off, code: 'ONCE', maxUses: 1 })
    const config = { instructions: 'Bank of Examples', dueDays: 14 }
    await service.client.paymentConnections.create({ id: 'revoked-invoice', title: 'Invoice', kind: 'offlineInvoice', config })
    const order = await client.orders.place({ renewsCertificateId: old.id, promotionCode: 'ONCE' }, withKey())
    const { paymentPending } = await client.orders.pay({ id: order.id, method: 'revoked-invoice' }, withKey())
    const paymentId = paymentPending?.id ?? ''
    const half = { id: paymentId, amountMinor: 4_000, currency: 'CNY', reference: 'half' }
    await client.payments.recordReceipt(half, withKey())
    const balance = async () => (await client.balance.get()).balances[0]?.amountMinor ?? 0
    const before = await balance()
    await client.certificates.revoke({ id: old.id })
    await advance(old.id)
    expect(await client.orders.get({ id: order.id })).toMatchObject({ state: 'cancelled' })
    await pollDuePayments(service.services)
    expect(await client.payments.get({ id: paymentId })).toMatchObject({ state: 'credited' })
    expect((await balance()) - before).toBe(4_000)
    expect(await client.quotes.create({ productId: PRIVATE_SINGLE, promotionCode: 'ONCE' })).toMatchObject({
      price: { amountMinor: 9_000 },
    })
  })

  test('a renewal that is issued while its old certificate is revoked: both come about', async () => {
    const old = await issue()
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const { id } = await buyCertificate(account, { renewsCertificateId: old.id })
    await account.client.applications.submit({ id, ...aForm(old.domains) })
    await account.client.certificates.revoke({ id: old.id })
    await Promise.all([advance(id), advance(old.id)])
    expect([(await get(old.id)).status, (await get(id)).status]).toEqual(['revoked', 'issued'])
    expect((await get(id)).entitlement?.toppedUpDays).toBe(12)
  })

  test('cancelled while the CA is signing: it is one or the other, never a refund for a certificate that arrives', async () => {
    const { id } = await buyCertificate(account)
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    const cancelling: Promise<unknown>[] = []
    onStep = (step, moment) => {
      if (step === 'finalizeOrder' && moment === 'intended')
        cancelling.push(account.client.certificates.cancel({ id }, withKey()).catch((error: unknown) => error))
    }
    await advance(id)
    await Promise.all(cancelling)
    await advance(id)
    const { status, orderId, sha256 } = await get(id)
    const { state } = await account.client.orders.get({ id: orderId ?? '' })
    expect([
      ['cancelled', 'refunded', true],
      ['issued', 'paid', false],
    ]).toContainEqual([status, state, sha256 === null])
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from private_key k
      join application a on a.private_key_id = k.id where a.certificate_id = ${id}`.execute(service.services.db)
    expect(rows[0]?.count).toBe(sha256 === null ? 0 : 1)
  })
})
