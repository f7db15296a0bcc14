/**
 * What a repeated statement must keep: its results, its transaction, and its meaning when the tables change.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openEmbedded } from '../../src/db/embedded.ts'
import type { EmbeddedConnection } from '../../src/db/prepared-statements.ts'

const REPEATS = 8 // PostgreSQL makes a plan for any value at the sixth run
const folder = mkdtempSync(join(tmpdir(), 'evercert-prepared-'))
let database: EmbeddedConnection

beforeAll(async () => {
  database = await openEmbedded(join(folder, 'database'))
  await database.exec(`create table item (id int primary key, name text, state text, bytes bytea, tags text[], at timestamptz, form jsonb);
    create unique index item_live on item (name) where state <> 'gone'`)
})

afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

test('a repeated statement takes and gives every type, and nulls', async () => {
  const bytes = new Uint8Array([0, 1, 127, 128, 255])
  const at = new Date('2026-02-28T23:59:59.999Z')
  const insert = 'insert into item (id, name, state, bytes, tags, at, form) values ($1, $2, $3, $4, $5, $6, $7)'
  for (let id = 1; id <= REPEATS; id++) {
    const result = await database.query(insert, [id, `name ${id}`, 'live', bytes, ['a', 'ü,"'], at, { id }])
    expect(result.affectedRows).toBe(1)
  }
  await database.query(insert, [100, null, null, null, null, null, null])
  const select = 'select id, name, bytes, tags, at, form from item where id = $1'
  for (let id = 1; id <= REPEATS; id++) {
    const { rows } = await database.query<{ bytes: Uint8Array }>(select, [id])
    expect(rows).toMatchObject([{ id, name: `name ${id}`, tags: ['a', 'ü,"'], at, form: { id } }])
    expect([...(rows[0]?.bytes ?? [])]).toEqual([...bytes])
  }
  expect((await database.query(select, [100])).rows).toEqual([
    { id: 100, name: null, bytes: null, tags: null, at: null, form: null },
  ])
  expect((await database.query(select, [-1])).rows).toEqual([])
})

test('arrays of texts and bytes arrive as they were sent, with nulls and whatever needs quotes', async () => {
  const texts = ['', 'NULL', null, '{"a"}', "it's \\ back", 'a,b', '商店 🔑', 'line\nline', ' ']
  const bytes = [new Uint8Array(), null, Buffer.from([0, 92, 120, 255])]
  for (let repeat = 0; repeat < 3; repeat++) {
    const { rows } = await database.query<{ texts: string[]; bytes: (Uint8Array | null)[]; none: string[]; lengths: number[] }>(
      `select $1::text[] as texts, $2::bytea[] as bytes, $3::text[] as none,
        (select array_agg(length(b) order by at) from unnest($2::bytea[]) with ordinality as each (b, at)) as lengths`,
      [texts, bytes, []],
    )
    expect(rows).toMatchObject([{ texts, none: [], lengths: [0, null, 4] }])
    expect(rows[0]?.bytes.map((one) => one && [...one])).toEqual([[], null, [0, 92, 120, 255]])
  }
  const nested = await database.query('select $1::text[] as nested', [
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ])
  expect(nested.rows).toEqual([
    {
      nested: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
  ])
})

test('a conflict is found by a partial index whose condition is a parameter, however often', async () => {
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { affectedRows } = await database.query(
      'insert into item (id, name, state) values ($1, $2, $3) on conflict (name) where state <> $4 do nothing',
      [1000 + repeat, 'name 1', 'live', 'gone'],
    )
    expect(affectedRows).toBe(0)
  }
})

test('an error leaves the connection and the statement usable, in a transaction and outside', async () => {
  const insert = 'insert into item (id, name) values ($1, $2)'
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    await expect(database.query(insert, [1, 'taken'])).rejects.toMatchObject({ code: '23505' })
    const transaction = database.transaction(async (trx) => {
      await trx.query(insert, [2000 + repeat, `rolled back ${repeat}`])
      await trx.query(insert, [1, 'taken'])
    })
    await expect(transaction).rejects.toMatchObject({ code: '23505' })
  }
  expect((await database.query('select count(*)::int as count from item where id >= 2000')).rows).toEqual([{ count: 0 }])
})

test('statements outside a transaction never fall into one that runs', async () => {
  const read = async () =>
    (await database.query<{ count: number }>('select count(*)::int as count from item where id >= 3000')).rows
  await read()
  await read()
  const rolledBack = database.transaction(async (trx) => {
    await trx.query('insert into item (id) values (3000)')
    const seen = await trx.query<{ count: number }>('select count(*)::int as count from item where id >= 3000')
    expect(seen.rows).toEqual([{ count: 1 }])
    throw new Error('back')
  })
  const beside = read()
  await expect(rolledBack).rejects.toThrow('back')
  expect(await beside).toEqual([{ count: 0 }])
})

test('a changed table changes what a prepared statement gives', async () => {
  const select = 'select * from item where id = $1'
  for (let repeat = 0; repeat < REPEATS; repeat++) await database.query(select, [1])
  await database.exec('alter table item add column colour text')
  expect((await database.query(select, [1])).rows).toMatchObject([{ id: 1, colour: null }])
  for (let repeat = 0; repeat < REPEATS; repeat++) await database.query(select, [1])
  await database.transaction(async (trx) => {
    await trx.query('alter table item drop column colour')
    const [row] = (await trx.query<object>(select, [1])).rows
    expect(row).not.toHaveProperty('colour')
  })
  const [row] = (await database.query<object>(select, [1])).rows
  expect(row).not.toHaveProperty('colour')
})

test('more statements than are kept all work', async () => {
  for (let round = 0; round < 3; round++) {
    for (let number = 0; number < 400; number++) {
      expect((await database.query(`select ${number}::int as number where $1 = 1`, [1])).rows).toEqual([{ number }])
    }
  }
})

test('far more than the memory between the threads holds is asked at once, and all of it is answered', async () => {
  const text = 'x'.repeat(600)
  const answers = await Promise.all(
    Array.from({ length: 6000 }, (_, index) =>
      database.query<{ id: number }>('select $1::int as id, $2::text as text', [index, text]),
    ),
  )
  expect(answers.map(({ rows }) => rows[0]?.id)).toEqual(answers.map((_, index) => index))
  const large = 'y'.repeat(3_000_000)
  const { rows } = await database.query<{ text: string }>('select $1::text as text', [large])
  expect(rows[0]?.text === large).toBe(true)
})

test('several statements at once give the rows and the changes of each, whatever notices come between', async () => {
  const results = await database.exec(`create temp table once (id int);
    drop table if exists never_there;
    insert into once values (1), (2), (3);
    select id from once order by id;
    update once set id = id + 1 where id > 1;
    delete from once`)
  expect(results.map(({ affectedRows }) => affectedRows)).toEqual([0, 0, 3, 0, 2, 3])
  expect(results.map(({ rows }) => rows)).toEqual([[], [], [], [{ id: 1 }, { id: 2 }, { id: 3 }], [], []])
})
