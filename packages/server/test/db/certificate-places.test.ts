/** The order of the list over random lineages and random changes of them, against a model of its own. */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql, type RawBuilder } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CertificateQuery } from '@evercert/contract'
import { listCertificates, type ListPosition, type ListRequest, type ListRow } from '../../src/db/certificate-list.ts'
import { sumUpTallies } from '../../src/db/certificate-tally.ts'
import { findUnder } from '../../src/db/certificate-under.ts'
import { openDatabase, type Database, type Db } from '../../src/db/connect.ts'
import { fillListing } from '../../src/db/migrations/0009-certificate-list.ts'
import { countWaiting } from '../../src/db/renewal-funnel.ts'
import { toListFilter } from '../../src/domain/certificate/list-filter.ts'
import { DEFAULT_RENEWAL_POLICY, longestWindowMs } from '../../src/domain/certificate/window.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { waitFor } from '../support/wait-for.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')

interface Member {
  readonly name: string
  /** Null: not issued. */
  readonly days: number | null
  readonly ended: 'revoked' | 'closed' | null
  /** Follows what the one before it followed, if that one has ended: as after an upload that was taken out. */
  readonly skipsEnded?: boolean
}

const isExpired = (member?: Member) => member?.ended === null && member.days !== null && member.days <= 0
const isExpiringSoon = (member?: Member) => member?.ended === null && member.days !== null && member.days > 0 && member.days <= 30

const member: fc.Arbitrary<Member> = fc.record({
  name: fc.string({ unit: fc.constantFrom('a', 'B', 'é', '商', '-', ' '), minLength: 1, maxLength: 5 }),
  days: fc.option(fc.integer({ min: -50, max: 400 })),
  ended: fc.constantFrom(null, null, null, 'revoked', 'closed'),
  skipsEnded: fc.boolean(),
})
const lineages = fc.array(fc.array(member, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })
const order = fc.record({ key: fc.constantFrom('created', 'expiry', 'name'), descending: fc.boolean() } as const)
const query = fc.constantFrom(
  {},
  { status: 'expiringSoon' },
  { status: 'expired' },
  { status: 'pendingApplication' },
  { status: 'closed' },
  { name: 'a' },
  { search: 'example.com', name: 'b' },
  { expiresFrom: new Date(NOW).toISOString(), expiresTo: new Date(NOW + 30 * DAY_MS).toISOString() },
  { tags: 'none' },
) as fc.Arbitrary<CertificateQuery>

/** What each member of a lineage renews: an index, or null. */
function linksOf(members: readonly Member[]): (number | null)[] {
  const links: (number | null)[] = []
  for (const [index, { skipsEnded }] of members.entries()) {
    const before = members[index - 1]
    links.push(
      before === undefined ? null : skipsEnded === true && before.ended !== null ? (links[index - 1] ?? null) : index - 1,
    )
  }
  return links
}

/** The model: what is neither closed nor a row stands under the nearest row that it renews, by one link or several. */
function expectedUnder(
  ids: readonly string[],
  members: readonly Member[],
  rows: ReadonlySet<string>,
): (readonly [string, string])[] {
  const links = linksOf(members)
  return ids.flatMap((id, index) => {
    if (rows.has(id) || members[index]?.ended === 'closed') return []
    for (let at = links[index] ?? null; at !== null; at = links[at] ?? null) {
      const row = ids[at] ?? ''
      if (rows.has(row)) return [[row, id] as const]
    }
    return []
  })
}

eachDatabase((kind, open) => {
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
  function store(
    accountId: string,
    wanted: readonly (readonly Member[])[],
    linksIn: (members: readonly Member[]) => readonly (number | null)[] = linksOf,
  ): Promise<string[][]> {
    return Promise.all(
      wanted.map((members) =>
        database.db.transaction().execute(async (trx) => {
          const ids = members.map(() => `crt_${randomUUID()}`)
          const links = linksIn(members)
          for (const [index, { name, days, ended }] of members.entries()) {
            const issued = days === null ? null : new Date(NOW + days * DAY_MS)
            await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id, created_at,
                revoked_at, closed_as, renews_certificate_id)
              values (${ids[index]}, ${accountId}, ${`${name}${ids[index]?.slice(0, 12)}`}, 'uploaded', ${ids[0]}, ${index},
                ${issued === null ? null : `iss_${ids[index]}`}, now(),
                ${ended === 'revoked' ? new Date(NOW) : null}, ${ended === 'closed' ? 'closed' : null},
                ${ids[links[index] ?? -1] ?? null})`.execute(trx)
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

  async function readAll(
    request: Omit<ListRequest, 'after' | 'longestWindowMs'>,
    betweenPages = () => Promise.resolve(),
  ): Promise<string[]> {
    const ids: string[] = []
    let after: ListPosition | null = null
    for (;;) {
      const rows = await listCertificates(database.db, {
        ...request,
        after,
        longestWindowMs: longestWindowMs(DEFAULT_RENEWAL_POLICY),
      })
      ids.push(...rows.map((row) => row.certificateId))
      const last = rows.at(-1)
      if (last === undefined || rows.length < request.limit) return ids
      after = last.position
      await betweenPages()
    }
  }

  /** Page after page, with what stands under the rows of each: pairs of a row and its renewal, in their order. */
  async function readUnder(request: Omit<ListRequest, 'after' | 'longestWindowMs'>): Promise<(readonly [string, string])[]> {
    const pairs: (readonly [string, string])[] = []
    const whole = { ...request, longestWindowMs: longestWindowMs(DEFAULT_RENEWAL_POLICY) }
    for (let after: ListPosition | null = null; ;) {
      const found: readonly ListRow[] = await listCertificates(database.db, { ...whole, after, limit: request.limit + 1 })
      const page = { rows: found.slice(0, request.limit), next: found[request.limit] ?? null }
      const under = await findUnder(database.db, { ...whole, after }, page)
      pairs.push(...page.rows.flatMap(({ certificateId: row }) => (under.get(row) ?? []).map((id) => [row, id] as const)))
      if (page.next === null) return pairs
      after = page.rows.at(-1)?.position ?? null
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
        // Each live renewal that is not a row stands once, under what it renews, whatever page that is on.
        const rows = new Set(whole)
        const pairs =
          filter.status === 'closed' ? [] : stored.flatMap((ids, index) => expectedUnder(ids, wanted[index] ?? [], rows))
        const expected = new Map(pairs.map(([row, id]) => [id, row]))
        for (const way of [{ limit: 1, maxIds: 0 }, { limit }]) {
          const under = await readUnder({ ...request, ...way })
          expect(new Map(under.map(([row, id]) => [id, row]))).toEqual(expected)
          expect(under.length).toBe(expected.size)
          const places = under.map(([row, id]) => [whole.indexOf(row), stored.flat().indexOf(id)] as const)
          expect(places).toEqual(places.toSorted(([a, b], [c, d]) => a - c || b - d))
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
        for (const [status, isOf] of [
          ['expired', isExpired],
          ['expiringSoon', isExpiringSoon],
        ] as const) {
          const filter = toListFilter({ status })
          const listed = await readAll({ ...request, filter, limit: 3, sort: { key: 'expiry', descending } })
          const has = new Set(stored.flatMap((ids, index) => ids.filter((_, at) => isOf(wanted[index]?.[at]))))
          expect(listed).toEqual(byExpiry.filter((id) => has.has(id)))
        }
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
      { numRuns: 3 },
    )
  })

  test('words begin where letters and digits do, and at each character of a writing without spaces', async () => {
    const texts = fc.sample(
      fc.string({ unit: fc.constantFrom('a', 'z', '0', '9', '-', '.', ' ', '`', '{', '\u007f', 'é', '商') }),
      300,
    )
    const expected = texts.map((text) =>
      Array.from(text, (character, at) =>
        at === 0 || character > '\u007f' || (/[a-z0-9]/.test(character) && !/[a-z0-9]/.test(text[at - 1] ?? ''))
          ? text.slice(at)
          : '',
      ).filter((word) => word !== ''),
    )
    const { rows } = await sql<{ words: string[] }>`select array(select search_words(text)) as words
      from unnest(${texts}::text[]) with ordinality as given (text, place) order by place`.execute(database.db)
    expect(rows.map(({ words }) => words.toSorted())).toEqual(expected.map((words) => words.toSorted()))
  })

  test('what triggers keep is what filling from the facts gives, also when much of a lineage changes at once and in any order', async () => {
    const { db } = database
    for (const [table, reference] of [
      ['renewal', 'account_id_order_id'],
      ['target', 'config_secret_id'],
      ['application', 'issuer_id'],
    ])
      await sql.raw(`alter table ${table} drop constraint if exists ${table}_${reference}_fkey`).execute(db)
    /** Everything that a fact of the list may do, of which each makes sense after any other. */
    const changesOf = (accountId: string, oldId: string, newId: string) => {
      const ofApplication = (state: string) => sql`update application set state = ${state} where id = ${`app_${newId}`}`
      const ofCertificate = (id: string, change: RawBuilder<unknown>) => sql`update certificate set ${change} where id = ${id}`
      const entitle = (id: string) => sql`insert into entitlement
        (certificate_id, account_id, term_years, starts_at, entitled_until, topped_up_days)
        values (${id}, ${accountId}, 2, now(), ${new Date(NOW + 300 * DAY_MS)}, 0) on conflict do nothing`
      return [
        ...['inReview', 'reviewFailed', 'withdrawn', 'issued', 'pendingValidation'].map(ofApplication),
        sql`update application set identifiers = identifiers || array['more.example.org'] where id = ${`app_${newId}`}`,
        ofCertificate(newId, sql`name = 'Newer ' || name`),
        ofCertificate(newId, sql`issuance_id = ${`iss_${newId}`}`),
        ofCertificate(newId, sql`issuance_id = null`),
        ofCertificate(newId, sql`application_id = null`),
        ofCertificate(newId, sql`served_at = now()`),
        ofCertificate(newId, sql`closed_as = 'cancelled'`),
        ofCertificate(oldId, sql`name = '旧 ' || name`),
        ofCertificate(oldId, sql`revoked_at = now()`),
        sql`update issuance set issuer = 'CN=Another' where certificate_id = ${oldId}`,
        sql`insert into renewal (id, account_id, old_certificate_id, new_certificate_id, order_id, state, created_at)
          values (${`rnw_${oldId}`}, ${accountId}, ${oldId}, ${newId}, ${`ord_${oldId}`}, 'open', now()) on conflict do nothing`,
        sql`update renewal set state = 'cancelled' where id = ${`rnw_${oldId}`}`,
        entitle(oldId),
        entitle(newId),
        sql`insert into target (id, account_id, certificate_id, name, kind, config_secret_id, created_at)
          values (${`tgt_${newId}`}, ${accountId}, ${oldId}, ${newId}, 'x', 'x', now()) on conflict do nothing`,
        sql`update target set certificate_id = ${newId} where id = ${`tgt_${newId}`}`,
        sql`insert into deployment (id, account_id, target_id, issuance_id, certificate_id, state, created_at, updated_at)
          select 'dep_' || id, account_id, id, ${`iss_${newId}`}, ${newId}, 'applied', now(), now() from target
          where id = ${`tgt_${newId}`} on conflict do nothing`,
      ]
    }
    const read = async (from: Db, accountId: string) => {
      const queries = [
        sql`select * from certificate_listing where account_id = ${accountId} order by certificate_id`,
        sql`select * from certificate_token where account_id = ${accountId} order by certificate_id, kind, token`,
        // What is counted, and what of that is in the list: nothing remains.
        sql`select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, sum(count)::int as too_many from (
            select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, count from certificate_tally_change
              where account_id = ${accountId}
            union all
            select phase, coalesce((window_opens_at at time zone 'UTC')::date, '9999-12-31'),
              coalesce((not_after at time zone 'UTC')::date, '9999-12-31'), coalesce(lifetime_days, 0),
              coalesce(not closed and phase in ('valid', 'revocationPending') and not_after = place_not_after, false),
              coalesce(waits_for, ''), -1 from certificate_listing where account_id = ${accountId}
          ) counted group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0`,
      ]
      const results: unknown[] = []
      for (const each of queries) results.push((await each.execute(from)).rows)
      return results
    }
    const some = fc.shuffledSubarray(
      Array.from(changesOf('', '', ''), (_, index) => index),
      { minLength: 1, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 2, maxLength: 4 }), async (transactions) => {
        const accountId = await newAccount()
        const members: Member[] = [10, 300].map((days) => ({ name: 'a', days, ended: null }))
        const [[oldId = '', newId = ''] = []] = await store(accountId, [members])
        await sql`update certificate set issuance_id = null where id = ${newId}`.execute(db)
        await db.transaction().execute(async (trx) => {
          await sql`insert into application (id, account_id, certificate_id, issuer_id, state, form, identifiers, method, reference, submitted_at)
            values (${`app_${newId}`}, ${accountId}, ${newId}, 'x', 'pendingValidation', '{}', array['new.example.com'], 'file', ${newId}, now())`.execute(
            trx,
          )
          await sql`update certificate set application_id = ${`app_${newId}`} where id = ${newId}`.execute(trx)
        })
        for (const indexes of transactions) {
          const changes = changesOf(accountId, oldId, newId)
          await db.transaction().execute(async (trx) => {
            for (const index of indexes) await changes[index]?.execute(trx)
          })
          const kept = await read(db, accountId)
          expect(kept[2]).toEqual([])
          const trx = await db.startTransaction().execute() // does not last
          await sql`delete from certificate_token where account_id = ${accountId}`.execute(trx)
          await sql`delete from certificate_listing where account_id = ${accountId}`.execute(trx)
          await sql`select refresh_listing(${accountId}, array[${oldId}])`.execute(trx)
          const [listed, words] = await read(trx, accountId)
          await trx.rollback().execute()
          expect(kept.slice(0, 2)).toEqual([listed, words])
        }
      }),
      { numRuns: 20 },
    )
  })

  test.runIf(isPostgres(kind))(
    'of transactions that wait for a row of the list each sees what those before it committed',
    async () => {
      const { db } = database
      await sql`alter table renewal drop constraint if exists renewal_account_id_order_id_fkey`.execute(db)
      const accountId = await newAccount()
      const valid = (days: number): Member => ({ name: 'a', days, ended: null })
      const [[oldId = '', newId = ''] = []] = await store(accountId, [[valid(10), valid(300)]])
      await sql`insert into renewal (id, account_id, old_certificate_id, new_certificate_id, order_id, state, created_at)
      values (${`rnw_${oldId}`}, ${accountId}, ${oldId}, ${newId}, ${`ord_${oldId}`}, 'open', now())`.execute(db)
      const holder = await db.startTransaction().execute()
      await sql`select from certificate_listing where certificate_id = ${oldId} for update`.execute(holder)
      const changes = [
        sql`update renewal set state = 'cancelled' where id = ${`rnw_${oldId}`}`,
        sql`insert into entitlement (certificate_id, account_id, term_years, starts_at, entitled_until, topped_up_days)
        values (${oldId}, ${accountId}, 2, now(), ${new Date(NOW + 300 * DAY_MS)}, 0)`,
      ]
      const done = changes.map((change) => change.execute(db))
      await waitFor('both to wait', async () => {
        const { rows } = await sql`select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
        return rows.length === changes.length ? true : null
      })
      await holder.commit().execute()
      await Promise.all(done)
      const { rows } = await sql`select waits_for from certificate_listing where certificate_id = ${oldId}`.execute(db)
      expect(rows).toEqual([{ waits_for: 'applied' }]) // neither of them alone gives that
    },
  )

  test.runIf(isPostgres(kind))(
    'those that keep a part of a lineage and those that keep all of it never wait for each other',
    async () => {
      const { db } = database
      await sql`alter table application drop constraint if exists application_issuer_id_fkey`.execute(db)
      const accountId = await newAccount()
      const [[oldId = '', newId = ''] = []] = await store(accountId, [
        [
          { name: 'a', days: 10, ended: null },
          { name: 'a', days: null, ended: null },
        ],
      ])
      await sql`insert into application (id, account_id, certificate_id, issuer_id, state, form, identifiers, method, reference, submitted_at)
      values (${`app_${newId}`}, ${accountId}, ${newId}, 'x', 'pendingValidation', '{}', '{}', 'file', ${newId}, now())`.execute(
        db,
      )
      await sql`update certificate set application_id = ${`app_${newId}`} where id = ${newId}`.execute(db)
      const holder = await db.startTransaction().execute()
      await sql`select from certificate_listing where certificate_id = ${newId} for update`.execute(holder)
      const waiting = (count: number) =>
        waitFor(`${count} to wait`, async () => {
          const { rows } = await sql`select from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
          return rows.length === count ? true : null
        })
      // The newer one first, then the older one.
      const inPart = db.transaction().execute(async (trx) => {
        await sql`update application set state = 'inReview' where id = ${`app_${newId}`}`.execute(trx)
        await sql`insert into entitlement (certificate_id, account_id, term_years, starts_at, entitled_until, topped_up_days)
        values (${oldId}, ${accountId}, 2, now(), ${new Date(NOW + 300 * DAY_MS)}, 0)`.execute(trx)
      })
      await waiting(1)
      const asWhole = sql`update certificate set name = 'Another' where id = ${oldId}`.execute(db)
      await waiting(2)
      await holder.commit().execute()
      await Promise.all([inPart, asWhole])
      const { rows } = await sql`select phase, place_name, waits_for from certificate_listing where account_id = ${accountId}
      order by lineage_index`.execute(db)
      expect(rows).toMatchObject([{ phase: 'valid', waits_for: 'applied', place_name: 'another' }, { phase: 'inReview' }])
    },
  )

  test('what a renewal waits for is kept, counted, and what filling from the facts gives, whatever of it changes', async () => {
    const { db } = database
    const accountId = await newAccount()
    const valid = (days: number): Member => ({ name: 'a', days, ended: null })
    const [[oldId = '', newId = ''] = []] = await store(accountId, [[valid(10), valid(300)], [valid(5)]], () => [])
    // Orders and secrets are not what this is about.
    await sql`alter table renewal drop constraint if exists renewal_account_id_order_id_fkey`.execute(db)
    await sql`alter table target drop constraint if exists target_config_secret_id_fkey`.execute(db)
    const target = (id: string, certificateId: string) => sql`insert into target
      (id, account_id, certificate_id, name, kind, config_secret_id, created_at)
      values (${id}, ${accountId}, ${certificateId}, ${id}, 'x', 'x', now())`
    const deployment = (id: string, state: string) => sql`insert into deployment
      (id, account_id, target_id, issuance_id, certificate_id, state, created_at, updated_at)
      values (${`dep_${id}`}, ${accountId}, ${id}, ${`iss_${newId}`}, ${newId}, ${state}, now(), now())`
    const ofNew = (assignment: RawBuilder<unknown>) => sql`update certificate set ${assignment} where id = ${newId}`
    const steps: [RawBuilder<unknown>, string | null][] = [
      [
        sql`insert into entitlement (certificate_id, account_id, term_years, starts_at, entitled_until, topped_up_days)
        values (${oldId}, ${accountId}, 2, now(), ${new Date(NOW + 300 * DAY_MS)}, 0)`,
        'applied',
      ],
      [sql`update entitlement set entitled_until = ${new Date(NOW)} where certificate_id = ${oldId}`, 'ordered'],
      [
        sql`insert into renewal (id, account_id, old_certificate_id, order_id, state, created_at)
        values (${`rnw_${oldId}`}, ${accountId}, ${oldId}, ${`ord_${oldId}`}, 'ordered', now())`,
        'paid',
      ],
      [sql`update renewal set state = 'open', new_certificate_id = ${newId} where old_certificate_id = ${oldId}`, 'installed'],
      [ofNew(sql`issuance_id = null`), 'applied'],
      [ofNew(sql`issuance_id = ${`iss_${newId}`}`), 'installed'],
      [target('tgt_1', newId), 'installed'],
      [deployment('tgt_1', 'planned'), 'installed'],
      [sql`update deployment set state = 'applied' where id = 'dep_tgt_1'`, 'proved'],
      [target('tgt_2', oldId), 'proved'],
      [sql`update target set certificate_id = ${newId} where id = 'tgt_2'`, 'installed'],
      [deployment('tgt_2', 'applied'), 'proved'],
      [sql`delete from deployment where id = 'dep_tgt_2'`, 'installed'],
      [sql`delete from target where id = 'tgt_2'`, 'proved'],
      [ofNew(sql`served_at = now()`), null],
      [sql`update deployment set state = 'failed' where id = 'dep_tgt_1'`, null],
      [ofNew(sql`served_at = null`), 'installed'],
      [sql`update renewal set state = 'cancelled' where old_certificate_id = ${oldId}`, 'ordered'],
      [sql`update renewal set state = 'open' where old_certificate_id = ${oldId}`, 'installed'],
      [sql`delete from renewal where old_certificate_id = ${oldId}`, 'ordered'],
    ]
    const read = async (from: Db = db) =>
      (await sql`select * from certificate_listing where account_id = ${accountId} order by certificate_id`.execute(from)).rows
    for (const [index, [step, expected]] of steps.entries()) {
      await step.execute(db)
      const kept = await read()
      expect(
        kept.find((row) => (row as { certificate_id: string }).certificate_id === oldId),
        `step ${index}`,
      ).toMatchObject({
        waits_for: expected,
      })
      const counted = new Map<string | null, number>([['ordered', 1]]) // the other lineage
      counted.set(expected, (counted.get(expected) ?? 0) + 1)
      expect(await countWaiting(db, accountId, NOW), `step ${index}`).toEqual(counted)
      const trx = await db.startTransaction().execute() // does not last: what is spoilt here was counted
      await sql`update certificate_listing set waits_for = 'issued' where account_id = ${accountId}`.execute(trx)
      await sql`select refresh_listing(account_id, array_agg(distinct lineage_id)) from certificate
        where account_id = ${accountId} group by account_id`.execute(trx)
      const filled = await read(trx)
      await trx.rollback().execute()
      expect(filled, `step ${index}`).toEqual(kept)
    }
    await sumUpTallies(db)
    expect(await countWaiting(db, accountId, NOW)).toEqual(new Map([['ordered', 2]]))
    // In the course of the day on which the last expires; its window opened long before.
    expect(await countWaiting(db, accountId, NOW + 5 * DAY_MS - 1)).toEqual(new Map([['ordered', 2]]))
    expect(await countWaiting(db, accountId, NOW + 5 * DAY_MS + 1)).toEqual(new Map([['ordered', 1]]))
    // The renewal's own window opens in 270 days.
    expect(await countWaiting(db, accountId, NOW + 270 * DAY_MS - 1)).toEqual(new Map())
    expect(await countWaiting(db, accountId, NOW + 270 * DAY_MS + 1)).toEqual(new Map([['ordered', 1]]))
  })
})
