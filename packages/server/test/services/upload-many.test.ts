import { randomUUID } from 'node:crypto'
import { MAX_UPLOADS, type UploadOutcome } from '@evercert/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TestLeaf } from '../../../../test/harness/certificates.ts'
import { aForeignCertificate, anAccount, anUpload, refusalOf, type TestAccount } from '../support/builders.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const CHINESE = /[一-龥]/u

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  beforeEach(async () => {
    account = await anAccount(service, { balanceMinor: 0 })
  })
  afterAll(() => service.stop())

  const entryOf = (leaf: TestLeaf, name: string = randomUUID()) => ({
    name,
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
  })
  const anEntry = (name?: string) => entryOf(aForeignCertificate(service), name)
  const send = (entries: ReturnType<typeof entryOf>[], dryRun = false) => account.client.uploads.create({ entries, dryRun })
  const codesOf = (outcomes: readonly UploadOutcome[]) =>
    outcomes.map((outcome) => (outcome.result === 'refused' ? outcome.problem.code : outcome.result))
  const rowsOf = async (table: 'certificate' | 'issuance' | 'private_key' | 'secret' | 'history') => {
    const { count } = await service.services.db
      .selectFrom(table)
      .select((builder) => builder.fn.countAll<string>().as('count'))
      .where('account_id', '=', account.accountId)
      .executeTakeFirstOrThrow()
    return Number(count)
  }
  const allRows = () => Promise.all((['certificate', 'issuance', 'private_key', 'secret', 'history'] as const).map(rowsOf))

  test('each entry is stored in whole, as a single upload would be, or refused in both languages; the order is kept', async () => {
    const good = aForeignCertificate(service, { names: ['a.example.com', 'b.example.com'] })
    const broken = { ...anEntry('broken'), certificatePem: 'hello' }
    const foreign = { ...anEntry('foreign key'), privateKeyPem: aForeignCertificate(service).privateKeyPem }
    const old = entryOf(aForeignCertificate(service, { daysLeft: 0 }), 'old')
    const answer = await send([broken, entryOf(good, ' good '), foreign, old, anEntry('last')])
    expect(answer).toMatchObject({ stored: 2, refused: 3 })
    expect(codesOf(answer.outcomes)).toEqual(['badCertificate', 'stored', 'keyMismatch', 'certificateExpired', 'stored'])
    for (const outcome of answer.outcomes) {
      if (outcome.result !== 'refused') continue
      expect(outcome.problem.cause.zh).toMatch(CHINESE)
      expect(outcome.problem.remedy.en).not.toBe('')
      expect(JSON.stringify(outcome)).not.toContain('PRIVATE KEY')
    }
    const [, stored] = answer.outcomes
    const certificate = await account.client.certificates.get({ id: stored?.result === 'stored' ? stored.certificateId : '' })
    expect(certificate).toMatchObject({
      name: 'good',
      origin: 'uploaded',
      sha256: good.sha256,
      domains: ['a.example.com', 'b.example.com'],
      chainPem: good.chainPem,
      knownSpecification: { domainType: 'multi', certificateType: 'DV', grade: null, brand: null },
      history: [{ to: 'uploaded', actor: 'test', detail: `SHA-256 ${good.sha256}` }],
    })
    const key = await service.services.db
      .selectFrom('issuance')
      .innerJoin('private_key', 'private_key.id', 'issuance.private_key_id')
      .select(['private_key.secret_id', 'private_key.spki_sha256', 'issuance.spki_sha256 as certificate_spki'])
      .where('issuance.sha256', '=', good.sha256)
      .executeTakeFirstOrThrow()
    expect(key.spki_sha256).toBe(key.certificate_spki)
    expect(await service.services.vault.open(service.services.db, key.secret_id, 'privateKey')).toBe(good.privateKeyPem)
    expect(await allRows()).toEqual([2, 2, 2, 2, 2])
  })

  test('what comes in bulk is told of before it expires, as everything is', async () => {
    expect(await send(Array.from({ length: 25 }, () => anEntry()))).toMatchObject({ stored: 25 })
    const watched = await service.services.db
      .selectFrom('certificate')
      .select('id')
      .where('account_id', '=', account.accountId)
      .where('next_notice_at', 'is not', null)
      .execute()
    expect(watched).toHaveLength(25)
  })

  test('what comes in bulk is in the list, found by name and domain, and counted', async () => {
    const leaf = aForeignCertificate(service, { names: ['bulk-shop.example.com'] })
    await send([entryOf(leaf, 'bulk shop'), ...Array.from({ length: 24 }, () => anEntry())])
    expect((await account.client.certificates.list({ limit: 100 })).items).toHaveLength(25)
    for (const search of ['bulk shop', 'bulk-shop.example.com'])
      expect((await account.client.certificates.list({ search })).items).toMatchObject([
        { name: 'bulk shop', sha256: leaf.sha256 },
      ])
    const { items } = await account.client.certificates.counts({})
    expect(items).toMatchObject([{ status: 'issued', count: 25 }])
  })

  test('what came in one request is in the list in the order in which it was sent', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `entry ${index}`)
    await send(names.map((name) => anEntry(name)))
    const { items } = await account.client.certificates.list({ limit: 100, sort: 'created' })
    expect(items.map(({ name }) => name)).toEqual(names)
  })

  test('what bulk uploads write in the list is what the database works out of them itself', async () => {
    const { db } = service.services
    const wishes: [name: string, names: string[], daysLeft: number][] = [
      ['shop (eu).example.com', ['shop.example.com', '*.shop.example.com', 'example.com', 'a.b.c.example.co.uk'], 3],
      ['SHOP Big', ['xn--fiq228c.example.com'], 90],
      ['商店 no. 7', ['only'], 365],
      ['Ünïcode', ['u.example.com'], 20],
      ['-- 9 -- 9x', ['x.example.com'], 0.4],
      ['it\'s 100% \\ "quoted", {1}', [], 100],
    ]
    const special = wishes.map(([name, names, daysLeft]) =>
      entryOf(aForeignCertificate(service, { names, daysLeft, commonName: 'shop, "big"' }), name),
    )
    await send([...special, ...Array.from({ length: 20 }, () => anEntry())])
    const stored = async () => {
      const of = async (query: string) => (await sql.raw(query.replaceAll('$1', `'${account.accountId}'`)).execute(db)).rows
      return {
        listings: await of('select xmin::text, l.* from certificate_listing l where account_id = $1 order by certificate_id'),
        words: await of('select * from certificate_token where account_id = $1 order by certificate_id, kind, token'),
        issuers: await of('select * from issuer_name where account_id = $1 order by issuer'),
        tallies: await of(`select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, sum(count)::int as count
          from certificate_tally_change where account_id = $1 group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6`),
      }
    }
    const written = await stored()
    expect(written.listings).toHaveLength(26)
    const ids = await db.selectFrom('certificate').select('id').where('account_id', '=', account.accountId).execute()
    const refresh = sql`select refresh_listing(${account.accountId}, ${ids.map(({ id }) => id)}::text[])`
    await refresh.execute(db)
    expect(await stored()).toEqual(written)
    // And from nothing.
    const columns = (row: unknown) => ({ ...(row as object), xmin: null })
    for (const table of ['certificate_token', 'certificate_listing', 'issuer_name', 'certificate_tally_change'])
      await sql`delete from ${sql.table(table)} where account_id = ${account.accountId}`.execute(db)
    await refresh.execute(db)
    const workedOut = await stored()
    expect({ ...workedOut, listings: workedOut.listings.map(columns) }).toEqual({
      ...written,
      listings: written.listings.map(columns),
    })
  })

  test.runIf(isPostgres(kind))(
    'after the first uploads in bulk PostgreSQL knows how many there are, so that it looks references up by their ids',
    async () => {
      await send(Array.from({ length: 25 }, () => anEntry()))
      const { rows } = await sql<{ known: number }>`select reltuples as known from pg_class
      where relname = any('{secret,certificate,private_key,issuance,certificate_listing}')`.execute(service.services.db)
      expect(rows).toHaveLength(5)
      for (const { known } of rows) expect(known).toBeGreaterThanOrEqual(25)
    },
  )

  test('of what is equal inside one request the first is kept, by fingerprint and by name', async () => {
    const leaf = aForeignCertificate(service)
    const answer = await send([entryOf(leaf, 'one'), entryOf(leaf, 'two'), anEntry('one'), anEntry('three')])
    expect(codesOf(answer.outcomes)).toEqual(['stored', 'duplicateCertificate', 'duplicateName', 'stored'])
    const [first, second] = answer.outcomes
    const id = first?.result === 'stored' ? first.certificateId : null
    expect(second).toMatchObject({ problem: { facts: { certificateId: id } } })
    expect(await allRows()).toEqual([2, 2, 2, 2, 2])
  })

  test('a request whose answer was lost may be repeated: everything is there already', async () => {
    const entries = Array.from({ length: 25 }, () => anEntry())
    expect(await send(entries)).toMatchObject({ stored: 25, refused: 0 })
    const again = await send(entries)
    expect(again).toMatchObject({ stored: 0, refused: 25 })
    expect(new Set(codesOf(again.outcomes))).toEqual(new Set(['duplicateCertificate']))
    expect(await allRows()).toEqual([25, 25, 25, 25, 25])
  })

  test('rows of a large request refer to each other as those of a small one do', async () => {
    await send(Array.from({ length: 30 }, () => anEntry()))
    const { rows } = await account.service.services.db
      .selectFrom('certificate')
      .innerJoin('issuance', (join) =>
        join.onRef('issuance.id', '=', 'certificate.issuance_id').onRef('issuance.certificate_id', '=', 'certificate.id'),
      )
      .innerJoin('private_key', 'private_key.id', 'issuance.private_key_id')
      .innerJoin('secret', 'secret.id', 'private_key.secret_id')
      .innerJoin('history', 'history.certificate_id', 'certificate.id')
      .select('certificate.id')
      .where('certificate.account_id', '=', account.accountId)
      .execute()
      .then((found) => ({ rows: found }))
    expect(rows).toHaveLength(30)
    // References are checked again afterwards.
    const stray = service.services.db
      .insertInto('private_key')
      .values({
        id: 'key_stray',
        account_id: account.accountId,
        algorithm: 'p256',
        spki_sha256: 'x',
        secret_id: 'sec_none',
        created_at: new Date(),
      })
      .execute()
    await expect(stray).rejects.toThrow(/foreign key/)
  })

  test('two requests at once with the same certificates keep each once', async () => {
    const entries = Array.from({ length: 20 }, () => anEntry())
    const answers = await Promise.all([send(entries), send(entries.toReversed())])
    expect(answers.reduce((sum, { stored }) => sum + stored, 0)).toBe(20)
    expect(await rowsOf('issuance')).toBe(20)
  })

  test('a rehearsal says what would be stored, and stores nothing', async () => {
    const taken = await anUpload(account, { name: 'taken' })
    const before = await allRows()
    const answer = await send([anEntry('free'), anEntry('taken'), { ...anEntry('bad'), privateKeyPem: 'no' }], true)
    expect(codesOf(answer.outcomes)).toEqual(['wouldBeStored', 'duplicateName', 'badKey'])
    expect(answer).toMatchObject({ stored: 0, refused: 2 })
    expect(answer.outcomes[1]).toMatchObject({ problem: { facts: { certificateId: taken.id } } })
    expect(await allRows()).toEqual(before)
  })

  test('bounds: at least one, at most so many; a bad name refuses its entry alone', async () => {
    expect(await refusalOf(send([]))).toMatchObject({ code: 'invalid' })
    const tiny = { name: 'x', certificatePem: 'x', privateKeyPem: 'x' }
    expect(await refusalOf(send(Array.from({ length: MAX_UPLOADS + 1 }, () => tiny)))).toMatchObject({ code: 'invalid' })
    const huge = { ...tiny, certificatePem: 'A'.repeat(9_000_000) }
    expect(await refusalOf(send([huge]))).toMatchObject({ code: 'tooLarge', status: 413 })
    const answer = await send([anEntry('x'.repeat(65)), anEntry('   '), anEntry('fits')])
    expect(codesOf(answer.outcomes)).toEqual(['invalid', 'invalid', 'stored'])
    const long = { ...anEntry('long'), certificatePem: 'A'.repeat(300_000) }
    expect(codesOf((await send([long])).outcomes)).toEqual(['tooLarge'])
  })

  test('needs the permission, and belongs to the account that asks', async () => {
    const reader = await anAccount(service, { scopes: ['certificates:read'] })
    const entry = anEntry()
    expect(await refusalOf(reader.client.uploads.create({ entries: [entry] }))).toMatchObject({ code: 'forbidden' })
    await send([entry])
    const other = await anAccount(service, { balanceMinor: 0 })
    expect(await other.client.uploads.create({ entries: [entry] })).toMatchObject({ stored: 1 })
    expect((await other.client.certificates.list({})).items).toHaveLength(1)
  })
})
