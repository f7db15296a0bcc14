/** The order of the list over random lineages and random changes of them, against a model of its own. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCertificates, type ListPosition, type ListRequest } from '../../src/db/certificate-list.ts'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { fillListing } from '../../src/db/migrations/0009-certificate-list.ts'
import { toListFilter } from '../../src/domain/certificate/list-filter.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { eachDatabase } from '../support/databases.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')

interface Member {
  readonly name: string
  /** Null: not issued. */
  readonly days: number | null
  readonly ended: 'revoked' | 'closed' | null
}

const isExpired = (member?: Member) => member?.ended === null && member.days !== null && member.days <= 0

const member: fc.Arbitrary<Member> = fc.record({
  name: fc.string({ unit: fc.constantFrom('a', 'B', 'é', '商', '-', ' '), minLength: 1, maxLength: 5 }),
  days: fc.option(fc.integer({ min: -50, max: 400 })),
  ended: fc.constantFrom(null, null, null, 'revoked', 'closed'),
})
const lineages = fc.array(fc.array(member, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })
const order = fc.record({ key: fc.constantFrom('created', 'expiry', 'name'), descending: fc.boolean() } as const)
const query = fc.constantFrom({}, { status: 'expiringSoon' }, { status: 'expired' }, { status: 'closed' }, { name: 'a' }, {
  search: 'example.com',
  name: 'b',
} as const)

eachDatabase((_kind, open) => {
  let database: Database
  let accounts = 0
  beforeAll(async () => {
    database = await openDatabase((await open()).settings)
  })
  afterAll(() => database.close())

  async function newAccount(): Promise<string> {
    accounts += 1
    const id = `acc_${accounts}`
    await database.db
      .insertInto('account')
      .values({ id, name: id, created_at: new Date(NOW) })
      .execute()
    return id
  }

  /** Each lineage in a transaction, as a renewal would add it. @returns the ids of each lineage */
  function store(accountId: string, wanted: readonly (readonly Member[])[]): Promise<string[][]> {
    return Promise.all(
      wanted.map((members) =>
        database.db.transaction().execute(async (trx) => {
          const ids = members.map(() => `crt_${randomUUID()}`)
          for (const [index, { name, days, ended }] of members.entries()) {
            const issued = days === null ? null : new Date(NOW + days * DAY_MS)
            await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id, created_at,
                revoked_at, closed_as)
              values (${ids[index]}, ${accountId}, ${`${name}${ids[index]?.slice(0, 12)}`}, 'uploaded', ${ids[0]}, ${index},
                ${issued === null ? null : `iss_${ids[index]}`}, now(),
                ${ended === 'revoked' ? new Date(NOW) : null}, ${ended === 'closed' ? 'closed' : null})`.execute(trx)
            if (issued === null) continue
            await sql`insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256,
                not_before, not_after, window_opens_at, chain_pem, created_at)
              values (${`iss_${ids[index]}`}, ${accountId}, ${ids[index]}, ${randomUUID()}, '01', 'CN=x', array['example.com'], '',
                ${issued}, ${issued}, ${new Date(issued.getTime() - 30 * DAY_MS)}, '', now())`.execute(trx)
          }
          return ids
        }),
      ),
    )
  }

  async function readAll(request: Omit<ListRequest, 'after'>, betweenPages = () => Promise.resolve()): Promise<string[]> {
    const ids: string[] = []
    let after: ListPosition | null = null
    for (;;) {
      const rows = await listCertificates(database.db, { ...request, after })
      ids.push(...rows.map((row) => row.certificateId))
      const last = rows.at(-1)
      if (last === undefined || rows.length < request.limit) return ids
      after = last.position
      await betweenPages()
    }
  }

  test('in every order and filter the rows of a lineage stand together, each under its predecessor, and pages lose and repeat none', async () => {
    await fc.assert(
      fc.asyncProperty(lineages, order, query, fc.integer({ min: 1, max: 5 }), async (wanted, sort, filter, limit) => {
        const accountId = await newAccount()
        const stored = await store(accountId, wanted)
        const request = { accountId, now: NOW, filter: toListFilter(filter), sort }
        const whole = await readAll({ ...request, limit: 1000 })
        expect(new Set(whole).size).toBe(whole.length)
        expect(await readAll({ ...request, limit: 1000, maxIds: 0 })).toEqual(whole) // the way of conditions that many meet
        for (const ids of stored) {
          const shown = ids.filter((id) => whole.includes(id))
          const start = whole.indexOf(shown[0] ?? '')
          if (shown.length > 0) expect(whole.slice(start, start + shown.length)).toEqual(shown)
        }
        // Lineages that come in between pages are no reason to lose or repeat one of those that were there.
        const paged = await readAll({ ...request, limit }, async () => {
          await store(accountId, [[{ name: 'a', days: 10, ended: null }]])
        })
        expect(paged.filter((id) => whole.includes(id))).toEqual(whole)
        expect(new Set(paged).size).toBe(paged.length)
      }),
      { numRuns: 25 },
    )
  })

  test('the place of a lineage is the latest notAfter of what is valid in it, and the name of its first row that is shown', async () => {
    await fc.assert(
      fc.asyncProperty(lineages, fc.boolean(), async (wanted, descending) => {
        const accountId = await newAccount()
        const stored = await store(accountId, wanted)
        const placeOf = (members: readonly Member[]): number => {
          const issued = members.filter(({ days }) => days !== null)
          const valid = issued.filter(({ ended }) => ended === null)
          const days = (valid.length > 0 ? valid : issued).map((one) => one.days ?? 0)
          return days.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...days)
        }
        const places = new Map(stored.flatMap((ids, index) => ids.map((id) => [id, placeOf(wanted[index] ?? [])])))
        const request = { accountId, now: NOW, limit: 1000, filter: toListFilter({}) }
        const byExpiry = await readAll({ ...request, sort: { key: 'expiry', descending } })
        const seen = byExpiry.map((id) => places.get(id) ?? Number.NaN)
        expect(seen).toEqual(seen.toSorted((a, b) => (a === b ? 0 : a < b === descending ? 1 : -1)))
        const expired = await readAll({
          ...request,
          filter: toListFilter({ status: 'expired' }),
          limit: 3,
          sort: { key: 'expiry', descending },
        })
        const hasExpired = new Set(stored.flatMap((ids, index) => ids.filter((_, at) => isExpired(wanted[index]?.[at]))))
        expect(expired).toEqual(byExpiry.filter((id) => hasExpired.has(id)))
        const names = new Map(
          stored.flatMap((ids, index) => {
            const first = wanted[index]?.findIndex(({ ended }) => ended !== 'closed') ?? 0
            const at = Math.max(0, first)
            return ids.map((id) => [id, `${wanted[index]?.[at]?.name.toLowerCase()}${ids[at]?.slice(0, 12)}`])
          }),
        )
        const byName = await readAll({ ...request, sort: { key: 'name', descending } })
        const shown = byName.map((id) => Buffer.from(names.get(id) ?? '').toString('hex'))
        expect(shown).toEqual(descending ? shown.toSorted().toReversed() : shown.toSorted())
      }),
      { numRuns: 25 },
    )
  })

  test('what triggers keep is what filling from the facts gives', async () => {
    const accountId = await newAccount()
    await fc.assert(
      fc.asyncProperty(lineages, async (wanted) => {
        const [ids = []] = await store(accountId, wanted)
        const tables = ['certificate_listing', 'certificate_token'] as const
        await sql`update certificate set name = 'new ' || name where id = ${ids[0]}`.execute(database.db)
        await sql`update certificate set revoked_at = now() where id = ${ids.at(-1)}`.execute(database.db)
        await sql`update issuance set names = array['other.example.org'], window_opens_at = not_before
          where certificate_id = ${ids[0]}`.execute(database.db)
        // Everything at once: the first trigger sees all of it, the others have nothing left to do.
        await database.db.transaction().execute(async (trx) => {
          await sql`update certificate set name = 'newest ' || name where id = any(${ids}::text[])`.execute(trx)
          await sql`update issuance set issuer = 'CN=Another', names = names || array['more.example.org']
            where certificate_id = any(${ids}::text[])`.execute(trx)
          await sql`update certificate set revoked_at = null, closed_as = 'closed' where id = ${ids.at(-1)}`.execute(trx)
        })
        const read = async () => {
          const all = tables.map((table) => sql`select * from ${sql.table(table)} order by 1, 2, 3, 4`.execute(database.db))
          return (await Promise.all(all)).map(({ rows }) => rows)
        }
        const kept = await read()
        for (const table of tables) await sql`delete from ${sql.table(table)}`.execute(database.db)
        await fillListing(database.db as never)
        expect(await read()).toEqual(kept)
      }),
      { numRuns: 5 },
    )
  })
})
