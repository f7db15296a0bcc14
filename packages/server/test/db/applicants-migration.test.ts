import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { eachDatabase } from '../support/databases.ts'

eachDatabase((_kind, open) => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase((await open()).settings)
  })
  afterAll(() => database.close())

  /** An account of its own with a bought certificate, as far as an application needs one. */
  async function aCertificate(): Promise<{ accountId: string; certificateId: string }> {
    const accountId = 'acc_1'
    const at = new Date()
    const { db } = database
    await db.insertInto('account').values({ id: accountId, name: 'one', created_at: at }).execute()
    await sql`insert into master_key (id, seals, since) values ('m', true, ${at})`.execute(db)
    await sql`insert into secret (id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
      values ('sec_1', 'issuerConfig', 'm', '', '', ${at})`.execute(db)
    await sql`insert into issuer (id, title, kind, config_secret_id, validity_rule, created_at)
      values ('ca', 'CA', 'builtin', 'sec_1', 'private', ${at})`.execute(db)
    await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, created_at)
      values ('crt_1', ${accountId}, 'one', 'uploaded', 'crt_1', 0, ${at})`.execute(db)
    return { accountId, certificateId: 'crt_1' }
  }

  test('applications of before have no applicant, no CSR and nobody who submitted them; a removed CSR leaves the account', async () => {
    const { db } = database
    const { accountId, certificateId } = await aCertificate()
    await sql`insert into application (id, account_id, certificate_id, issuer_id, state, form, identifiers, method, reference, submitted_at)
      values ('app_1', ${accountId}, ${certificateId}, 'ca', 'withdrawn', '{}', '{a.example.com}', 'file', 'app-1', ${new Date()})`.execute(
      db,
    )
    const columns = ['account_id', 'applicant', 'csr_id', 'submitted_by', 'submitted_by_name'] as const
    const load = () => db.selectFrom('application').select(columns).executeTakeFirst()
    const ofBefore = { account_id: accountId, applicant: null, csr_id: null, submitted_by: null, submitted_by_name: null }
    expect(await load()).toEqual(ofBefore)
    await sql`insert into csr (id, account_id, name, origin, names, algorithm, spki_sha256, der, created_at)
      values ('csr_1', ${accountId}, 'x', 'uploaded', '{}', 'p256', 'aa', '', ${new Date()})`.execute(db)
    await db.updateTable('application').set({ csr_id: 'csr_1' }).execute()
    await db.deleteFrom('csr').execute()
    expect(await load()).toEqual(ofBefore)
  })
})
