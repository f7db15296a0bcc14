import type { AccountRules, ApprovalView, CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCaller } from '../../src/services/access/callers.ts'
import { passGate } from '../../src/services/approvals/gate.ts'
import { downloadWithKey } from '../../src/services/downloads.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import {
  aMember,
  anAccount,
  anIssuedCertificate,
  CURRENCY,
  PRIVATE_SINGLE,
  refusalOf,
  topUp,
  withKey,
  type Colleague,
  type TestAccount,
} from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const ALL: AccountRules = {
  spendingLimits: [{ amountMinor: 100, currency: CURRENCY }],
  revocation: true,
  keyDownload: true,
  tokensMayDownloadKeys: true,
}

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let ada: Colleague
  let bob: Colleague
  /** When set, the process dies here: everything after it never happened. */
  let dieAt: string | null = null
  /** Bought before there were rules. */
  let managed: CertificateDetail
  let issued: CertificateDetail
  const clock = createClock()
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock,
      onStep: (step, moment) => {
        if (`${step}:${moment}` === dieAt) throw new Error('died')
      },
    })
    account = await anAccount(service)
    ada = await aMember(account, 'owner')
    bob = await aMember(account, 'administrator')
    ;[managed, issued] = [await anIssuedCertificate(account), await anIssuedCertificate(account)]
    await ada.client.rules.set(ALL)
  })
  afterAll(() => service.stop())

  /** The id of the request that a call was turned into. */
  async function waitingOf(call: Promise<unknown>): Promise<string> {
    const problem = await refusalOf(call)
    expect(problem).toMatchObject({ code: 'secondPersonNeeded', facts: { approvers: expect.any(Array) as string[] } })
    return String(problem.facts['approvalId'])
  }
  const anOrder = (by = ada) => by.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
  const balanceOf = async (of = account) => (await of.client.balance.get()).balances[0]?.amountMinor

  test('a payment over the limit waits, is told, and is made once by the approval', async () => {
    const order = await anOrder()
    const before = await balanceOf()
    const id = await waitingOf(ada.client.orders.pay({ id: order.id }, withKey()))
    expect(await waitingOf(ada.client.orders.pay({ id: order.id }, withKey()))).toBe(id)
    await ada.client.approvals.explain({ id, why: 'the shop needs it' })
    const waiting = await bob.client.approvals.get({ id })
    expect(waiting).toMatchObject({
      kind: 'spending',
      state: 'waiting',
      subject: PRIVATE_SINGLE,
      why: 'the shop needs it',
      mayDecide: true,
      isMine: false,
      approvers: [bob.email],
    })
    expect(waiting.facts).toMatchObject({ order: order.id, state: 'placed', method: 'balance' })
    expect((await bob.client.notices.inbox({})).items).toMatchObject([{ kind: 'approvalWaiting', certificateId: null }])
    expect(await balanceOf()).toBe(before)

    const decided = await Promise.allSettled([bob.client.approvals.approve({ id }), bob.client.approvals.approve({ id })])
    expect(decided.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await bob.client.approvals.get({ id })).toMatchObject({ state: 'done', decidedBy: expect.any(String) as string })
    expect(await ada.client.orders.get({ id: order.id })).toMatchObject({ state: 'paid' })
    expect(await balanceOf()).toBe((before ?? 0) - order.price.amountMinor)
    // The same call again, as a client does that never got its answer: it is paid, and that is said.
    expect(await ada.client.orders.pay({ id: order.id }, withKey())).toMatchObject({ state: 'paid' })
  })

  test('nobody approves their own, by whichever token; nor who came later, or could not do it themselves', async () => {
    const order = await anOrder()
    const id = await waitingOf(ada.client.orders.pay({ id: order.id }, withKey()))
    const { token } = await ada.client.tokens.create({ name: 'ada again', scopes: ['approvals:decide', 'orders:write'] })
    const late = await aMember(account, 'administrator')
    const finance = await aMember(account, 'finance')
    for (const [client, code] of [
      [ada.client, 'approverIsRequester'],
      [service.clientOf(token), 'approverIsRequester'],
      [late.client, 'approverUnfit'],
      [account.client, 'approverUnfit'],
    ] as const) {
      expect(await refusalOf(client.approvals.approve({ id }))).toMatchObject({ code })
      expect(await refusalOf(client.approvals.refuse({ id, reason: 'no' }))).toMatchObject({ code })
    }
    expect(await ada.client.orders.get({ id: order.id })).toMatchObject({ state: 'placed' })
    // Finance decides on money, and on nothing else; a viewer sees none of it.
    const next = await waitingOf(bob.client.orders.pay({ id: (await anOrder(bob)).id }, withKey()))
    expect(await finance.client.approvals.get({ id: next })).toMatchObject({ mayDecide: true })
    const viewer = await aMember(account, 'viewer')
    expect((await viewer.client.approvals.list({})).items).toEqual([])
    expect(await refusalOf(viewer.client.approvals.get({ id }))).toMatchObject({ code: 'notFound' })
    await ada.client.approvals.withdraw({ id })
    expect(await refusalOf(bob.client.approvals.approve({ id }))).toMatchObject({
      code: 'conflict',
      facts: { state: 'withdrawn' },
    })
    await ada.client.approvals.refuse({ id: next, reason: 'too dear' })
    expect(await bob.client.approvals.get({ id: next })).toMatchObject({ state: 'refused', decisionReason: 'too dear' })
  })

  test('what cannot be done any more as it was asked lapses; what passes by itself goes on waiting', async () => {
    const cancelled = await anOrder()
    const first = await waitingOf(ada.client.orders.pay({ id: cancelled.id }, withKey()))
    await ada.client.orders.cancel({ id: cancelled.id })
    expect(await refusalOf(bob.client.approvals.approve({ id: first }))).toMatchObject({ code: 'approvalOutdated' })
    expect(await bob.client.approvals.get({ id: first })).toMatchObject({
      state: 'lapsed',
      problem: { code: 'approvalOutdated' },
    })

    const poor = await anAccount(service, { balanceMinor: 0 })
    const [one, two] = [await aMember(poor, 'owner'), await aMember(poor, 'owner')]
    await one.client.rules.set(ALL)
    const second = await waitingOf(one.client.orders.pay({ id: (await anOrder(one)).id }, withKey()))
    expect(await refusalOf(two.client.approvals.approve({ id: second }))).toMatchObject({ code: 'paymentRequired' })
    await topUp(poor, 10_000_000)
    expect(await two.client.approvals.approve({ id: second })).toMatchObject({ state: 'done' })

    const third = await waitingOf(one.client.orders.pay({ id: (await anOrder(one)).id }, withKey()))
    await poor.client.members.remove({ id: one.userId })
    expect(await refusalOf(two.client.approvals.approve({ id: third }))).toMatchObject({ code: 'approvalOutdated' })
    // Now nobody is left who could approve for the other one.
    expect(await refusalOf(two.client.orders.pay({ id: (await anOrder(two)).id }, withKey()))).toMatchObject({
      code: 'noSecondPerson',
    })
  })

  test('a process that dies before its commit did nothing; after it everything', async () => {
    const order = await anOrder()
    const id = await waitingOf(ada.client.orders.pay({ id: order.id }, withKey()))
    const before = await balanceOf()
    dieAt = 'approvals.approve:done'
    expect(await refusalOf(bob.client.approvals.approve({ id }))).toMatchObject({ code: 'internal' })
    dieAt = null
    expect(await bob.client.approvals.get({ id })).toMatchObject({ state: 'waiting' })
    expect(await balanceOf()).toBe(before)
    dieAt = 'approvals.approve:recorded'
    expect(await refusalOf(bob.client.approvals.approve({ id }))).toMatchObject({ code: 'internal' })
    dieAt = null
    expect(await bob.client.approvals.get({ id })).toMatchObject({ state: 'done' })
    expect(await balanceOf()).toBe((before ?? 0) - order.price.amountMinor)
  })

  test('a managed certificate renews within its own limit; a limit over the rule is set by two', async () => {
    const { id: certificateId } = managed
    expect(await ada.client.management.start({ id: certificateId, spendingLimit: money(100) })).toMatchObject({ managed: true })
    const id = await waitingOf(ada.client.management.start({ id: certificateId, spendingLimit: money(5_000_000) }))
    await bob.client.approvals.approve({ id })
    expect(await ada.client.certificates.get({ id: certificateId })).toMatchObject({
      management: { spendingLimit: money(5_000_000) },
    })
    const unknown = { amountMinor: 5_000_000, currency: 'XQX' } // nobody could have it set: nobody is asked
    expect((await refusalOf(ada.client.management.start({ id: certificateId, spendingLimit: unknown }))).code).toBe(
      'unknownCurrency',
    )
    await ada.client.management.stop({ id: certificateId })
    expect(await waitingOf(ada.client.management.start({ id: certificateId, spendingLimit: money(5_000_001) }))).not.toBe(id)
  })

  describe('of a certificate', () => {
    let id: string
    beforeAll(() => {
      id = issued.id
    })

    test('its key is handed out once for each go-ahead, to who asked, while it is the same key', async () => {
      const download = () => ada.client.downloads.withKey({ id, format: 'nginx' })
      const approval = await waitingOf(download())
      expect(await bob.client.approvals.approve({ id: approval })).toMatchObject({ state: 'approved' })
      expect(await refusalOf(bob.client.downloads.withKey({ id, format: 'nginx' }))).toMatchObject({ code: 'secondPersonNeeded' })
      expect((await download()).size).toBeGreaterThan(0)
      expect(await ada.client.approvals.get({ id: approval })).toMatchObject({ state: 'done' })
      const again = await waitingOf(download())
      expect(again).not.toBe(approval)
      await bob.client.approvals.approve({ id: again })
      clock.advance(25 * HOUR_MS)
      await waitFor('the go-ahead to end', async () => ((await stateOf(again)) === 'expired' ? true : null))
      expect(await waitingOf(download())).not.toBe(again)
      const { items } = await ada.client.certificates.history({ id })
      expect(items.filter(({ subject, to }) => subject === 'key' && to === 'downloaded')).toHaveLength(1)
    })

    test('what changes between the gate and the transaction that hands the key out needs another go-ahead', async () => {
      const { services } = service
      const caller = await findCaller(services, services.db, { accountId: account.accountId, userId: ada.userId, tokenId: null })
      if (caller === null) throw new Error('There is no such caller.')
      const call = { operation: 'downloads.withKey', input: { id, format: 'apache' } } as const
      await bob.client.approvals.approve({ id: await waitingOf(ada.client.downloads.withKey(call.input)) })
      const useApproval = await passGate(services, caller, call)
      const rename = (name: string) => services.db.updateTable('certificate').set({ name }).where('id', '=', id).execute()
      const { name } = await ada.client.certificates.get({ id })
      await rename(`${name} anew`)
      await expect(services.db.transaction().execute(async (trx) => useApproval?.(trx))).rejects.toMatchObject({
        code: 'conflict',
      })
      await rename(name)
      // Passed before the rules were there.
      const handing = downloadWithKey(services, caller, { ...call.input, useApproval: null })
      await expect(handing).rejects.toMatchObject({ code: 'conflict', stale: true })
      await services.db.transaction().execute(async (trx) => useApproval?.(trx))
    })

    test('it is revoked by the approval, as who asked', async () => {
      const approval = await waitingOf(ada.client.certificates.revoke({ id, reason: 'keyCompromise' }))
      expect(await refusalOf(ada.client.certificates.revocation({ id }))).toMatchObject({ code: 'notFound' })
      await bob.client.approvals.approve({ id: approval })
      expect(await ada.client.certificates.revocation({ id })).toMatchObject({ reason: 'keyCompromise' })
      const { items } = await ada.client.certificates.history({ id })
      expect(items.filter(({ subject }) => subject === 'approval').map(({ to }) => to)).toContain('done')
      await ada.client.certificates.revoke({ id }) // it is under way: there is nothing to approve
    })
  })

  test('tightening holds at once; loosening waits for the second person; nobody waits for ever', async () => {
    const looser = { ...ALL, revocation: false }
    const id = await waitingOf(ada.client.rules.set(looser))
    expect(await ada.client.rules.get()).toEqual(ALL)
    const dearer = { ...ALL, spendingLimits: [money(100), { amountMinor: 1, currency: 'EUR' }] }
    await waitingOf(ada.client.rules.set(dearer))
    await ada.client.rules.set({ ...ALL, tokensMayDownloadKeys: false })
    // The rules are not those any more that the request would replace.
    expect(await refusalOf(bob.client.approvals.approve({ id }))).toMatchObject({ code: 'approvalOutdated' })
    await bob.client.approvals.approve({ id: await waitingOf(ada.client.rules.set(looser)) })
    expect(await ada.client.rules.get()).toEqual(looser)
    expect(await refusalOf(bob.client.rules.set(ALL))).toMatchObject({ code: 'forbidden', facts: { scope: 'rules:write' } })
    await ada.client.rules.set(ALL)

    const order = await anOrder()
    const forgotten = await waitingOf(ada.client.orders.pay({ id: order.id }, withKey()))
    clock.advance(8 * DAY_MS)
    expect(await refusalOf(bob.client.approvals.approve({ id: forgotten }))).toMatchObject({ code: 'conflict' })
    await waitFor('the request to end', async () => ((await stateOf(forgotten)) === 'expired' ? true : null))

    const alone = await anAccount(service)
    const only = await aMember(alone, 'owner')
    expect(await refusalOf(only.client.rules.set(ALL))).toMatchObject({ code: 'noSecondPerson' })
    expect(await only.client.rules.set({ ...(await only.client.rules.get()), tokensMayDownloadKeys: false })).toMatchObject({
      tokensMayDownloadKeys: false,
    })
  })

  const money = (amountMinor: number) => ({ amountMinor, currency: CURRENCY })

  /** As it is in the database, not as it is shown. */
  async function stateOf(id: string): Promise<ApprovalView['state'] | undefined> {
    const row = await service.services.db.selectFrom('approval').select('state').where('id', '=', id).executeTakeFirst()
    return row?.state
  }
})
