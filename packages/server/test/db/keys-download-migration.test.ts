import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { up } from '../../src/db/migrations/0003-keys-download.ts'
import { eachDatabase } from '../support/databases.ts'

eachDatabase((_kind, open) => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase((await open()).settings)
  })
  afterAll(() => database.close())

  test('an operator token of before gets the new permission, once, and no other token gets it', async () => {
    const { db } = database
    await db.insertInto('account').values({ id: 'acc_1', name: 'one', created_at: new Date() }).execute()
    const token = (id: string, scopes: string[]) => ({
      id,
      account_id: 'acc_1',
      name: id,
      token_sha256: id,
      scopes,
      created_at: new Date(),
      expires_at: null,
    })
    await db
      .insertInto('access_token')
      .values([
        token('operator', ['certificates:read', 'installation:operate']),
        token('reader', ['certificates:read', 'certificates:write']),
        token('nobody', []),
      ])
      .execute()
    const scopes = async () => {
      const rows = await db.selectFrom('access_token').select(['id', 'scopes']).execute()
      return Object.fromEntries(rows.map((row) => [row.id, row.scopes]))
    }
    await up(db as never)
    const expected = {
      operator: ['certificates:read', 'installation:operate', 'keys:download'],
      reader: ['certificates:read', 'certificates:write'],
      nobody: [],
    }
    expect(await scopes()).toEqual(expected)
    await up(db as never)
    expect(await scopes()).toEqual(expected)
  })
})
