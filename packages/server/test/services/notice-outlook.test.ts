/** Who is told that a certificate expires is told what Evercert does about it by itself, and what is paid for already. */
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { planDueNotices } from '../../src/services/notices/plan.ts'
import {
  aForeignCertificate,
  aForm,
  anAccount,
  anUpload,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const YEAR = { amountMinor: 10_000, currency: 'CNY' }

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    account = await anAccount(service, { balanceMinor: 10_000 })
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)

  async function issue(productId: string) {
    const { id } = await buyCertificate(account, { productId })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    return account.client.certificates.get({ id })
  }

  async function noticeAbout(id: string): Promise<string> {
    await planDueNotices(service.services)
    const { items } = await account.client.notices.inbox({})
    return items.find((item) => item.certificateId === id)?.text.en ?? ''
  }

  const moveBefore = (notAfter: string | null, days: number) => clock.moveTo(Date.parse(notAfter ?? '') - days * DAY_MS)

  test('a managed one is reissued or renewed by itself, and the notice says when', async () => {
    const { id, notAfter } = await issue(PUBLIC_SINGLE)
    await account.client.management.start({ id, spendingLimit: YEAR })
    moveBefore(notAfter, 29.9)
    expect(await noticeAbout(id)).toMatch(/Evercert reissues it at no charge on 20\d\d-.+There is nothing to do\. In the console/)
  })

  test('a managed one of a brand that is not renewed is reissued, and the notice says that it ends then and why', async () => {
    const { id, notAfter, entitlement } = await issue('evercert-trial-dv-single')
    await account.client.management.start({ id, spendingLimit: YEAR })
    moveBefore(notAfter, 29.9)
    const until = entitlement?.entitledUntil.slice(0, 10) ?? '-'
    expect(await noticeAbout(id)).toMatch(
      new RegExp(
        `reissues it at no charge on .+ There is nothing to do for that\\. .+ends on ${until} .+ "Evercert Trial" does not support renewal`,
      ),
    )
  })

  test('one whose renewal costs more than its limit says so before it is tried, and what to do', async () => {
    const { id, notAfter } = await issue(PRIVATE_SINGLE)
    await account.client.management.start({ id, spendingLimit: { ...YEAR, amountMinor: 9_999 } })
    moveBefore(notAfter, 7)
    const text = await noticeAbout(id)
    expect(text).toMatch(
      /could not renew it soon\. Its renewal costs CN¥100\.00 now, and its owner allows CN¥99\.99: raise the limit/,
    )
    expect(text).not.toMatch(/nothing to do|within your limit/)
  })

  test('one that lacks money for its renewal says why, and when it tries again', async () => {
    const { id, notAfter } = await issue(PRIVATE_SINGLE)
    await account.client.management.start({ id, spendingLimit: YEAR })
    moveBefore(notAfter, 7)
    await advance(id)
    expect(await noticeAbout(id)).toMatch(
      /could not act by itself: Paying from the balance: .* are missing.*Evercert tries again on/,
    )
  })

  test('inside a paid period nobody is told to buy', async () => {
    const { id, name, notAfter } = await issue(PUBLIC_SINGLE)
    moveBefore(notAfter, 15)
    expect(await noticeAbout(id)).toContain(
      `do not buy a renewal. Submit its application again, at no charge. In the console: Certificates › ${name} › Application. On the command line: evercert apply ${id}`,
    )
  })

  test('what is neither managed nor paid on is renewed by hand', async () => {
    const { id, notAfter } = await issue(PRIVATE_SINGLE)
    moveBefore(notAfter, 15)
    expect(await noticeAbout(id)).toMatch(
      /Renew it now\. In the console: .+ › Renewal\. On the command line: evercert renew crt_/,
    )
  })

  test('what is of a brand that is not renewed is bought anew, not renewed now', async () => {
    const { id, notAfter } = await issue('evercert-trial-dv-single')
    const { db } = service.services
    await sql`update entitlement set entitled_until = ${notAfter} where certificate_id = ${id}`.execute(db) // as after its last reissue
    moveBefore(notAfter, 15)
    const text = await noticeAbout(id)
    expect(text).toMatch(/brand Evercert Trial cannot be renewed here\. Buy a new one .+ In the console: Buy a certificate\./)
    expect(text).not.toMatch(/renew it now/i)
  })

  test('an upload that is told of before its window is renewed later', async () => {
    const leaf = aForeignCertificate(service, { names: [aSite(service)], daysLeft: 45 })
    const { id } = await anUpload(account, { leaf })
    const settings = await account.client.noticeSettings.get()
    await account.client.noticeSettings.set({ ...settings, leadsDays: [44, 10] })
    clock.advanceDays(2)
    expect(await noticeAbout(id)).toMatch(/Its renewal is not open yet: it opens on 20\d\d-/)
  })
})
