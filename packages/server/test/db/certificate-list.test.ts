import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CertificateView, ListedCertificate } from '@evercert/contract'
import { longestWindowMs } from '../../src/domain/certificate/window.ts'
import { listCertificates } from '../../src/db/certificate-list.ts'
import { statusCondition } from '../../src/db/status-condition.ts'
import { countByStatus, sumUpTallies } from '../../src/db/certificate-tally.ts'
import { applicationMachine } from '../../src/domain/application/application-machine.ts'
import { CERTIFICATE_STATUSES, deriveStatus, type StatusFacts } from '../../src/domain/certificate/derive-status.ts'
import { toListFilter } from '../../src/domain/certificate/list-filter.ts'
import { windowOpensAt } from '../../src/domain/certificate/window.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { anAccount, anUpload, buy, buyCertificate, PRIVATE_SINGLE, refusalOf, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')

/** Every combination of the facts that a status depends on, with the clock on each side of each border. */
function everyCombination(): StatusFacts[] {
  const closed = [null, 'cancelled', 'refunded', 'closed'] as const
  const instants = [null, NOW - DAY_MS]
  const applications = [null, ...applicationMachine.states.map((state) => ({ state }))]
  const year = (notAfter: number) => ({ notBefore: notAfter - 365 * DAY_MS, notAfter })
  const issuances = [
    null,
    year(NOW + 200 * DAY_MS),
    year(NOW + 30 * DAY_MS + 1), // a millisecond before the window opens
    year(NOW + 30 * DAY_MS), // at its first instant
    year(NOW + 1),
    year(NOW),
    year(NOW - DAY_MS),
    { notBefore: NOW - 4 * DAY_MS, notAfter: NOW + 2 * DAY_MS }, // six days long, two left: a third
    { notBefore: NOW - 3 * DAY_MS, notAfter: NOW + 3 * DAY_MS },
  ]
  return closed.flatMap((closedAs) =>
    instants.flatMap((revokedAt) =>
      instants.flatMap((revocationRequestedAt) =>
        applications.flatMap((application) =>
          issuances.map((issuance) => ({ closedAs, revokedAt, revocationRequestedAt, application, issuance })),
        ),
      ),
    ),
  )
}

eachDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  async function storeFacts(account: TestAccount, combinations: readonly StatusFacts[]): Promise<Map<string, StatusFacts>> {
    const { db } = service.services
    const rows = combinations.map((facts, index) => ({ id: `crt_${String(index).padStart(26, '0')}`, facts, key: randomUUID() }))
    const common = { account_id: account.accountId, created_at: new Date(NOW) }
    const date = (instant: number | null) => (instant === null ? null : new Date(instant))
    for (let at = 0; at < rows.length; at += 100) {
      const batch = rows.slice(at, at + 100)
      await db
        .insertInto('certificate')
        .values(
          batch.map(({ id, facts, key }) => ({
            ...common,
            id,
            name: id,
            origin: 'uploaded' as const,
            product_id: null,
            order_id: null,
            renews_certificate_id: null,
            lineage_id: id,
            lineage_index: 0,
            closed_as: facts.closedAs,
            revocation_requested_at: date(facts.revocationRequestedAt),
            revoked_at: date(facts.revokedAt),
            application_id: facts.application === null ? null : `app_${key}`,
            issuance_id: facts.issuance === null ? null : `iss_${key}`,
            served_at: null,
            probe_due_at: null,
            advance_at: null,
          })),
        )
        .execute()
      await db
        .insertInto('application')
        .values(
          batch.flatMap(({ id, facts, key }) =>
            facts.application === null
              ? []
              : [
                  {
                    id: `app_${key}`,
                    account_id: account.accountId,
                    certificate_id: id,
                    issuer_id: 'evercert-private',
                    state: facts.application.state,
                    form: '{}',
                    identifiers: ['example.com'],
                    method: 'file' as const,
                    private_key_id: null,
                    spki_sha256: null,
                    csr: null,
                    reference: key,
                    first_attempt_at: null,
                    ca_order_ref: null,
                    proof_published_at: null,
                    answered_at: null,
                    failed_code: null,
                    failed_detail: null,
                    retry_at: null,
                    submitted_at: new Date(NOW),
                  },
                ],
          ),
        )
        .execute()
      await db
        .insertInto('issuance')
        .values(
          batch.flatMap(({ id, facts, key }) =>
            facts.issuance === null
              ? []
              : [
                  {
                    ...common,
                    id: `iss_${key}`,
                    certificate_id: id,
                    application_id: null,
                    private_key_id: null,
                    sha256: key,
                    serial: '01',
                    issuer: 'CN=Somebody',
                    names: ['example.com'],
                    common_name: null,
                    spki_sha256: '',
                    not_before: new Date(facts.issuance.notBefore),
                    not_after: new Date(facts.issuance.notAfter),
                    window_opens_at: new Date(windowOpensAt(facts.issuance, service.services.policy)),
                    chain_pem: '',
                  },
                ],
          ),
        )
        .execute()
    }
    return new Map(rows.map(({ id, facts }) => [id, facts]))
  }

  test('the status in SQL is the status of the domain, over every combination of facts', async () => {
    const account = await anAccount(service, { balanceMinor: 0 })
    const stored = await storeFacts(account, everyCombination())
    const bySql = new Map<string, string[]>()
    for (const status of CERTIFICATE_STATUSES) {
      const rows = await service.services.db
        .selectFrom('certificate_listing as l')
        .select('l.certificate_id as id')
        .where('l.account_id', '=', account.accountId)
        .where(statusCondition(status, new Date(NOW)))
        .execute()
      for (const { id } of rows) bySql.set(id, [...(bySql.get(id) ?? []), status])
    }
    const wrong = [...stored]
      .map(([id, facts]) => ({ facts, domain: [deriveStatus(facts, NOW, service.services.policy)], sql: bySql.get(id) ?? [] }))
      .filter(({ domain, sql }) => domain.join() !== sql.join())
    expect(wrong).toEqual([])
    expect(stored.size).toBe(4 * 2 * 2 * 6 * 9)
    expect(new Set([...bySql.values()].flat())).toEqual(new Set(CERTIFICATE_STATUSES))
    const { db, policy } = service.services
    const common = { accountId: account.accountId, now: NOW, limit: 2000, after: null, longestWindowMs: longestWindowMs(policy) }
    for (const status of CERTIFICATE_STATUSES) {
      const expected = [...bySql].filter(([, statuses]) => statuses[0] === status).map(([id]) => id)
      for (const key of ['created', 'expiry', 'name'] as const) {
        const request = { ...common, filter: toListFilter({ status }), sort: { key, descending: false } }
        const listed = (await listCertificates(db, request)).map(({ certificateId }) => certificateId)
        expect([status, key, listed.toSorted()]).toEqual([status, key, expected.toSorted()])
      }
    }
    const expected = Object.fromEntries(
      CERTIFICATE_STATUSES.map((status) => [status, [...bySql.values()].filter(([only]) => only === status).length]),
    )
    expect(Object.fromEntries(await countByStatus(db, account.accountId, NOW))).toEqual(expected)
    await sumUpTallies(db)
    expect(Object.fromEntries(await countByStatus(db, account.accountId, NOW))).toEqual(expected)
  })

  async function listAll(
    account: TestAccount,
    query: Parameters<TestAccount['client']['certificates']['list']>[0],
    betweenPages: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<ListedCertificate[]> {
    const items: ListedCertificate[] = []
    let cursor: string | undefined
    do {
      const page = await account.client.certificates.list({ ...query, ...(cursor !== undefined && { cursor }) })
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
      if (cursor !== undefined) await betweenPages()
    } while (cursor !== undefined)
    return items
  }

  test('a renewal stands directly under the certificate that it renews, newest first otherwise, also within a filter (FD)', async () => {
    const account = await anAccount(service)
    const first = await anUpload(account, { name: 'shop first', daysLeft: 20 })
    const second = await anUpload(account, { name: 'second', daysLeft: 20 })
    const renewal = await buyCertificate(account, { renewsCertificateId: first.id, productId: PRIVATE_SINGLE })
    const third = await buyCertificate(account)
    const ids = (items: readonly CertificateView[]) => items.map(({ id }) => id)
    expect(ids(await listAll(account, {}))).toEqual([third.id, second.id, first.id, renewal.id])
    expect(renewal).toMatchObject({ isNew: true, renewsCertificateId: first.id, name: 'shop first-r1' })
    expect(ids(await listAll(account, { search: 'SHOP first' }))).toEqual([first.id, renewal.id])
    expect(ids(await listAll(account, { status: 'pendingApplication' }))).toEqual([third.id, renewal.id])
    // Under the old one also where the filter leaves it out; and there it is no row.
    for (const limit of [1, 2, 3]) {
      const soon = await listAll(account, { status: 'expiringSoon', limit })
      expect(soon.map(({ id, under }) => [id, ids(under)])).toEqual([
        [second.id, []],
        [first.id, [renewal.id]],
      ])
    }
    const { items } = await account.client.certificates.list({ search: first.id })
    expect(items[0]?.under).toMatchObject([{ id: renewal.id, isNew: true, status: 'pendingApplication' }])
    const unfiltered = await listAll(account, {})
    expect(unfiltered.flatMap(({ under }) => under)).toEqual([])
    await account.client.certificates.cancel({ id: renewal.id })
    expect((await listAll(account, { status: 'expiringSoon' })).flatMap(({ under }) => under)).toEqual([])
    expect(await listAll(account, { status: 'expired' })).toEqual([])
  })

  test('bought and uploaded certificates that expire soon are listed together, with the reason where they cannot be renewed (FD)', async () => {
    const account = await anAccount(service)
    const upload = await anUpload(account, { daysLeft: 20 })
    const renewed = await anUpload(account, { daysLeft: 20 })
    await buy(account, { renewsCertificateId: renewed.id, productId: PRIVATE_SINGLE })
    const { items } = await account.client.certificates.list({ status: 'expiringSoon' })
    expect(items.map(({ id, renewal }) => [id, renewal.eligible, renewal.reasons.map(({ code }) => code)])).toEqual([
      [renewed.id, false, ['alreadyRenewed']],
      [upload.id, true, []],
    ])
  })

  test('pages of any size show every row exactly once, also while rows are added', async () => {
    const account = await anAccount(service)
    const made: string[] = []
    for (let index = 0; index < 4; index += 1) {
      const old = await anUpload(account, { daysLeft: 20 })
      made.push(old.id, (await buyCertificate(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })).id)
    }
    const whole = (await listAll(account, {})).map(({ id }) => id)
    expect(whole.toSorted()).toEqual(made.toSorted())
    for (const limit of [1, 2, 3, 8, 9]) {
      const paged = (await listAll(account, { limit }, () => buy(account))).map(({ id }) => id)
      expect(paged.filter((id) => made.includes(id))).toEqual(whole)
      expect(new Set(paged).size).toBe(paged.length)
    }
  })

  test.each([
    '100% sure',
    'under_score',
    'back\\slash',
    "O'Neill",
    'double "quoted"',
    'ünïcode 商店',
    '%',
    '_',
    '\\',
    "'; drop table certificate; --",
  ])('searching takes %s as it reads', async (name) => {
    const account = await anAccount(service, { balanceMinor: 0 })
    const wanted = await anUpload(account, { name })
    await anUpload(account, { name: 'plain' })
    const found = await account.client.certificates.list({ search: name })
    expect(found.items.map(({ id }) => id)).toEqual([wanted.id])
  })

  test('searching finds parts of names and domains in any case, fingerprints and whole ids', async () => {
    const account = await anAccount(service, { balanceMinor: 0 })
    const wanted = await anUpload(account, { name: 'Main Shop' })
    await anUpload(account, { name: 'other' })
    const [domain = ''] = wanted.domains
    for (const search of ['main', 'MAIN SH', domain.slice(0, 9).toUpperCase(), wanted.sha256?.slice(0, 20) ?? '', wanted.id]) {
      const found = await account.client.certificates.list({ search })
      expect(found.items.map(({ id }) => id)).toEqual([wanted.id])
    }
  })

  test.each(['', 'crt_', '0', 'crt_00000000000000000000000000.x', "crt_' or '1'='1.0", 'a'.repeat(513)])(
    'a cursor that this list did not give is refused: %.40s',
    async (cursor) => {
      const account = await anAccount(service, { balanceMinor: 0 })
      expect(await refusalOf(account.client.certificates.list({ cursor }))).toMatchObject({ code: 'invalid', status: 400 })
      expect(await refusalOf(account.client.orders.list({ cursor }))).toMatchObject({ code: 'invalid', status: 400 })
    },
  )

  test('orders are listed newest first, in pages that show each once', async () => {
    const account = await anAccount(service)
    const made: string[] = []
    for (let index = 0; index < 5; index += 1) made.push((await buy(account)).id)
    const first = await account.client.orders.list({ limit: 3 })
    const second = await account.client.orders.list({ limit: 3, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made.toReversed())
    expect(second.nextCursor).toBeNull()
  })
})
