/**
 * Writes that nobody waits for: whatever is refused fails the whole transaction, and says why.
 */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { changeOne, settle, writeLater } from '../../src/db/later.ts'
import type { Trx } from '../../src/db/transition.ts'
import { eachDatabase, type TestDatabase } from '../support/databases.ts'

eachDatabase((_kind, open) => {
  let place: TestDatabase
  let database: Database
  beforeAll(async () => {
    place = await open()
    database = await openDatabase(place.settings)
    await sql`create table counter (id int primary key, value int not null check (value >= 0))`.execute(database.db)
  })
  afterAll(async () => {
    await database.close()
  })

  const within = <Value>(work: (trx: Trx) => Promise<Value>) => database.db.transaction().execute(work)
  const insert = (trx: Trx, id: number, value = 0) =>
    writeLater(trx, sql`insert into counter values (${id}, ${value})`.compile(trx), named(`insert ${id}`))
  const named = (what: string) => (cause: unknown) => new Error(what, { cause })
  const change = (value: number, where: string) => sql`update counter set value = ${value} where ${sql.raw(where)} returning id`
  async function valuesOf(db: Database['db'] | Trx, ...ids: readonly number[]): Promise<number[]> {
    const { rows } = await sql<{ value: number }>`select value from counter where id = any(${ids}) order by id`.execute(db)
    return rows.map(({ value }) => value)
  }

  test('they are done in order, and what is read behind them has them', async () => {
    const read = await within(async (trx) => {
      await insert(trx, 1, 5)
      await changeOne(trx, change(6, 'id = 1'), () => new Error('no counter'))
      await insert(trx, 2, 7)
      return valuesOf(trx, 1, 2)
    })
    expect(read).toEqual([6, 7])
    expect(await valuesOf(database.db, 1, 2)).toEqual([6, 7])
  })

  test('one that is refused is told at the next statement that is awaited, and nothing stays', async () => {
    let went = 0
    const work = within(async (trx) => {
      await insert(trx, 10)
      await insert(trx, 10)
      went += 1
      await valuesOf(trx, 10)
      went += 10
    })
    await expect(work).rejects.toThrow('insert 10')
    expect(went).toBeLessThan(10)
    expect(await valuesOf(database.db, 10)).toEqual([])
  })

  test('one that is refused is told at the commit when nothing was awaited, and nothing stays', async () => {
    const work = within(async (trx) => {
      await insert(trx, 20)
      await insert(trx, 21, -1)
    })
    await expect(work).rejects.toThrow('insert 21')
    expect(await valuesOf(database.db, 20, 21)).toEqual([])
  })

  test('of several the first is told, which is the reason of the others', async () => {
    const work = within(async (trx) => {
      await insert(trx, 30)
      await insert(trx, 30)
      await insert(trx, 31)
      await valuesOf(trx, 31)
    })
    await expect(work).rejects.toThrow('insert 30')
    expect(await valuesOf(database.db, 30, 31)).toEqual([])
  })

  test('a statement that was never asked before tells the reason too, awaited or not', async () => {
    const never = (trx: Trx, text: string) => sql`${sql.raw(text)}`.execute(trx)
    const awaited = within(async (trx) => {
      await insert(trx, 35)
      await insert(trx, 35)
      await never(trx, 'select value as asked_for_the_first_time from counter')
    })
    await expect(awaited).rejects.toThrow('insert 35')
    const sent = within(async (trx) => {
      await insert(trx, 35)
      await insert(trx, 35)
      await writeLater(trx, sql`update counter set value = value where id = 35 and value = 35`.compile(trx))
    })
    await expect(sent).rejects.toThrow('insert 35')
  })

  test('what the work itself fails with is told, and takes back what was sent', async () => {
    const work = within(async (trx) => {
      await insert(trx, 40)
      throw new Error('thought better of it')
    })
    await expect(work).rejects.toThrow('thought better of it')
    expect(await valuesOf(database.db, 40)).toEqual([])
  })

  test('a change that must be of one row fails for none and for two', async () => {
    await within(async (trx) => {
      await insert(trx, 50)
      await insert(trx, 51)
    })
    const changing = (where: string) => within((trx) => changeOne(trx, change(9, where), () => new Error('not one')))
    await expect(changing('id = 59')).rejects.toThrow('not one')
    await expect(changing('id in (50, 51)')).rejects.toThrow('not one')
    expect(await valuesOf(database.db, 50, 51)).toEqual([0, 0])
    await changing('id = 51')
    expect(await valuesOf(database.db, 50, 51)).toEqual([0, 9])
  })

  test('a change that is refused for another reason is not taken for one of no row', async () => {
    await within((trx) => insert(trx, 60))
    const changing = within((trx) => changeOne(trx, change(-1, 'id = 60'), () => new Error('not one')))
    await expect(changing).rejects.toMatchObject({ code: '23514' })
  })

  test('who must know whether something was refused asks, and is told there', async () => {
    const at: string[] = []
    const work = within(async (trx) => {
      await insert(trx, 70)
      await settle(trx)
      at.push('settled')
      await insert(trx, 70)
      await settle(trx).catch((error: unknown) => {
        at.push(String(error))
        throw error
      })
    })
    await expect(work).rejects.toThrow('insert 70')
    // PostgreSQL refuses it at once.
    expect(at).toEqual(database.kind === 'embedded' ? ['settled', 'Error: insert 70'] : ['settled'])
  })

  test('outside a transaction it is told at once', async () => {
    await expect(
      writeLater(database.db, sql`insert into counter values (1, 1)`.compile(database.db), named('insert 1')),
    ).rejects.toThrow('insert 1')
  })

  test('many transactions at once, one in three refused: each is told its own, and the others are whole', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        within(async (trx) => {
          await insert(trx, 1_000 + 2 * index)
          if (index % 2 === 0) await valuesOf(trx, 1)
          await insert(trx, 1_001 + 2 * index, index % 3 === 0 ? -1 : 0)
        }),
      ),
    )
    const refused = results.flatMap((result, index) => (result.status === 'rejected' ? [[index, String(result.reason)]] : []))
    expect(refused).toEqual(Array.from({ length: 20 }, (_, third) => [3 * third, `Error: insert ${1_001 + 6 * third}`]))
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from counter where id >= 1000`.execute(
      database.db,
    )
    expect(rows).toEqual([{ count: 80 }])
  })
})
