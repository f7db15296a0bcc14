/** The table of docs/lifecycle.md, done row by row: what the document says is what the service does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ApiProblem } from '@evercert/contract/client'
import { DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { StepHook } from '../../src/services/context.ts'
import { aForm, anAccount, anUpload, aSite, buyCertificate, withKey, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { oneDatabase, temporaryFolder } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const DOCUMENT = join(import.meta.dirname, '../../../../docs/lifecycle.md')

interface Row {
  readonly operation: string
  readonly certificate: string
  readonly answer: string
  readonly status: string
  readonly order: string
  readonly balance: string
  readonly link: string
  readonly entitlement: string
}

const COLUMNS = ['operation', 'certificate', 'answer', 'status', 'order', 'balance', 'link', 'entitlement'] as const

function readTable(): readonly Row[] {
  const lines = readFileSync(DOCUMENT, 'utf8').split('\n')
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const head = lines.findIndex((line) => cells(line).join() === COLUMNS.join())
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'))
  return lines.slice(head + 2, end).map((line) => {
    const values = cells(line)
    return Object.fromEntries(COLUMNS.map((column, index) => [column, values[index] ?? ''])) as unknown as Row
  })
}

oneDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  let onStep: StepHook = () => {}
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    const hook: StepHook = (step, moment) => onStep(step, moment)
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER, onStep: hook })
  })
  beforeEach(async () => {
    onStep = () => {}
    clock.moveTo(DEFAULT_START)
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)
  const get = (id: string) => account.client.certificates.get({ id })
  const change = (id: string, set: object) =>
    service.services.db.updateTable('certificate').set(set).where('id', '=', id).execute()

  async function applied(id: string, domains = [aSite(service)]): Promise<string> {
    await account.client.applications.submit({ id, ...aForm(domains) })
    return id
  }

  async function issued(wish?: Parameters<typeof buyCertificate>[1], domains?: string[]): Promise<string> {
    const id = await applied((await buyCertificate(account, wish)).id, domains)
    await advance(id)
    expect((await get(id)).status).toBe('issued')
    return id
  }

  async function inWindow(): Promise<{ id: string; domains: string[] }> {
    const id = await issued()
    const { notAfter, domains } = await get(id)
    clock.moveTo(Date.parse(notAfter ?? '') - 12 * DAY_MS)
    return { id, domains }
  }

  async function renewal(): Promise<{ id: string; oldId: string }> {
    const old = await inWindow()
    return { id: (await buyCertificate(account, { renewsCertificateId: old.id })).id, oldId: old.id }
  }

  async function renewedAndIssued(): Promise<{ id: string; oldId: string }> {
    const old = await inWindow()
    return { id: await issued({ renewsCertificateId: old.id }, old.domains), oldId: old.id }
  }

  async function renewedAndClosed(): Promise<{ id: string; oldId: string }> {
    const pair = await renewedAndIssued()
    await change(pair.id, { served_at: new Date(clock.now()) })
    await advance(pair.id)
    expect((await account.client.certificates.get({ id: pair.id })).renewalProcess?.state).toBe('closed')
    return pair
  }

  async function revoked(id: string): Promise<string> {
    await account.client.certificates.revoke({ id })
    await advance(id)
    expect((await get(id)).status).toBe('revoked')
    return id
  }

  async function later(days: number, made: Promise<string>): Promise<string> {
    const id = await made
    clock.advanceDays(days)
    return id
  }

  async function expired(id: string): Promise<string> {
    clock.moveTo(Date.parse((await get(id)).notAfter ?? '') + DAY_MS)
    return id
  }

  /** Where the service dies right after the CA was asked to sign. */
  async function beingSigned(): Promise<string> {
    const id = await applied((await buyCertificate(account)).id)
    const run = new AbortController()
    onStep = (step, moment) => {
      if (step !== 'finalizeOrder' || moment !== 'done') return
      run.abort()
      throw new Error('died')
    }
    await advanceCertificate(service.services, id, run.signal)
    return id
  }

  async function managedRenewal(): Promise<{ id: string; oldId: string }> {
    const old = await inWindow()
    await account.client.management.start({ id: old.id, spendingLimit: { amountMinor: 10_000, currency: 'CNY' } })
    return { id: (await buyCertificate(account, { renewsCertificateId: old.id })).id, oldId: old.id }
  }

  async function refusedByCa(made?: { id: string; oldId: string }): Promise<{ id: string; oldId: string }> {
    const pair = made ?? (await renewal())
    await applied(pair.id)
    const { db } = service.services
    await db.updateTable('application').set({ state: 'reviewFailed' }).where('certificate_id', '=', pair.id).execute()
    return pair
  }

  async function uploadWithTarget(): Promise<string> {
    const { id } = await anUpload(account)
    const folder = temporaryFolder()
    const config = { certificatePath: join(folder, 'a.pem'), keyPath: join(folder, 'a.key') }
    await account.client.targets.create({ certificateId: id, name: 'a server', kind: 'localFiles', config })
    return id
  }

  async function uploadWithSite(): Promise<string> {
    const { id } = await anUpload(account)
    await account.client.endpoints.create({ certificateId: id, host: 'a.example.com' })
    return id
  }

  const alone = async (made: Promise<string>) => ({ id: await made, oldId: null })
  const bought = async (): Promise<string> => (await buyCertificate(account)).id

  async function unpaidRenewal(): Promise<string> {
    const { id } = await inWindow()
    await account.client.orders.place({ renewsCertificateId: id }, withKey())
    return id
  }

  const SITUATIONS: Readonly<Record<string, () => Promise<{ id: string; oldId: string | null }>>> = {
    'bought just now': () => alone(bought()),
    'bought 8 days ago': () => alone(later(8, bought())),
    'renewal in validation': async () => {
      const pair = await renewal()
      await applied(pair.id)
      return pair
    },
    'renewal refused by the CA': () => refusedByCa(),
    'renewal refused by the CA, bought 8 days ago': async () => {
      const pair = await refusedByCa()
      clock.advanceDays(8)
      return pair
    },
    'managed renewal in validation': async () => {
      const pair = await managedRenewal()
      await applied(pair.id)
      return pair
    },
    'managed renewal refused by the CA': async () => refusedByCa(await managedRenewal()),
    'managed renewal bought 8 days ago': async () => {
      const pair = await managedRenewal()
      clock.advanceDays(8)
      return pair
    },
    'renewal bought 8 days ago': async () => {
      const pair = await renewal()
      clock.advanceDays(8)
      return pair
    },
    'with the CA for signature': () => alone(beingSigned()),
    issued: () => alone(issued()),
    'issued, bought 8 days ago': () => alone(later(8, issued())),
    'OV, issued': async () => {
      const id = await issued()
      // No OV application is accepted yet: what was sold is told by the order.
      await sql`update "order" set certificate_type = 'OV' where id = (select order_id from certificate where id = ${id})`.execute(
        service.services.db,
      )
      return { id, oldId: null }
    },
    managed: async () => {
      const id = await issued()
      await change(id, { managed: true })
      return { id, oldId: null }
    },
    revoked: async () => alone(revoked(await issued())),
    'revoked, a month passed': async () => alone(later(30, revoked(await issued()))),
    'revoked 8 days after the payment': async () => alone(revoked(await later(8, issued()))),
    refunded: async () => {
      const id = await bought()
      await account.client.certificates.refund({ id }, withKey())
      return { id, oldId: null }
    },
    expired: async () => alone(expired(await issued())),
    'expiring soon, its renewal not paid': () => alone(unpaidRenewal()),
    'expiring soon, its renewal paid': async () => alone(renewal().then(({ oldId }) => oldId)),
    'expired, its renewal paid': async () => alone(expired((await renewal()).oldId)),
    'expired, renewed, renewal closed': async () => alone(expired((await renewedAndClosed()).oldId)),
    'new one of an open renewal': renewedAndIssued,
    'new one of a closed renewal': renewedAndClosed,
    uploaded: () => alone(anUpload(account).then(({ id }) => id)),
    'uploaded, with a target': () => alone(uploadWithTarget()),
    'uploaded, with a site': () => alone(uploadWithSite()),
  }

  const OPERATIONS: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    withdraw: (id) => account.client.applications.withdraw({ id }),
    cancel: (id) => account.client.certificates.cancel({ id }, withKey()),
    'cancel without refund': (id) => account.client.certificates.cancel({ id, withoutRefund: true }, withKey()),
    refund: (id) => account.client.certificates.refund({ id }, withKey()),
    revoke: (id) => account.client.certificates.revoke({ id, reason: 'superseded' }),
    delete: (id) => account.client.certificates.remove({ id }),
    'delete without refund': (id) => account.client.certificates.remove({ id, withoutRefund: true }),
  }

  const answerOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'done',
      (error: unknown) => {
        if (error instanceof ApiProblem) return error.problem.code
        throw error
      },
    )

  const balanceOf = async () => (await account.client.balance.get()).balances[0]?.amountMinor ?? 0

  async function linkOf(id: string, oldId: string | null): Promise<string> {
    const { db } = service.services
    const row = await db
      .selectFrom('renewal')
      .select('state')
      .where((builder) => builder.or([builder('old_certificate_id', '=', id), builder('new_certificate_id', '=', id)]))
      .executeTakeFirst()
    if (row === undefined) return 'none'
    const old = oldId === null ? null : await get(oldId)
    if (old === null || !old.renewal.eligible) return row.state
    return old.managed ? `${row.state}, old managed again` : `${row.state}, old renewable`
  }

  async function outcomeOf(id: string, oldId: string | null, earned: number) {
    const { status, orderId, entitlement } = await get(id)
    return {
      status,
      order: orderId === null ? 'none' : (await account.client.orders.get({ id: orderId })).state,
      balance: earned === 0 ? 'unchanged' : earned === 10_000 ? 'price back' : String(earned),
      link: await linkOf(id, oldId),
      entitlement: entitlement === null ? 'none' : entitlement.endedAt === null ? 'goes on' : 'ended',
    }
  }

  async function ledgerSum(): Promise<number> {
    const { rows } = await sql<{ sum: number }>`select coalesce(sum(amount_minor), 0)::int as sum from ledger_entry`.execute(
      service.services.db,
    )
    return rows[0]?.sum ?? Number.NaN
  }

  const rows = readTable()

  test('the document has the table, and every situation and operation of this file is in it', () => {
    expect(new Set(rows.map(({ certificate }) => certificate))).toEqual(new Set(Object.keys(SITUATIONS)))
    expect(new Set(rows.map(({ operation }) => operation))).toEqual(new Set(Object.keys(OPERATIONS)))
  })

  // A refusal is decided by pure code before anything is written: one database is enough.
  const done = kind === 'embedded' ? rows : rows.filter(({ answer }) => answer === 'done')
  test.each(done)('$operation: $certificate: $answer, also the second time', async (row) => {
    const { operation, certificate, answer, ...expected } = row
    const { id, oldId } = (await SITUATIONS[certificate]?.()) ?? { id: '', oldId: null }
    const before = await balanceOf()
    const act = (): Promise<unknown> => OPERATIONS[operation]?.(id) ?? Promise.reject(new Error('unknown'))
    expect(await answerOf(act())).toBe(answer)
    if (answer === 'done') await advance(id)
    expect(await outcomeOf(id, oldId, (await balanceOf()) - before)).toEqual(expected)
    await answerOf(act())
    expect(await outcomeOf(id, oldId, (await balanceOf()) - before)).toEqual(expected)
    expect(await ledgerSum()).toBe(0)
  })
})
