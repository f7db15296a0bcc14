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

interface Issuance {
  readonly notBefore: number
  readonly notAfter: number
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

  async function walk(termYears: number): Promise<string> {
    clock.moveTo(START)
    const { id } = await buyCertificate(account, { productId: PUBLIC_SINGLE, termYears })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
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

  test.each([1, 3])(
    'an entitlement of %i year(s), renewed by itself: never a gap, never too long, never a charge too many',
    async (termYears) => {
      const lineageId = await walk(termYears)
      const { issuances, periods } = await readLineage(lineageId)

      for (const [index, { notBefore, notAfter }] of issuances.entries()) {
        const cap = VALIDITY_CAPS.findLast(({ from }) => from <= notBefore)
        expect(notAfter + 1000 - notBefore).toBeLessThanOrEqual((cap?.validityMustDays ?? 0) * DAY_MS)
        const next = issuances[index + 1]
        if (next !== undefined) expect(next.notBefore).toBeLessThan(notAfter)
        else expect(notAfter).toBeGreaterThan(END)
      }
      const lifetimes = issuances.map(({ notBefore, notAfter }) => Math.round((notAfter + 1000 - notBefore) / DAY_MS))
      for (const days of [199, 99, 46]) expect(lifetimes).toContain(days)

      // Each order adds its term to the day: nothing of what was paid for is lost, and the next is not paid before it is needed.
      for (const [index, { until }] of periods.entries()) {
        const before = periods[index - 1]
        if (before !== undefined) expect(until).toBe(addCalendarYears(before.until, termYears))
      }
      const last = periods.at(-1)
      expect(addCalendarYears(last?.until ?? 0, -termYears)).toBeLessThanOrEqual(END + 30 * DAY_MS)
      expect(last?.until).toBeGreaterThan(END)
      expect(periods.map(({ managed }) => managed)).toEqual(periods.map((_, index) => index === periods.length - 1))

      await expectDatedReuse(lineageId)

      const { entries } = await account.client.balance.get()
      const orders = new Set(periods.map(({ orderId }) => orderId))
      const paid = entries.filter(({ kind, orderId }) => kind === 'payment' && orders.has(orderId ?? ''))
      expect(paid.map(({ amount }) => amount.amountMinor)).toEqual(periods.map(() => -YEAR_MINOR * termYears))
    },
  )
})
