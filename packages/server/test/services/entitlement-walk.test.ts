/**
 * Managed certificates on the built-in CA with public rules, walked by the clock through the changes of 2027 and 2029: what was paid for is
 * covered to the day by certificates that are never too long, and nothing is paid twice (DOMAIN §3).
 */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domainValidationReuseDays, VALIDITY_CAPS } from '../../src/domain/entitlement/validity-caps.ts'
import { addCalendarYears, DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { aForm, anAccount, aSite, buyCertificate, PUBLIC_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const START = Date.parse('2026-04-01T08:00:00Z')
const END = Date.parse('2030-06-01T00:00:00Z')
const YEAR_MINOR = 10_000
/** More steps than four years of 46-day certificates need. */
const MAX_STEPS = 400
const HOUR_MS = 3_600_000
/** Of the steps by hand: not due yet, because a key was lost or is to be of another kind. */
const EARLY_SHARE = 0.25

/** On both sides of the changes of 2026 and 2027, on a leap day's eve and around a year's end: instant, term, seed of what people do. */
const STARTS: [startAt: string, termYears: number, seed: number][] = [
  ['2026-03-14T23:59:30Z', 1, 11],
  ['2026-11-23T08:00:00Z', 3, 12],
  ['2027-03-14T23:59:59Z', 3, 13],
  ['2028-02-29T12:00:00Z', 1, 14],
]

interface Issuance {
  readonly notBefore: number
  readonly notAfter: number
}

/** Numbers from 0 to 1 (exclusive), the same for the same seed: 32 bits by a linear congruence, of which the upper ones are good. */
function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)

  /** The certificate of the lineage that is due first, as the scan would find it. */
  async function nextDue(lineageId: string): Promise<{ id: string; at: number } | null> {
    const { rows } = await sql<{ id: string; advance_at: Date }>`select id, advance_at from certificate
      where lineage_id = ${lineageId} and advance_at is not null order by advance_at limit 1`.execute(service.services.db)
    const [row] = rows
    return row === undefined ? null : { id: row.id, at: row.advance_at.getTime() }
  }

  async function start(startAt: number, termYears: number): Promise<string> {
    clock.moveTo(startAt)
    const { id } = await buyCertificate(account, { productId: PUBLIC_SINGLE, termYears })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    return id
  }

  /** Renewed by itself, from one instant that it waits for to the next. */
  async function walk(startAt: number, termYears: number): Promise<string> {
    const id = await start(startAt, termYears)
    const spendingLimit = { amountMinor: YEAR_MINOR * termYears, currency: 'CNY' }
    await account.client.management.start({ id, spendingLimit })
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const due = await nextDue(id)
      if (due === null) throw new Error('the lineage came to rest')
      if (due.at > END) return id
      if (due.at > clock.now()) clock.moveTo(due.at)
      await advance(due.id)
    }
    throw new Error('the lineage never comes to the end')
  }

  /** By somebody who acts at any moment of the window, and now and then has one issued again before it is due. */
  async function walkByHand(startAt: number, termYears: number, draw: () => number): Promise<string> {
    const lineageId = await start(startAt, termYears)
    let id = lineageId
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const { notAfter, renewal, domains } = await account.client.certificates.get({ id })
      const goesOn = renewal.reasons.find(({ code }) => code === 'entitlementContinues')
      const opens = goesOn?.facts['reissueOpensAt'] ?? renewal.opensAt
      const [end, opensAt] = [Date.parse(notAfter ?? ''), Date.parse(String(opens))]
      if (end > END) return lineageId
      const isEarly = draw() < EARLY_SHARE
      const [from, until] = isEarly ? [clock.now(), opensAt] : [Math.max(opensAt, clock.now()), end - HOUR_MS]
      clock.moveTo(from + Math.floor(draw() * Math.max(0, until - from)))
      const { action } = (await account.client.certificates.get({ id })).renewal
      if (action === 'renew') id = (await buyCertificate(account, { renewsCertificateId: id, termYears })).id
      await account.client.applications.submit({ id, ...aForm(domains), ...(action === null && { reissue: true }) })
      await advance(id)
    }
    throw new Error('the lineage never comes to the end')
  }

  async function readLineage(lineageId: string) {
    const issuances = await sql<{
      not_before: Date
      not_after: Date
    }>`select issuance.not_before, issuance.not_after from issuance
      join certificate on certificate.id = issuance.certificate_id
      where certificate.lineage_id = ${lineageId} order by issuance.not_before`.execute(service.services.db)
    const periods = await sql<{ entitled_until: Date; order_id: string; managed: boolean }>`select entitlement.entitled_until,
      certificate.order_id, certificate.managed from certificate join entitlement on entitlement.certificate_id = certificate.id
      where certificate.lineage_id = ${lineageId} order by certificate.lineage_index`.execute(service.services.db)
    return {
      issuances: issuances.rows.map((row): Issuance => ({ notBefore: +row.not_before, notAfter: +row.not_after })),
      periods: periods.rows.map((row) => ({ until: +row.entitled_until, orderId: row.order_id, managed: row.managed })),
    }
  }

  /** A domain is proved again as soon as the rule of the day asks for it, and not before it has to be. */
  async function expectDatedReuse(lineageId: string): Promise<void> {
    const { rows } = await sql<{ issued_at: Date; validated_at: Date; reused: boolean }>`select issuance.created_at as issued_at,
      validation.validated_at, validation.reused from issuance
      join certificate on certificate.id = issuance.certificate_id
      join validation on validation.application_id = issuance.application_id
      where certificate.lineage_id = ${lineageId} order by issuance.created_at`.execute(service.services.db)
    for (const { issued_at: issuedAt, validated_at: validatedAt, reused } of rows) {
      const ageDays = (issuedAt.getTime() - validatedAt.getTime()) / DAY_MS
      expect(ageDays).toBeLessThanOrEqual(domainValidationReuseDays(issuedAt.getTime()))
      if (!reused) expect(ageDays).toBeLessThan(1)
    }
    const reusedBetween = (from: string, to: string): boolean =>
      rows.some(({ issued_at: at, reused }) => reused && at >= new Date(from) && at < new Date(to))
    expect(reusedBetween('2026-03-15', '2027-03-15')).toBe(true) // 199 days, and 200 for a validation
    expect(reusedBetween('2029-03-15', '2031-01-01')).toBe(false) // 46 days, and 10 for a validation
  }

  /** Never a gap, never over-long, nothing of what was paid for lost, and no charge but those for the terms. */
  async function expectCovered(lineageId: string, termYears: number) {
    const { issuances, periods } = await readLineage(lineageId)
    for (const [index, { notBefore, notAfter }] of issuances.entries()) {
      const cap = VALIDITY_CAPS.findLast(({ from }) => from <= notBefore)
      expect(notAfter + 1000 - notBefore).toBeLessThanOrEqual((cap?.validityMustDays ?? 0) * DAY_MS)
      const covered = Math.max(...issuances.slice(0, index + 1).map((each) => each.notAfter))
      const next = issuances[index + 1]
      if (next !== undefined) expect(next.notBefore).toBeLessThan(covered)
      else expect(covered).toBeGreaterThan(END)
    }
    for (const [index, { until }] of periods.entries()) {
      const before = periods[index - 1]
      if (before !== undefined) expect(until).toBe(addCalendarYears(before.until, termYears))
    }
    const last = periods.at(-1)
    expect(addCalendarYears(last?.until ?? 0, -termYears)).toBeLessThanOrEqual(END + 30 * DAY_MS)
    expect(last?.until).toBeGreaterThan(END)

    const orders = new Set(periods.map(({ orderId }) => orderId))
    const paid = await sql<{ amount: number }>`select e.amount_minor::int as amount from ledger_transaction t
      join ledger_entry e on e.transaction_id = t.id and e.ledger_account like 'customer:%'
      where t.kind = 'payment' and t.order_id = any(${[...orders]}::text[])`.execute(service.services.db)
    expect(paid.rows.map(({ amount }) => amount)).toEqual(periods.map(() => -YEAR_MINOR * termYears))
    return { issuances, periods }
  }

  const lifetimesOf = (issuances: readonly Issuance[]) =>
    issuances.map(({ notBefore, notAfter }) => Math.round((notAfter + 1000 - notBefore) / DAY_MS))

  test.each([1, 3])(
    'an entitlement of %i year(s), renewed by itself: never a gap, never too long, never a charge too many',
    async (termYears) => {
      const lineageId = await walk(START, termYears)
      const { issuances, periods } = await expectCovered(lineageId, termYears)
      for (const days of [199, 99, 46]) expect(lifetimesOf(issuances)).toContain(days)
      expect(periods.map(({ managed }) => managed)).toEqual(periods.map((_, index) => index === periods.length - 1))
      await expectDatedReuse(lineageId)
    },
  )

  test.each(STARTS.filter((_, index) => index % 2 === 0))('from %s for %i year(s), by itself', async (startAt, termYears) => {
    const { periods } = await expectCovered(await walk(Date.parse(startAt), termYears), termYears)
    expect(periods.at(-1)?.managed).toBe(true)
  })

  test.each(STARTS.filter((_, index) => index % 2 === 1))(
    'from %s for %i year(s), by hand at any moment of the window, and issued again in between',
    async (...wish) => {
      const [startAt, termYears, seed] = wish
      const lineageId = await walkByHand(Date.parse(startAt), termYears, drawing(seed))
      const { issuances, periods } = await expectCovered(lineageId, termYears)
      expect(issuances.length).toBeGreaterThan(periods.length)
      expect(lifetimesOf(issuances).some((days) => days <= 46)).toBe(true)
    },
  )
})
