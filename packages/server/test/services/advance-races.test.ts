import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseChain } from '@evercert/pki'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { AppError } from '../../src/domain/errors.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { loadWork } from '../../src/services/advance/facts.ts'
import { endAsRevoked } from '../../src/services/advance/revoked.ts'
import { recordFailure } from '../../src/services/advance/record-failure.ts'
import type { Caller, StepHook } from '../../src/services/context.ts'
import { lockAccount } from '../../src/services/approvals/rules.ts'
import { lockNewestIssued } from '../../src/services/certificate-rows.ts'
import { lockCertificate } from '../../src/services/ending-facts.ts'
import { endManagement, manageIn } from '../../src/services/management.ts'
import { revokeIn } from '../../src/services/revocations.ts'
import { lockLineage } from '../../src/services/uploads/leave-lineage.ts'
import {
  aForm,
  aMember,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, isPostgres, temporaryFolder } from '../support/databases.ts'
import { withBefore } from '../support/in-between.ts'
import { outcomeOf, untilItWaits } from '../support/lock-waits.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  let onStep: StepHook = () => {}
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock,
      worker: IDLE_WORKER,
      onStep: (step, moment) => onStep(step, moment),
    })
    account = await anAccount(service)
  })
  beforeEach(() => {
    onStep = () => {}
    clock.moveTo(DEFAULT_START)
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)

  /** Bought, applied for and issued, by hand: no worker runs. */
  async function issue(
    wish: Parameters<typeof buyCertificate>[1] = { productId: PRIVATE_SINGLE },
    domains = [aSite(service)],
    of = account,
  ) {
    const { id } = await buyCertificate(of, wish)
    await of.client.applications.submit({ id, ...aForm(domains) })
    await advance(id)
    const certificate = await of.client.certificates.get({ id })
    expect(certificate.status).toBe('issued')
    return certificate
  }

  async function aRenewedPair() {
    const old = await issue()
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const renewed = await buyCertificate(account, { renewsCertificateId: old.id })
    return { old, renewed }
  }

  const endpointFor = (certificateId: string, port: number) =>
    account.client.endpoints.create({ certificateId, host: '127.0.0.1', port, serverName: `p${port}.example.test` })

  test('a probe that ran before an endpoint was added does not prove the certificate', async () => {
    const certificate = await issue()
    await endpointFor(certificate.id, 9)
    const { services } = service
    await services.db
      .updateTable('certificate')
      .set({ served_at: new Date(services.now()) })
      .where('id', '=', certificate.id)
      .execute()
    await endpointFor(certificate.id, 11)
    expect((await account.client.certificates.get({ id: certificate.id })).servedAt).toBeNull()
    let added = false
    const additions: Promise<unknown>[] = []
    onStep = (step, moment) => {
      if (step !== 'probe' || moment !== 'done' || added) return
      added = true
      additions.push(endpointFor(certificate.id, 13))
    }
    const run = new AbortController()
    const advancing = advanceCertificate(services, certificate.id, run.signal)
    await expect.poll(() => additions.length).toBe(1)
    await Promise.all(additions)
    const seen = await account.client.certificates.verify({ id: certificate.id })
    run.abort()
    await advancing
    expect(seen.servedAt).toBeNull()
    expect(seen.endpoints.map(({ observations }) => observations.length)).toEqual([1, 1, 1])
  })

  test('a target or endpoint added to a renewed certificate goes to the one that renewed it', async () => {
    const { old, renewed } = await aRenewedPair()
    await account.client.applications.submit({ id: renewed.id, ...aForm(old.domains) })
    expect((await endpointFor(old.id, 21)).certificateId).toBe(old.id)
    await advance(renewed.id)
    expect((await endpointFor(old.id, 23)).certificateId).toBe(renewed.id)
    const detail = await account.client.certificates.get({ id: renewed.id })
    expect(detail.endpoints.map(({ port }) => port).toSorted((a, b) => a - b)).toEqual([21, 23])
  })

  test('once the CA was asked to sign, the application is not withdrawn and the certificate arrives', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    const refusals: Promise<{ code: string }>[] = []
    onStep = (step, moment) => {
      if (step === 'finalizeOrder' && moment === 'done') refusals.push(refusalOf(account.client.applications.withdraw({ id })))
    }
    await advance(id)
    expect(['conflict', 'issuanceUnderWay']).toContain((await Promise.all(refusals))[0]?.code) // before or after it was stored
    expect((await account.client.certificates.get({ id })).status).toBe('issued')
  })

  test.each(['never', 'backoff'] as const)(
    'what failed (%s) after its application was withdrawn is not recorded on it',
    async (retry) => {
      const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
      await account.client.applications.submit({ id, ...aForm([aSite(service)], { validationMethod: 'dnsManual' }) })
      const work = await loadWork(service.services, id)
      if (work === null) throw new Error('There is work to be done.')
      await account.client.applications.withdraw({ id })
      const before = await account.client.certificates.get({ id })
      const code = retry === 'never' ? 'caRejected' : 'upstreamUnavailable'
      await recordFailure(service.services, work, new AppError(code, 'Ordering: it came late.'))
      expect(await account.client.certificates.get({ id })).toEqual(before)
      const { failed_code } = await service.services.db
        .selectFrom('application')
        .select('failed_code')
        .where('id', '=', work.application?.id ?? '')
        .executeTakeFirstOrThrow()
      expect(failed_code).toBeNull()
    },
  )

  test('a deployment of the old certificate that comes late does not put it over the new one', async () => {
    const { old, renewed } = await aRenewedPair()
    const folder = temporaryFolder()
    const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
    await account.client.targets.create({ certificateId: old.id, name: `late-${old.id}`, kind: 'localFiles', config })
    await account.client.applications.submit({ id: renewed.id, ...aForm(old.domains) })
    await advance(renewed.id)
    await advance(old.id)
    const fresh = await account.client.certificates.get({ id: renewed.id })
    expect(parseChain(readFileSync(config.certificatePath, 'utf8'))[0]?.sha256).toBe(fresh.sha256)
    const states = await service.services.db
      .selectFrom('deployment')
      .innerJoin('issuance', 'issuance.id', 'deployment.issuance_id')
      .select(['deployment.state', 'issuance.sha256'])
      .where('deployment.target_id', '=', fresh.targets[0]?.id ?? '')
      .execute()
    expect(Object.fromEntries(states.map(({ sha256, state }) => [sha256, state]))).toEqual({
      [old.sha256 ?? '']: 'superseded',
      [fresh.sha256 ?? '']: 'applied',
    })
  })

  test('a target that is added while what was issued is stored gets it', async () => {
    const { old, renewed } = await aRenewedPair()
    const folder = temporaryFolder()
    const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
    await account.client.applications.submit({ id: renewed.id, ...aForm(old.domains) })
    let isIssued = false
    onStep = (step, moment) => {
      isIssued ||= step === 'finalizeOrder' && moment === 'done'
    }
    let added = 0
    const db = withBefore(service.services.db, async () => {
      if (!isIssued || added > 0) return
      added += 1
      await account.client.targets.create({ certificateId: old.id, name: `new-${old.id}`, kind: 'localFiles', config })
    })
    await advanceCertificate({ ...service.services, db }, renewed.id, new AbortController().signal)
    const fresh = await account.client.certificates.get({ id: renewed.id })
    expect(added).toBe(1)
    expect(fresh.targets).toMatchObject([{ name: `new-${old.id}`, deployment: { state: 'applied' } }])
    expect(parseChain(readFileSync(config.certificatePath, 'utf8'))[0]?.sha256).toBe(fresh.sha256)
  })

  test('of two submissions at once one is kept', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const form = aForm([aSite(service)])
    const outcomes = await Promise.allSettled([1, 2].map(() => account.client.applications.submit({ id, ...form })))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  const spendingLimit = { amountMinor: 10_000, currency: 'CNY' }
  const callerOf = (): Caller => ({ accountId: account.accountId, tokenId: 'test', actor: 'test', scopes: new Set() })

  /** Whether the second waits for the first, which is done before it ends. */
  async function besides<Second>(
    first: Parameters<ReturnType<typeof transactionOf>['execute']>[0],
    second: () => Promise<Second>,
  ) {
    const { outcome } = await transactionOf().execute(async (trx) => {
      await first(trx)
      const running = outcomeOf(second())
      if (isPostgres(kind)) await untilItWaits(service, running)
      return { outcome: running }
    })
    return outcome
  }
  const transactionOf = () => service.services.db.transaction()

  test('managing and revoking at once: whoever comes second is refused', async () => {
    const [one, other] = [await issue(), await issue()]
    const revoke = { reason: 'superseded' as const }
    const managing = await besides(
      (trx) => revokeIn(service.services, trx, callerOf(), { ...revoke, id: one.id }),
      () => account.client.management.start({ id: one.id, spendingLimit }),
    )
    expect(managing).toEqual({ code: 'notManageable' })
    await advance(one.id)
    expect(await account.client.certificates.get({ id: one.id })).toMatchObject({ status: 'revoked', managed: false })
    const revoking = await besides(
      (trx) => manageIn(service.services, trx, callerOf(), { id: other.id, limit: spendingLimit }),
      () => account.client.certificates.revoke({ ...revoke, id: other.id }),
    )
    expect(revoking).toEqual({ code: 'managedCertificate' })
    expect(await account.client.certificates.get({ id: other.id })).toMatchObject({ status: 'issued', managed: true })
  })

  test('who manages and who stops managing at once, and money that comes in, wait for each other in one order', async () => {
    const { id } = await issue()
    const rounds = Array.from({ length: 6 }, (_, index) => index % 2 === 0)
    const calls = rounds.map((starts) =>
      starts ? account.client.management.start({ id, spendingLimit }) : account.client.management.stop({ id }),
    )
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(rounds.map(() => 'fulfilled'))
    const { managed, management } = await account.client.certificates.get({ id })
    expect(management !== null).toBe(managed)
  })

  test.runIf(isPostgres(kind))(
    'a limit that two agreed on, and that somebody gives up at the moment, is set again by two',
    async () => {
      const of = await anAccount(service)
      const [ada] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
      const { id } = await issue({ productId: PRIVATE_SINGLE }, [aSite(service)], of)
      const start = () => ada.client.management.start({ id, spendingLimit })
      await start()
      const low = [{ ...spendingLimit, amountMinor: 1 }]
      await ada.client.rules.set({ spendingLimits: low, revocation: false, keyDownload: false, tokensMayDownloadKeys: true })
      expect(await start()).toMatchObject({ managed: true }) // it is so already
      const facts = { accountId: of.accountId, certificateId: id, actor: 'test', now: clock.now() }
      const starting = await besides(async (trx) => {
        await lockLineage(trx, of.accountId, id)
        await endManagement(trx, facts)
      }, start)
      expect(starting).toEqual({ code: 'secondPersonNeeded' })
      expect(await of.client.certificates.get({ id })).toMatchObject({ managed: false, management: null })
    },
  )

  /** As when its CRL says so: nobody here asked for it. */
  async function revokedByItsCa(id: string): Promise<void> {
    const { services } = service
    const work = await loadWork(services, id)
    if (work === null) throw new Error('There is no such certificate.')
    const { accountId } = account
    const facts = { accountId, certificateId: id, actor: 'evercert', now: clock.now() }
    await transactionOf().execute(async (trx) => {
      await lockLineage(trx, accountId, id)
      await endAsRevoked(services, trx, work, { facts, revokedAt: clock.now(), fromState: null, detail: 'its CRL says so' })
    })
  }

  test('what its CA revokes is not managed any more; the old one is again, while that renewal was not over', async () => {
    const { client } = account
    const old = await issue()
    await client.management.start({ id: old.id, spendingLimit })
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const renewed = await buyCertificate(account, { renewsCertificateId: old.id })
    await client.applications.submit({ id: renewed.id, ...aForm(old.domains) })
    await advance(renewed.id)
    expect(await client.certificates.get({ id: renewed.id })).toMatchObject({ status: 'issued', managed: true })
    await revokedByItsCa(renewed.id)
    expect(await client.certificates.get({ id: renewed.id })).toMatchObject({
      status: 'revoked',
      managed: false,
      management: null,
    })
    const back = await client.certificates.get({ id: old.id })
    expect(back).toMatchObject({ managed: true, management: { spendingLimit, nextAction: 'renew' }, renewal: { eligible: true } })
    expect(Date.parse(back.management?.at ?? '')).toBeGreaterThan(clock.now())
    await revokedByItsCa(old.id) // renews nothing: nobody has it back
    expect(await client.certificates.get({ id: old.id })).toMatchObject({ status: 'revoked', managed: false, management: null })
  })

  test.runIf(isPostgres(kind))('who changes the row of a certificate twice, while somebody ends it, comes first', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const ending = await transactionOf().execute(async (trx) => {
      const change = (name: string) => trx.updateTable('certificate').set({ name }).where('id', '=', id).execute()
      await change(`${id} once`)
      const cancelling = outcomeOf(account.client.certificates.cancel({ id }, withKey()))
      await untilItWaits(service, cancelling)
      await change(`${id} twice`) // looks whether its order is still there
      return { cancelling }
    })
    expect(await ending.cancelling).toMatchObject({ answer: { status: 'cancelled', order: { state: 'refunded' } } })
  })

  test.runIf(isPostgres(kind))('applying, renaming and cancelling at once end each in an answer or a refusal', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
        const { client } = account
        return Promise.all([
          outcomeOf(client.applications.submit({ id, ...aForm([aSite(service)]) })),
          outcomeOf(client.certificates.rename({ id, name: `named ${index}` })),
          outcomeOf(client.certificates.cancel({ id }, withKey())),
        ])
      }),
    )
    const codes = outcomes.flat().flatMap((outcome) => ('code' in outcome ? [outcome.code] : []))
    expect(codes.filter((code) => code !== 'conflict' && code !== 'alreadyEnded')).toEqual([])
  })

  test.runIf(isPostgres(kind))(
    'who adds to a certificate while the one that renewed it is issued again waits, or is waited for',
    async () => {
      const { old, renewed } = await aRenewedPair()
      const form = aForm(old.domains)
      await account.client.applications.submit({ id: renewed.id, ...form })
      await advance(renewed.id)
      const { sha256 } = await account.client.certificates.get({ id: renewed.id })
      await account.client.applications.submit({ id: renewed.id, ...form, reissue: true })
      const { advancing } = await transactionOf().execute(async (trx) => {
        // As `lockNewestIssued` takes them, one after the other.
        await sql`select from certificate where id = ${old.id} for update`.execute(trx)
        const running = outcomeOf(advance(renewed.id))
        await untilItWaits(service, running)
        expect(await lockNewestIssued(trx, account.accountId, old.id)).toMatchObject({ id: renewed.id })
        return { advancing: running }
      })
      await advancing
      expect((await account.client.certificates.get({ id: renewed.id })).sha256).not.toBe(sha256)
    },
  )

  test.runIf(isPostgres(kind))('who asks again for what somebody approves at the moment waits for them', async () => {
    const of = await anAccount(service)
    const [ada, bob] = [await aMember(of, 'owner'), await aMember(of, 'owner')]
    const { id } = await issue({ productId: PRIVATE_SINGLE }, [aSite(service)], of)
    await ada.client.rules.set({ spendingLimits: null, revocation: true, keyDownload: false, tokensMayDownloadKeys: true })
    const revoke = () => ada.client.certificates.revoke({ id, reason: 'superseded' })
    const approvalId = String((await refusalOf(revoke())).facts['approvalId'])
    const caller = { ...callerOf(), accountId: of.accountId }
    const { asking } = await transactionOf().execute(async (trx) => {
      // As `approve` takes them.
      await lockAccount(trx, of.accountId)
      await sql`select from approval where id = ${approvalId} for update`.execute(trx)
      const running = outcomeOf(revoke())
      await untilItWaits(service, running)
      await lockCertificate(service.services, trx, caller, id)
      return { asking: running }
    })
    expect(await asking).toEqual({ code: 'secondPersonNeeded' })
    expect(await bob.client.approvals.approve({ id: approvalId })).toMatchObject({ state: 'done' })
  })

  test('a removed endpoint is gone with its proof, and its address is free for another certificate', async () => {
    const [one, other] = [await issue(), await issue()]
    const endpoint = await endpointFor(one.id, 31)
    expect((await refusalOf(endpointFor(other.id, 31))).code).toBe('duplicateName')
    await account.client.endpoints.remove({ id: endpoint.id })
    expect((await endpointFor(other.id, 31)).certificateId).toBe(other.id)
    expect((await refusalOf(account.client.endpoints.remove({ id: endpoint.id }))).code).toBe('notFound')
  })

  test('a changed renewal window changes the list with the status', async () => {
    const { applyRenewalPolicy } = await import('../../src/services/renewal-policy.ts')
    const certificate = await issue()
    clock.moveTo(Date.parse(certificate.notAfter ?? '') - 45 * DAY_MS)
    const isListed = async () =>
      (await account.client.certificates.list({ status: 'expiringSoon', search: certificate.id, limit: 5 })).items.length === 1
    expect(await isListed()).toBe(false)
    await applyRenewalPolicy({ ...service.services, policy: { windowDays: 60, calendar: null } })
    expect(await isListed()).toBe(true)
    await applyRenewalPolicy(service.services)
    expect(await isListed()).toBe(false)
  })
})
