/** Migration 0005 on data of before it: uploads that are there are read again. */
import { randomUUID } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readUploadsAgain } from '../../src/db/migrations/0005-known-specification.ts'
import { aForeignCertificate, anAccount, anIssuedCertificate, anUpload, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  test('gives them what they would have been given when they came, and leaves purchases alone', async () => {
    const leaf = aForeignCertificate(service, { names: ['*.known.example.com'], policies: ['2.23.140.1.1'] })
    const uploads = [await anUpload(account, { leaf, name: randomUUID() }), await anUpload(account), await anUpload(account)]
    const bought = await anIssuedCertificate(account)
    const { db } = service.services
    await db
      .updateTable('issuance')
      .set({ chain_pem: 'unreadable' })
      .where('certificate_id', '=', uploads[2]?.id ?? '')
      .execute()
    const before = await Promise.all(uploads.slice(0, 2).map(({ id }) => account.client.certificates.get({ id })))
    await forget()
    await readUploadsAgain(db as unknown as Kysely<unknown>)
    const after = await Promise.all(uploads.map(({ id }) => account.client.certificates.get({ id })))
    expect(after.slice(0, 2)).toEqual(before)
    expect(after[0]?.knownSpecification).toEqual({ domainType: 'wildcard', certificateType: 'EV', grade: null, brand: null })
    expect(after[2]?.knownSpecification).toEqual({ domainType: null, certificateType: null, grade: null, brand: null })
    const rows = await db.selectFrom('issuance').select('known_domain_type').where('certificate_id', '=', bought.id).execute()
    expect(rows).toEqual([{ known_domain_type: null }])
  })

  async function forget(): Promise<void> {
    await sql`update issuance set known_domain_type = null, known_certificate_type = null, known_brand = null`.execute(
      service.services.db,
    )
  }
})
