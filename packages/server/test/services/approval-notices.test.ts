/** Who may decide is told by themselves, in their inbox and by mail; who asked is told what became of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAIL_NAME, NO_MAIL_SERVER, startMailServer, type MailServer } from '../../../../test/harness/mail-server.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import { expireApprovals } from '../../src/services/approvals/expire.ts'
import {
  aMember,
  anAccount,
  CURRENCY,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type Colleague,
  type TestAccount,
} from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { deliverAll } from '../support/notices.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let ada: Colleague
  let bob: Colleague
  let fin: Colleague
  let eye: Colleague
  const clock = createClock(Date.parse('2026-11-23T12:00:00Z'))
  const inboxOf = async (colleague: Colleague) =>
    (await colleague.client.notices.inbox({})).items.map(({ id, kind, isPersonal, title, text }) => ({
      id,
      kind,
      isPersonal,
      title: title.en,
      text: text.en,
    }))
  const kindsOf = async (colleague: Colleague) =>
    (await inboxOf(colleague)).map(({ kind, isPersonal }) => `${kind}${isPersonal ? ' (personal)' : ''}`)

  /** An order over the limit, asked to be paid: the request's id. */
  async function ask(by: Colleague): Promise<string> {
    const { client } = by
    const { id } = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    return String((await refusalOf(client.orders.pay({ id }, withKey()))).facts['approvalId'])
  }

  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    account = await anAccount(service)
    ;[ada, bob] = [await aMember(account, 'owner'), await aMember(account, 'administrator')]
    ;[fin, eye] = [await aMember(account, 'finance'), await aMember(account, 'viewer')]
    const spendingLimits = [{ amountMinor: 100, currency: CURRENCY }]
    await ada.client.rules.set({ spendingLimits, revocation: false, keyDownload: false, tokensMayDownloadKeys: true })
  })
  afterAll(() => service.stop())

  test('each of those who may decide, once, and nobody else; who asked, when it is decided', async () => {
    const id = await ask(ada)
    const order = String((await bob.client.approvals.get({ id })).facts['order'])
    await refusalOf(ada.client.orders.pay({ id: order }, withKey())) // again: the same request
    for (const approver of [bob, fin]) expect(await kindsOf(approver)).toEqual(['approvalWaiting (personal)'])
    for (const other of [ada, eye]) expect(await kindsOf(other)).toEqual(['approvalWaiting']) // the account's
    const [mine] = await inboxOf(fin)
    // What is one's own is read by oneself; what is everybody's takes the permission for it.
    const [theirs] = await inboxOf(bob)
    expect((await refusalOf(fin.client.notices.markRead({ id: theirs?.id ?? '' }))).code).toBe('notFound')
    expect((await fin.client.notices.markRead({ id: mine?.id ?? '' })).readAt).not.toBeNull()
    expect(await kindsOf(fin)).toEqual([])
    const [common] = await inboxOf(eye)
    expect(await refusalOf(eye.client.notices.markRead({ id: common?.id ?? '' }))).toMatchObject({
      code: 'forbidden',
      facts: { scope: 'notices:write' },
    })

    await bob.client.approvals.refuse({ id, reason: 'too dear' })
    expect(await kindsOf(bob)).toEqual([])
    const [told] = (await inboxOf(ada)).filter(({ kind }) => kind === 'approvalDecided')
    expect(told).toMatchObject({ isPersonal: true, title: `A payment for ${PRIVATE_SINGLE} was refused` })
    expect(told?.text).toContain('too dear')
    expect(await kindsOf(eye)).toEqual(['approvalWaiting'])
    const approved = await ask(ada)
    await fin.client.approvals.approve({ id: approved })
    expect((await inboxOf(ada)).map(({ title }) => title)).toContain(`A payment for ${PRIVATE_SINGLE} was approved and done`)
  })

  test('that nobody decided in time is told as well, and what a token asked is told nobody', async () => {
    const id = await ask(ada)
    clock.advance(8 * DAY_MS)
    await expireApprovals(service.services)
    expect((await inboxOf(ada)).map(({ title }) => title)).toContain(
      `A payment for ${PRIVATE_SINGLE} was decided by nobody in time`,
    )
    expect(await kindsOf(bob)).toEqual([])
    const { id: order } = await account.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    const byToken = String((await refusalOf(account.client.orders.pay({ id: order }, withKey()))).facts['approvalId'])
    await bob.client.approvals.refuse({ id: byToken, reason: 'no' })
    const rows = await service.services.db.selectFrom('notice').select('occasion').where('kind', '=', 'approvalDecided').execute()
    expect(rows.some(({ occasion }) => occasion.startsWith(byToken))).toBe(false)
    expect(rows.some(({ occasion }) => occasion.startsWith(id))).toBe(true)
  })

  describe.skipIf(NO_MAIL_SERVER !== null)('by mail', () => {
    let server: MailServer
    beforeAll(async () => {
      server = await startMailServer()
      service.dns.add(MAIL_NAME, 'A', '127.0.0.1')
      const { port, user, password, rootPem: caPem } = server
      const config = { host: MAIL_NAME, port, user, password, from: 'evercert@example.com', caPem }
      await account.client.channels.create({ name: 'mail', kind: 'smtp', config })
      await account.client.noticeSettings.set({
        leadsDays: [30],
        quietHours: { from: '22:00', until: '07:00' },
        timeZone: 'UTC',
        language: 'en',
        recipients: [{ name: 'Desk', email: 'desk@example.com' }],
      })
    })
    afterAll(() => server?.stop())

    const mailsTo = (email: string) =>
      server.messages().filter((mail) => /^X-Envelope-To: (.*)$/im.exec(mail)?.[1]?.includes(email) === true)

    test('each gets their own, the account its own; nothing in quiet hours, and nothing that was decided by then', async () => {
      await bob.client.me.get()
      await service.services.db.updateTable('user').set({ language: 'zh' }).where('id', '=', bob.userId).execute()
      clock.moveTo(Date.parse('2026-12-08T12:00:00Z'))
      const id = await ask(ada)
      await deliverAll(service)
      for (const email of [bob.email, fin.email, 'desk@example.com']) expect(mailsTo(email)).toHaveLength(1)
      for (const email of [ada.email, eye.email]) expect(mailsTo(email)).toHaveLength(0)
      expect(mailsTo(bob.email)[0]).toContain('Content-Language: zh')
      await fin.client.approvals.approve({ id })
      await deliverAll(service)
      expect(mailsTo(ada.email)).toHaveLength(1)

      clock.moveTo(Date.parse('2026-12-08T23:00:00Z'))
      const night = await ask(ada)
      await deliverAll(service)
      expect(mailsTo(bob.email)).toHaveLength(1)
      await bob.client.approvals.refuse({ id: night, reason: 'not at night' })
      clock.moveTo(Date.parse('2026-12-09T07:00:00Z') + HOUR_MS)
      await deliverAll(service)
      expect(mailsTo(fin.email)).toHaveLength(1) // there was nothing to decide any more
      expect(mailsTo(ada.email)).toHaveLength(2)
    })

    test('an approver who is a recipient of the account as well gets one mail', async () => {
      clock.moveTo(Date.parse('2026-12-10T12:00:00Z'))
      const settings = await account.client.noticeSettings.get()
      const before = mailsTo(bob.email).length
      const desk = mailsTo('desk@example.com').length
      const both = [...settings.recipients, { name: 'Bob', email: bob.email.toUpperCase() }]
      await account.client.noticeSettings.set({ ...settings, recipients: both })
      await ask(ada)
      await deliverAll(service)
      expect([mailsTo(bob.email).length - before, mailsTo('desk@example.com').length - desk]).toEqual([1, 1])
      await account.client.noticeSettings.set({ ...settings, recipients: [{ name: 'Bob', email: bob.email }] })
      await ask(ada)
      await deliverAll(service)
      expect([mailsTo(bob.email).length - before, mailsTo('desk@example.com').length - desk]).toEqual([2, 1])
      const { items } = await account.client.notices.list({})
      expect(
        items.flatMap(({ deliveries }) => deliveries).filter(({ state }) => state === 'failed' || state === 'givenUp'),
      ).toEqual([])
    })
  })
})
