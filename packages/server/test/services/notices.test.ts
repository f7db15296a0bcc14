import type { NoticeSettingsView } from '@evercert/contract'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isQuiet, minuteOfClock } from '../../src/domain/notice/quiet-hours.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import { createCourier } from '../../src/services/notices/courier.ts'
import { planDueNotices } from '../../src/services/notices/plan.ts'
import { aForeignCertificate, anAccount, anUpload, refusalOf, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { addWebhook, deliverAll, runRound, startNoticeReceiver, WEBHOOK_SECRET, type NoticeReceiver } from '../support/notices.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const SETTINGS: NoticeSettingsView = {
  leadsDays: [30, 15, 7, 3, 1, 0],
  quietHours: null,
  timeZone: 'UTC',
  language: 'en',
  recipients: [],
}

/** The worker does nothing by itself: each round is the test's. */
eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let receiver: NoticeReceiver
  let failAfterSending = false
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock,
      worker: IDLE_WORKER,
      environment: { EVERCERT_PUBLIC_URL: 'https://evercert.example' },
      onStep: (step, moment) => {
        if (failAfterSending && step === 'deliverNotice' && moment === 'done') throw new Error('the process ends here')
      },
    })
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    await service.services.db.updateTable('certificate').set({ next_notice_at: null }).execute()
    receiver = await startNoticeReceiver()
    account = await anAccount(service, { balanceMinor: 0 })
  })
  afterEach(() => receiver.close())
  afterAll(() => service.stop())

  const anExpiring = (daysLeft: number) => anUpload(account, { daysLeft })
  const stagesOf = (certificateId: string) =>
    receiver.receivedAbout(certificateId).map(({ type, stageDays }) => `${type.slice(7)} ${stageDays}`)
  const inboxOf = async () => (await account.client.notices.inbox({})).items
  /** From now on to then, looking every few hours. */
  const walkTo = async (instant: number, stepMs = 12 * HOUR_MS) => {
    while (clock.now() < instant) {
      clock.moveTo(Math.min(instant, clock.now() + stepMs))
      await runRound(service)
    }
  }

  describe('by the calendar', () => {
    test('a certificate that nobody renews is told of once at each lead, at its end, and on after it', async () => {
      await addWebhook(account, receiver)
      const { id, notAfter } = await anExpiring(32)
      await walkTo(Date.parse(notAfter ?? '') + 22 * DAY_MS)
      const leads = ['expiry 30', 'expiry 15', 'expiry 7', 'expiry 3', 'expiry 1', 'expiry 0']
      expect(stagesOf(id)).toEqual([...leads, 'expired 1', 'expired 3', 'expired 7', 'expired 14', 'expired 21'])
      expect(await inboxOf()).toHaveLength(11)
    })

    test('after a pause only the stage that was reached is told', async () => {
      await addWebhook(account, receiver)
      const { id, notAfter } = await anExpiring(32)
      await runRound(service)
      clock.moveTo(Date.parse(notAfter ?? '') - 2 * DAY_MS)
      await runRound(service)
      await runRound(service)
      expect(stagesOf(id)).toEqual(['expiry 3'])
      expect(receiver.receivedAbout(id)[0]?.title).toMatch(/expires in 2 days|expires in 48 hours/)
    })

    test('a certificate of six days has the same fractions', async () => {
      await addWebhook(account, receiver)
      const now = clock.now()
      const leaf = aForeignCertificate(service, { notBefore: now - 3600_000, notAfter: now + 6 * DAY_MS - 3600_000 })
      const { id, notAfter } = await anUpload(account, { leaf })
      await walkTo(Date.parse(notAfter ?? ''), HOUR_MS)
      expect(stagesOf(id)).toEqual(['expiry 30', 'expiry 15', 'expiry 7', 'expiry 3', 'expiry 1', 'expiry 0'])
    })

    test('costs nothing while nothing is due: the certificate is not looked at before 91 days, and then at its leads', async () => {
      const { id, notAfter } = await anExpiring(300)
      const end = Date.parse(notAfter ?? '')
      const nextAt = async () => {
        const query = service.services.db.selectFrom('certificate').select('next_notice_at').where('id', '=', id)
        return (await query.executeTakeFirstOrThrow()).next_notice_at?.getTime()
      }
      expect(await planDueNotices(service.services)).toBe(0)
      expect(await nextAt()).toBe(end - 91 * DAY_MS)
      clock.moveTo(end - 91 * DAY_MS)
      expect(await planDueNotices(service.services)).toBe(1)
      expect(await nextAt()).toBe(end - 30 * DAY_MS)
      expect(await planDueNotices(service.services)).toBe(0)
    })

    test('two that plan at once plan one', async () => {
      const { id } = await anExpiring(5)
      await Promise.all([planDueNotices(service.services), planDueNotices(service.services)])
      await service.services.db
        .updateTable('certificate')
        .set({ next_notice_at: new Date(0) })
        .where('id', '=', id)
        .execute()
      await planDueNotices(service.services)
      expect((await account.client.notices.list({ certificateId: id })).items).toHaveLength(1)
    })
  })

  describe('settings', () => {
    test('are the defaults until they are set, and then what was set', async () => {
      const { client } = account
      expect(await client.noticeSettings.get()).toEqual(SETTINGS)
      const wish = {
        leadsDays: [7, 60, 7, 0],
        quietHours: { from: '22:30', until: '07:15' },
        timeZone: 'Asia/Shanghai',
        language: 'zh' as const,
        recipients: [{ name: '王芳', email: 'ops@example.com' }],
      }
      const saved = { ...wish, leadsDays: [60, 7, 0] }
      expect(await client.noticeSettings.set(wish)).toEqual(saved)
      expect(await client.noticeSettings.get()).toEqual(saved)
    })

    test.each([
      [
        'more than ten recipients',
        { recipients: Array.from({ length: 11 }, (_, at) => ({ name: 'a', email: `a${at}@example.com` })) },
      ],
      ['an unknown zone', { timeZone: 'Mars/Olympus' }],
      ['no hour left open', { quietHours: { from: '08:00', until: '07:30' } }],
      ['no time', { quietHours: { from: '24:00', until: '07:30' } }],
      ['no lead', { leadsDays: [] }],
      ['a lead that is too long', { leadsDays: [91] }],
    ])('%s is refused', async (_what, wish) => {
      expect((await refusalOf(account.client.noticeSettings.set({ ...SETTINGS, ...wish }))).code).toBe('invalid')
    })

    test('new leads count for certificates that were looked at already', async () => {
      await addWebhook(account, receiver)
      const { id } = await anExpiring(50)
      await runRound(service)
      expect(stagesOf(id)).toEqual([])
      await account.client.noticeSettings.set({ ...SETTINGS, leadsDays: [60, 0] })
      await runRound(service)
      expect(stagesOf(id)).toEqual(['expiry 60'])
    })

    test('the language is that of the message', async () => {
      await addWebhook(account, receiver)
      await account.client.noticeSettings.set({ ...SETTINGS, language: 'zh' })
      const { id, name } = await anExpiring(7)
      await runRound(service)
      expect(receiver.receivedAbout(id)[0]?.title).toBe(`证书 ${name} 将在 7 天后过期`)
    })
  })

  describe('quiet hours', () => {
    const quietHours = { from: '22:00', until: '08:00' }
    const quiet = { fromMinute: minuteOfClock('22:00'), untilMinute: minuteOfClock('08:00'), timeZone: 'Asia/Shanghai' }

    test('delay every notice, lose none, and let none through', async () => {
      await addWebhook(account, receiver)
      await account.client.noticeSettings.set({ ...SETTINGS, quietHours, timeZone: 'Asia/Shanghai' })
      clock.moveTo(Date.parse('2026-11-23T15:00:00Z')) // 23:00 in Shanghai: each lead begins in quiet hours
      const { id, notAfter } = await anExpiring(31)
      let seen = 0
      while (clock.now() < Date.parse(notAfter ?? '') + 2 * DAY_MS) {
        clock.advance(3 * HOUR_MS)
        await runRound(service)
        const count = receiver.receivedAbout(id).length
        if (count > seen) expect(isQuiet(clock.now(), quiet)).toBe(false)
        seen = count
      }
      expect(stagesOf(id)).toEqual(['expiry 30', 'expiry 15', 'expiry 7', 'expiry 3', 'expiry 1', 'expiry 0', 'expired 1'])
    })

    test('the inbox has it at once, and taking them away sends it at once', async () => {
      await addWebhook(account, receiver)
      await account.client.noticeSettings.set({ ...SETTINGS, quietHours, timeZone: 'Asia/Shanghai' })
      clock.moveTo(Date.parse('2026-11-23T15:00:00Z'))
      const { id } = await anExpiring(5)
      await runRound(service)
      const [notice] = await inboxOf()
      expect(notice).toMatchObject({ certificateId: id, deliveries: [{ state: 'planned', attempts: 0 }] })
      expect(notice?.deliveries[0]?.nextAttemptAt).toBe('2026-11-24T00:00:00.000Z')
      await account.client.noticeSettings.set(SETTINGS)
      await runRound(service)
      expect(stagesOf(id)).toEqual(['expiry 7'])
    })
  })

  describe('a channel that fails', () => {
    test('is tried again under the same id until it takes the notice', async () => {
      await addWebhook(account, receiver)
      receiver.answerWith({ status: 503 })
      const { id } = await anExpiring(5)
      await runRound(service)
      expect((await inboxOf())[0]?.deliveries).toMatchObject([
        { state: 'failed', attempts: 1, problem: { code: 'upstreamUnavailable' } },
      ])
      await runRound(service)
      expect(receiver.receivedAbout(id)).toHaveLength(1) // not before its time
      clock.advance(6000)
      receiver.answerWith(null)
      await runRound(service)
      const received = receiver.receivedAbout(id)
      expect(received).toHaveLength(2)
      expect(new Set(received.map((each) => each.id)).size).toBe(1)
      expect((await inboxOf())[0]?.deliveries).toMatchObject([{ state: 'sent', attempts: 2, problem: null }])
    })

    test('for good: given up at once, the fallbacks have it in their order, and the inbox says so', async () => {
      const [first, second] = [await startNoticeReceiver(), await startNoticeReceiver()]
      await addWebhook(account, receiver, { name: 'main' })
      await addWebhook(account, first, { name: 'first fallback', role: 'fallback' })
      await addWebhook(account, second, { name: 'second fallback', role: 'fallback' })
      receiver.answerWith({ status: 410 })
      first.answerWith({ status: 404 })
      const { id, name } = await anExpiring(5)
      await runRound(service)
      expect([receiver, first, second].map((each) => each.receivedAbout(id).length)).toEqual([1, 1, 1])
      const notices = await inboxOf()
      expect(notices.find(({ kind }) => kind === 'expiry')?.deliveries).toMatchObject([
        { channelName: 'main', state: 'givenUp', problem: { code: 'misconfigured' } },
        { channelName: 'first fallback', state: 'givenUp' },
        { channelName: 'second fallback', state: 'sent' },
      ])
      const givenUp = notices.filter(({ kind }) => kind === 'deliveryGivenUp')
      expect(givenUp).toHaveLength(2)
      expect(givenUp.map(({ title }) => title.en)).toContain(`A notice about ${name} could not be sent by main`)
      expect(givenUp.every(({ deliveries }) => deliveries.length === 0)).toBe(true)
      await Promise.all([first.close(), second.close()])
    })

    test('for hours: the fallback has it after the third failure, once, and the channel is given up in the end', async () => {
      const fallback = await startNoticeReceiver()
      await addWebhook(account, receiver)
      await addWebhook(account, fallback, { name: 'fallback', role: 'fallback' })
      receiver.answerWith({ status: 500 })
      const { id } = await anExpiring(5)
      const fallbackHad: number[] = []
      await runRound(service)
      for (let hour = 0; hour < 12; hour += 1) {
        fallbackHad.push(fallback.receivedAbout(id).length)
        clock.advance(HOUR_MS)
        await runRound(service)
      }
      expect(fallbackHad.slice(0, 4)).toEqual([0, 0, 1, 1])
      expect(fallback.receivedAbout(id)).toHaveLength(1)
      expect(receiver.receivedAbout(id)).toHaveLength(8)
      const expiry = (await inboxOf()).filter(({ kind }) => kind === 'expiry')
      expect(expiry[0]?.deliveries).toMatchObject([{ state: 'givenUp', attempts: 8 }, { state: 'sent' }])
      await fallback.close()
    })

    test('a fallback alone carries what there is', async () => {
      await addWebhook(account, receiver, { role: 'fallback' })
      const { id } = await anExpiring(5)
      await runRound(service)
      expect(stagesOf(id)).toEqual(['expiry 7'])
    })
  })

  describe('at least once, and no more than that', () => {
    test('of two nodes one sends', async () => {
      await addWebhook(account, receiver)
      const { id } = await anExpiring(5)
      await planDueNotices(service.services)
      const couriers = Array.from({ length: 4 }, () => createCourier(service.services, new AbortController().signal))
      await Promise.all(couriers.map((courier) => courier.round()))
      await Promise.all(couriers.map((courier) => courier.idle()))
      expect(receiver.receivedAbout(id)).toHaveLength(1)
    })

    test('a process that ends after the answer sends again under the same id, when its claim has run out', async () => {
      await addWebhook(account, receiver)
      const { id } = await anExpiring(5)
      failAfterSending = true
      await runRound(service)
      failAfterSending = false
      clock.advance(60_000)
      expect(await deliverAll(service)).toBe(0) // another node may still be at it
      clock.advance(61_000)
      await runRound(service)
      const received = receiver.receivedAbout(id)
      expect(received).toHaveLength(2)
      expect(new Set(received.map((each) => each.id)).size).toBe(1)
      expect((await inboxOf())[0]?.deliveries).toMatchObject([{ state: 'sent', attempts: 2 }])
    })

    test('what was closed meanwhile is not sent any more', async () => {
      await addWebhook(account, receiver)
      const { id } = await anExpiring(5)
      await planDueNotices(service.services)
      await service.services.db
        .updateTable('certificate')
        .set({ revoked_at: new Date(clock.now()) })
        .where('id', '=', id)
        .execute()
      await deliverAll(service)
      expect(receiver.receivedAbout(id)).toEqual([])
      expect((await account.client.notices.list({})).items[0]?.deliveries).toMatchObject([{ state: 'obsolete' }])
    })
  })

  describe('channels', () => {
    test('are listed without their settings, and a name is taken once', async () => {
      const id = await addWebhook(account, receiver)
      const { items } = await account.client.channels.list()
      expect(items).toMatchObject([{ id, name: 'hook', kind: 'webhook', role: 'always' }])
      expect(JSON.stringify(items)).not.toContain('whsec_')
      expect((await refusalOf(addWebhook(account, receiver))).code).toBe('duplicateName')
    })

    test.each([
      ['an unknown kind', { kind: 'pigeon', config: {} }, 'misconfigured'],
      ['a setting that is missing', { kind: 'webhook', config: { url: 'https://example.com/' } }, 'invalid'],
      [
        'a setting that there is not',
        { kind: 'slack', config: { webhookUrl: 'https://example.com/', colour: 'red' } },
        'invalid',
      ],
    ])('%s is refused', async (_what, channel, code) => {
      expect((await refusalOf(account.client.channels.create({ name: 'x', ...channel }))).code).toBe(code)
    })

    test('a test says that it arrived, or what went wrong and what to do', async () => {
      const id = await addWebhook(account, receiver)
      expect(await account.client.channels.test({ id })).toEqual({ delivered: true, detail: 'HTTP 200', code: null })
      receiver.answerWith({ status: 401 })
      const refused = await account.client.channels.test({ id })
      expect(refused).toMatchObject({ delivered: false, code: 'credentialsRejected' })
      expect(refused.detail).toContain('correct the channel')
      expect((await account.client.notices.list({})).items).toEqual([])
    })

    test('one is changed: its name alone, or its settings, whose secrets are not shown and stay when they are left out', async () => {
      const id = await addWebhook(account, receiver)
      await addWebhook(account, receiver, { name: 'other' })
      const { client } = account
      expect(await client.channels.update({ id, name: 'first', role: 'fallback' })).toMatchObject({
        id,
        name: 'first',
        kind: 'webhook',
        role: 'fallback',
      })
      expect(await client.channels.test({ id })).toMatchObject({ delivered: true })
      expect((await refusalOf(client.channels.update({ id, name: 'other' }))).code).toBe('duplicateName')
      const bad = await refusalOf(client.channels.update({ id, name: 'bad', config: { url: 'no address' } }))
      expect(bad).toMatchObject({ code: 'invalid', facts: { faults: [expect.stringMatching(/^url: /)] } })

      const moved = await startNoticeReceiver()
      const secrets = () =>
        service.services.db.selectFrom('secret').select('id').where('account_id', '=', account.accountId).execute()
      const before = (await secrets()).length
      const url = `${moved.url}/hook`
      expect(await refusalOf(client.channels.update({ id, config: { url } }))).toMatchObject({ code: 'secretsNeeded' })
      await client.channels.update({ id, config: { url, secret: WEBHOOK_SECRET } })
      expect((await secrets()).length).toBe(before) // those of before are gone
      const sentBefore = receiver.count()
      expect(await client.channels.test({ id })).toMatchObject({ delivered: true })
      expect([receiver.count() - sentBefore, moved.count()]).toEqual([0, 1])
      const shown = await client.channels.get({ id })
      expect(shown).toMatchObject({ name: 'first', config: {}, secretsSet: ['url', 'secret'] })
      expect(JSON.stringify(shown)).not.toContain(WEBHOOK_SECRET)
      expect((await refusalOf((await anAccount(service)).client.channels.get({ id }))).code).toBe('notFound')
      expect((await client.channels.list()).items.map(({ name }) => name)).toEqual(['first', 'other'])
      await moved.close()
    })

    test('one that is removed cannot be changed', async () => {
      const id = await addWebhook(account, receiver)
      await account.client.channels.remove({ id })
      expect((await refusalOf(account.client.channels.update({ id, name: 'again' }))).code).toBe('notFound')
    })

    test('one that is removed sends no more, and its settings are gone', async () => {
      const id = await addWebhook(account, receiver)
      const { id: certificateId } = await anExpiring(5)
      await planDueNotices(service.services)
      const secrets = () =>
        service.services.db.selectFrom('secret').select('id').where('account_id', '=', account.accountId).execute()
      const before = (await secrets()).length
      await account.client.channels.remove({ id })
      expect((await secrets()).length).toBe(before - 1)
      await runRound(service)
      expect(receiver.receivedAbout(certificateId)).toEqual([])
      expect((await inboxOf())[0]?.deliveries).toMatchObject([{ channelName: 'hook', state: 'obsolete' }])
      expect((await refusalOf(account.client.channels.test({ id }))).code).toBe('notFound')
      expect((await account.client.channels.list()).items).toEqual([])
      await addWebhook(account, receiver) // the name is free again
    })
  })

  test('a notice is read once, names the certificate, and links to it', async () => {
    const { id, name } = await anExpiring(5)
    await runRound(service)
    const [notice] = await inboxOf()
    expect(notice).toMatchObject({
      certificateId: id,
      certificateName: name,
      url: `https://evercert.example/certificates/${id}/renewal`,
    })
    expect(notice?.text.en).toContain(`evercert renew ${id}`)
    const read = await account.client.notices.markRead({ id: notice?.id ?? '' })
    clock.advance(1000)
    expect((await account.client.notices.markRead({ id: read.id })).readAt).toBe(read.readAt)
    expect(await inboxOf()).toEqual([])
    expect((await account.client.notices.list({ certificateId: id })).items).toHaveLength(1)
  })

  test('the list has pages', async () => {
    for (const days of [2, 3, 4]) await anExpiring(days)
    await runRound(service)
    const first = await account.client.notices.list({ limit: 2 })
    const second = await account.client.notices.list({ limit: 2, cursor: first.nextCursor ?? '' })
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(3)
    expect(second.nextCursor).toBeNull()
    expect((await refusalOf(account.client.notices.list({ cursor: 'elsewhere' }))).code).toBe('invalid')
  })
})
