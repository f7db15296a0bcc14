/**
 * What Kysely's callers may count on, many at once, though the embedded database has one connection.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AbortedTransactionError, Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedDialect } from '../../src/db/embedded-dialect.ts'
import { openEmbedded } from '../../src/db/embedded.ts'

interface Tables {
  readonly counter: { id: number; value: number }
}

const folder = mkdtempSync(join(tmpdir(), 'evercert-dialect-'))
let db: Kysely<Tables>

beforeAll(async () => {
  db = new Kysely<Tables>({ dialect: embeddedDialect(await openEmbedded(join(folder, 'database'))) })
  await sql`create table counter (id int primary key, value int not null)`.execute(db)
  await db.insertInto('counter').values({ id: 1, value: 0 }).execute()
})

afterAll(async () => {
  await db.destroy()
  rmSync(folder, { recursive: true })
})

const valueOf = async (id: number) =>
  (await db.selectFrom('counter').select('value').where('id', '=', id).executeTakeFirst())?.value

test('transactions of many callers never mix, nor with single statements between them', async () => {
  const before = (await valueOf(1)) ?? 0
  const transactions = Array.from({ length: 60 }, (_, index) =>
    db.transaction().execute(async (trx) => {
      const { value } = await trx.selectFrom('counter').select('value').where('id', '=', 1).executeTakeFirstOrThrow()
      if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      await trx
        .updateTable('counter')
        .set({ value: value + 1 })
        .where('id', '=', 1)
        .execute()
    }),
  )
  const singles = Array.from({ length: 60 }, (_, index) =>
    db
      .insertInto('counter')
      .values({ id: 1000 + index, value: index })
      .execute(),
  )
  await Promise.all([...transactions, ...singles])
  expect([await valueOf(1), await valueOf(1059)]).toEqual([before + 60, 59])
})

test('statements asked for together within a transaction are answered each with its own', async () => {
  const values = await db.transaction().execute((trx) =>
    Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const { rows } = await sql<{ value: number }>`select ${index}::int as value`.execute(trx)
        return rows[0]?.value
      }),
    ),
  )
  expect(values).toEqual(Array.from({ length: 12 }, (_, index) => index))
})

test('what fails leaves nothing, and the next goes on', async () => {
  const before = await valueOf(1)
  const attempt = db.transaction().execute(async (trx) => {
    await trx.updateTable('counter').set({ value: -1 }).where('id', '=', 1).execute()
    throw new Error('changed my mind')
  })
  const next = valueOf(1)
  await expect(attempt).rejects.toThrow('changed my mind')
  expect([await next, await valueOf(1)]).toEqual([before, before])
})

test('a commit after a statement that failed is told from one that was done', async () => {
  const attempt = db.transaction().execute(async (trx) => {
    await trx.insertInto('counter').values({ id: 2, value: 1 }).execute()
    await sql`select 1 / 0`.execute(trx).catch(() => {})
  })
  await expect(attempt).rejects.toBeInstanceOf(AbortedTransactionError)
  expect(await valueOf(2)).toBeUndefined()
})

test('a transaction has the isolation that was asked for', async () => {
  const isolation = await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => (await sql<{ is: string }>`select current_setting('transaction_isolation') as is`.execute(trx)).rows)
  expect(isolation).toEqual([{ is: 'repeatable read' }])
})

test('a slow statement of a transaction does not hold up the process', async () => {
  const order: string[] = []
  await db.transaction().execute(async (trx) => {
    await sql`select 1`.execute(trx)
    setTimeout(() => order.push('timer'), 20)
    await sql`select pg_sleep(0.5)`.execute(trx)
    order.push('statement')
  })
  expect(order).toEqual(['timer', 'statement'])
})
