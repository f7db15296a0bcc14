import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateType, channelRole, documentKind, domainType, ledgerLine, revocationReason } from '@evercert/contract'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { agentMachine, agentWorkMachine } from '../../src/domain/agent/agent-machine.ts'
import { approvalMachine } from '../../src/domain/approval/approval-machine.ts'
import { applicationMachine } from '../../src/domain/application/application-machine.ts'
import { deploymentMachine } from '../../src/domain/deployment/deployment-machine.ts'
import { deliveryMachine } from '../../src/domain/notice/delivery-machine.ts'
import { NOTICE_KINDS } from '../../src/domain/notice/notice-kinds.ts'
import { orderMachine } from '../../src/domain/order/order-machine.ts'
import { paymentMachine } from '../../src/domain/payment/payment-machine.ts'
import { reviewMachine } from '../../src/domain/review/review-machine.ts'
import { renewalMachine } from '../../src/domain/renewal/renewal-machine.ts'
import { revocationMachine } from '../../src/domain/revocation/revocation-machine.ts'
import { eachDatabase, type TestDatabase } from '../support/databases.ts'

/** Belong to the installation, not to an account. */
const OF_THE_INSTALLATION = [
  'account',
  'audit_batch',
  'audit_head',
  'audit_intent',
  'brand',
  'ca_authority',
  'ca_order',
  'issuer',
  'kysely_migration',
  'kysely_migration_lock',
  'master_key',
  'master_key_holder',
  'payment_connection',
  'product',
  'product_price',
  'promotion',
  'receipt_key',
  'reload_lease', // which node reloads a server, whoever deploys to it
  'renewal_policy',
  // Users: which accounts they are in is said by `member`, of each account.
  'credential',
  'device_code', // of whoever looks at it first; the account is that of the token to be
  'first_operator',
  'first_operator_link',
  'passkey',
  'request_window',
  'recovery_link',
  'removed_master_key',
  'second_factor',
  'sign_in_challenge',
  'sign_in_failure',
  'sign_in_provider',
  'sign_in_secret',
  'user',
]

/** References between rows of accounts that name the row alone: the row's own id is as good, since only its parent's writer makes it. */
const REFERENCES_BY_ID_ALONE = [
  'company_document → secret',
  'dns_connection → secret',
  'issuance → application',
  'ledger_entry → ledger_transaction',
  'notice_channel → secret',
  'private_key → secret',
  'target → secret',
  'validation → application',
]

eachDatabase((_kind, open) => {
  let target: TestDatabase
  let database: Database
  beforeAll(async () => {
    target = await open()
    database = await openDatabase(target.settings)
  })
  afterAll(() => database.close())

  async function names(query: ReturnType<typeof sql<{ name: string }>>): Promise<string[]> {
    return (await query.execute(database.db)).rows.map(({ name }) => name)
  }

  test('opening a second time migrates nothing and loses nothing', async () => {
    const applied = sql<{ name: string }>`select name from kysely_migration order by name`
    const before = await names(applied)
    await database.db.insertInto('account').values({ id: 'acc_kept', name: 'kept', created_at: new Date() }).execute()
    await database.close()
    database = await openDatabase(target.settings)
    expect(await names(applied)).toEqual(before)
    expect(before).toEqual(expect.arrayContaining(['0001-initial', '0006-notices']))
    const row = await database.db.selectFrom('account').select('name').where('id', '=', 'acc_kept').executeTakeFirst()
    expect(row?.name).toBe('kept')
  })

  test.each([
    ['agent', agentMachine.states],
    ['agent_work', agentWorkMachine.states],
    ['application', applicationMachine.states],
    ['deployment', deploymentMachine.states],
    ['notice_delivery', deliveryMachine.states],
    ['order', orderMachine.states],
    ['payment', paymentMachine.states],
    ['renewal', renewalMachine.states],
    ['review', reviewMachine.states],
    ['approval', approvalMachine.states],
    ['revocation', revocationMachine.states],
  ])('the CHECK on the state of %s lists exactly the states of its machine', async (table, states) => {
    expect(await checkedValues(table, 'state')).toEqual([...states].toSorted())
  })

  test.each([
    ['product', 'domain_type', domainType.options],
    ['product', 'certificate_type', certificateType.options],
    ['review', 'certificate_type', certificateType.options],
    ['company_document', 'kind', documentKind.options],
    ['issuer', 'validity_rule', ['public', 'private']],
    ['certificate', 'origin', ['purchased', 'uploaded']],
    ['certificate', 'closed_as', ['cancelled', 'refunded', 'closed']],
    ['ledger_transaction', 'kind', ledgerLine.shape.kind.options],
    ['notice', 'kind', NOTICE_KINDS],
    ['notice_channel', 'role', channelRole.options],
    ['notice_settings', 'language', ['en', 'zh']],
    ['revocation', 'reason', revocationReason.options],
  ])('the CHECK on %s.%s lists exactly the values of the contract', async (table, column, values) => {
    expect(await checkedValues(table, column)).toEqual([...values].toSorted())
  })

  /** The quoted values in the CHECK of one column. */
  async function checkedValues(table: string, column: string): Promise<string[]> {
    const { rows } = await sql<{ text: string }>`
      select pg_get_constraintdef(c.oid) as text from pg_constraint c join pg_class t on t.oid = c.conrelid
        join pg_attribute a on a.attrelid = t.oid and c.conkey = array[a.attnum]
      where c.contype = 'c' and t.relname = ${table} and a.attname = ${column}`.execute(database.db)
    return rows.flatMap(({ text }) => [...text.matchAll(/'([^']*)'::text/g)].map((match) => match[1] ?? '')).toSorted()
  }

  test('what keeps the list plans with indexes alone: who replaces such a function sets that again', async () => {
    const keeping = sql`pg_proc where pronamespace = 'public'::regnamespace
      and prosrc ~ 'refresh_lineage|refresh_waiting|update certificate_listing'`
    const all = await names(sql`select proname::text as name from ${keeping}`)
    const planned = await names(
      sql`select proname::text as name from ${keeping}
        and proconfig @> array['enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off']`,
    )
    expect(all).toContain('refresh_lineage')
    expect(planned.toSorted()).toEqual(all.toSorted())
  })

  test('every table that belongs to an account carries it, not null, and every other one is listed here', async () => {
    const tables = await names(sql`select table_name as name from information_schema.tables where table_schema = 'public'`)
    const carrying = await names(
      sql`select table_name as name from information_schema.columns
        where table_schema = 'public' and column_name = 'account_id' and is_nullable = 'NO'`,
    )
    // Secrets of issuers and some of what is audited belong to the installation; a session may have chosen no account yet.
    const optional = ['audit_entry', 'secret', 'session']
    expect(tables.filter((table) => !carrying.includes(table)).toSorted()).toEqual(
      [...OF_THE_INSTALLATION, ...optional].toSorted(),
    )
  })

  test('every account_id refers to an account, but for the words of certificates, which the list itself writes', async () => {
    const carrying = await names(
      sql`select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'account_id'`,
    )
    const referring = await names(
      sql`select distinct t.relname as name from pg_constraint c join pg_class t on t.oid = c.conrelid
        where c.contype = 'f' and c.confrelid = 'account'::regclass`,
    )
    expect(carrying.filter((table) => !referring.includes(table))).toEqual(['certificate_token'])
  })

  test('a reference between rows of an account carries the account, so that none points across, and every other one is listed here', async () => {
    const byIdAlone = await names(sql`
      select distinct t.relname || ' → ' || r.relname as name from pg_constraint c
        join pg_class t on t.oid = c.conrelid join pg_class r on r.oid = c.confrelid
        join pg_attribute own on own.attrelid = t.oid and own.attname = 'account_id'
        join pg_attribute their on their.attrelid = r.oid and their.attname = 'account_id'
      where c.contype = 'f' and not (own.attnum = any(c.conkey))
      order by 1`)
    expect(byIdAlone).toEqual(REFERENCES_BY_ID_ALONE)
  })

  test('a ledger transaction that does not sum to zero is not committed', async () => {
    await database.db.insertInto('account').values({ id: 'acc_ledger', name: 'l', created_at: new Date() }).execute()
    const book = (id: string, amounts: readonly number[]) =>
      database.db.transaction().execute(async (trx) => {
        const common = { account_id: 'acc_ledger', order_id: null, note: null, created_at: new Date() }
        await trx
          .insertInto('ledger_transaction')
          .values({ ...common, id, kind: 'topUp', reference: id })
          .execute()
        const entries = amounts.map((amount_minor, index) => ({
          transaction_id: id,
          account_id: 'acc_ledger',
          ledger_account: `side ${index}`,
          amount_minor,
          currency: 'CNY',
        }))
        await trx.insertInto('ledger_entry').values(entries).execute()
      })
    await expect(book('ltx_odd', [100, -99])).rejects.toThrow(/does not sum to zero/)
    await expect(book('ltx_one', [100])).rejects.toThrow(/does not sum to zero/)
    await book('ltx_even', [100, -100])
    await expect(
      database.db.updateTable('ledger_entry').set({ amount_minor: 5 }).where('ledger_account', '=', 'side 0').execute(),
    ).rejects.toThrow(/does not sum to zero/)
    // An entry that moves away leaves its transaction odd, though the one that it comes to stays even.
    await book('ltx_free', [0, 0])
    const move = database.db.updateTable('ledger_entry').set({ transaction_id: 'ltx_free', ledger_account: 'side 2' })
    await expect(move.where('transaction_id', '=', 'ltx_even').where('ledger_account', '=', 'side 0').execute()).rejects.toThrow(
      /does not sum to zero/,
    )
    const left = await database.db.selectFrom('ledger_transaction').select('id').where('account_id', '=', 'acc_ledger').execute()
    expect(left.map(({ id }) => id).toSorted()).toEqual(['ltx_even', 'ltx_free'])
  })

  test('nothing is deleted from the ledger: not one entry, not a whole transaction, not everything', async () => {
    const account = { account_id: 'acc_kept_ledger' }
    await database.db.insertInto('account').values({ id: account.account_id, name: 'k', created_at: new Date() }).execute()
    await database.db.transaction().execute(async (trx) => {
      const transaction = { ...account, id: 'ltx_kept', kind: 'topUp' as const, reference: 'k', order_id: null, note: null }
      await trx
        .insertInto('ledger_transaction')
        .values({ ...transaction, created_at: new Date() })
        .execute()
      const entry = { ...account, transaction_id: 'ltx_kept', currency: 'CNY' }
      await trx
        .insertInto('ledger_entry')
        .values([
          { ...entry, ledger_account: 'a', amount_minor: 5 },
          { ...entry, ledger_account: 'b', amount_minor: -5 },
        ])
        .execute()
    })
    const { db } = database
    for (const attempt of [
      () => db.deleteFrom('ledger_entry').where('ledger_account', '=', 'a').execute(),
      () => db.deleteFrom('ledger_entry').where('transaction_id', '=', 'ltx_kept').execute(),
      () => db.deleteFrom('ledger_transaction').where('id', '=', 'ltx_kept').execute(),
      () => sql`truncate ledger_entry`.execute(db),
      () => sql`truncate ledger_transaction cascade`.execute(db),
    ])
      await expect(attempt()).rejects.toThrow(/nothing is deleted from ledger_/)
    const left = await db.selectFrom('ledger_entry').select('ledger_account').where('transaction_id', '=', 'ltx_kept').execute()
    expect(left).toHaveLength(2)
  })

  test('a balance below zero is refused by the database itself', async () => {
    await database.db.insertInto('account').values({ id: 'acc_poor', name: 'p', created_at: new Date() }).execute()
    const overdraw = database.db.insertInto('balance').values({ account_id: 'acc_poor', currency: 'CNY', amount_minor: -1 })
    await expect(overdraw.execute()).rejects.toThrow(/balance_amount_minor_check/)
  })
})
