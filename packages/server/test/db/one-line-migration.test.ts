import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { up } from '../../src/db/migrations/0042-one-line.ts'
import { eachDatabase } from '../support/databases.ts'

const AT = new Date('2026-11-23T08:00:00Z')

eachDatabase((_kind, open) => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase((await open()).settings)
  })
  afterAll(() => database.close())

  test('what was stored with line breaks is one line, and the rest is as it was', async () => {
    const { db } = database
    await db.insertInto('account').values({ id: 'acc_1', name: 'one', created_at: AT }).execute()
    const times = { created_at: AT, updated_at: AT }
    const contact = { account_id: 'acc_1', email: 'a@example.com', ...times }
    await db
      .insertInto('contact')
      .values([
        { ...contact, id: 'con_1', name: 'Ann\r\nBcc: x@example.com', phone: '+86\t10' },
        { ...contact, id: 'con_2', name: 'Zoë O’Neill 李', phone: '+86 10' },
        { ...contact, id: 'con_3', name: '\u202E', phone: '123' },
      ])
      .execute()
    const details = { name: 'A\nB', type: 'enterprise', address: '1 Road' }
    await db
      .insertInto('company')
      .values({ id: 'com_1', account_id: 'acc_1', details: JSON.stringify(details), ...times })
      .execute()
    await db
      .insertInto('notice_settings')
      .values({
        account_id: 'acc_1',
        leads_days: [1],
        quiet_from_minute: null,
        quiet_until_minute: null,
        time_zone: 'UTC',
        language: 'en',
        recipients: JSON.stringify([
          { name: 'x\u2028y', email: 'x@example.com' },
          { name: 'z', email: 'z@example.com' },
        ]),
        updated_at: AT,
      })
      .execute()
    await up(db as never)
    const contacts = await db.selectFrom('contact').select(['name', 'phone']).orderBy('id').execute()
    expect(contacts).toEqual([
      { name: 'Ann Bcc: x@example.com', phone: '+86 10' },
      { name: 'Zoë O’Neill 李', phone: '+86 10' },
      { name: '-', phone: '123' },
    ])
    expect((await db.selectFrom('company').select('details').executeTakeFirstOrThrow()).details).toEqual({
      ...details,
      name: 'A B',
    })
    expect((await db.selectFrom('notice_settings').select('recipients').executeTakeFirstOrThrow()).recipients).toEqual([
      { name: 'x y', email: 'x@example.com' },
      { name: 'z', email: 'z@example.com' },
    ])
    await up(db as never)
  })
})
