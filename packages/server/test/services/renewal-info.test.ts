/** A CA that says when it would have its certificates renewed (RFC 9773), and what managed ones make of it (DOMAIN §5). */
import { X509Certificate } from 'node:crypto'
import type { CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../src/domain/errors.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/time.ts'
import type { CaAdapter, CaRenewalInfo } from '../../src/ports/ca.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { Services } from '../../src/services/context.ts'
import { aForm, anAccount, aSite, buyCertificate, PRIVATE_SINGLE, PUBLIC_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const LIMIT = { amountMinor: 10_000, currency: 'CNY' }
const PAGE = 'https://ca.example/incident'

/** The CA's side. */
interface Script {
  /** SHA-256 of each leaf asked about. */
  readonly asked: string[]
  /** Of what each order replaces. */
  readonly replaced: (string | null)[]
  answer: CaRenewalInfo | null | AppError
}

const sha256Of = (der: Uint8Array): string => new X509Certificate(der).fingerprint256.replaceAll(':', '').toLowerCase()

oneDatabase((_kind, open) => {
  let service: TestService
  let services: Services
  let account: TestAccount
  let script: Script
  const clock = createClock(DEFAULT_START)

  /** The built-in CA, with that besides. */
  const informing = (adapter: CaAdapter): CaAdapter => ({
    ...adapter,
    givesRenewalInfo: true,
    create: (config, kit) => {
      const ca = adapter.create(config, kit)
      return {
        ...ca,
        renewalInfo: async (der) => {
          script.asked.push(sha256Of(der))
          if (script.answer instanceof AppError) throw script.answer
          return script.answer
        },
        placeOrder: async (caAccount, request) => {
          const der = (await request.replaces?.()) ?? null
          script.replaced.push(der === null ? null : sha256Of(der))
          return ca.placeOrder(caAccount, request)
        },
      }
    },
  })

  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    const { adapters } = service.services
    services = { ...service.services, adapters: { ...adapters, ca: adapters.ca.map(informing) } }
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    script = { asked: [], replaced: [], answer: null }
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(services, id, new AbortController().signal)
  const read = (id: string): Promise<CertificateDetail> => account.client.certificates.get({ id })
  const says = (from: number, until: number, retryAfterSeconds: number | null = null): CaRenewalInfo => ({
    startsAt: clock.now() + from,
    endsAt: clock.now() + until,
    explanationUrl: PAGE,
    retryAfterSeconds,
  })
  const charges = async (): Promise<number> =>
    (await account.client.balance.get()).entries.filter(({ kind }) => kind === 'payment').length

  async function managed(productId: string): Promise<CertificateDetail> {
    const { id } = await buyCertificate(account, { productId })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    await services.db
      .updateTable('certificate')
      .set({ served_at: new Date(clock.now()) })
      .where('id', '=', id)
      .execute()
    await account.client.management.start({ id, spendingLimit: LIMIT })
    await advance(id)
    return read(id)
  }

  const plannedAt = ({ management }: CertificateDetail): number => Date.parse(management?.at ?? '')

  test('it renews at a moment of that window, drawn once; it says so, and the order says what it replaces', async () => {
    const info = says(340 * DAY_MS, 342 * DAY_MS)
    script.answer = info
    const old = await managed(PRIVATE_SINGLE)
    expect(script.asked).toEqual([old.sha256])
    expect(plannedAt(old)).toBeGreaterThanOrEqual(info.startsAt)
    expect(plannedAt(old)).toBeLessThan(info.endsAt)
    expect(old.management?.suggestion).toMatchObject({ from: new Date(info.startsAt).toISOString(), page: PAGE })
    expect(old.nextStep.text.en).toContain('its CA asks')
    expect(old.history.find(({ detail }) => detail?.startsWith('the CA asks') === true)?.detail).toContain(PAGE)

    clock.moveTo(DEFAULT_START + 7 * HOUR_MS)
    script.answer = { ...info }
    await advance(old.id)
    expect([script.asked.length, plannedAt(await read(old.id))]).toEqual([2, plannedAt(old)])

    clock.moveTo(plannedAt(old) - HOUR_MS)
    await advance(old.id)
    expect(await charges()).toBe(1)
    clock.moveTo(plannedAt(old))
    await advance(old.id)
    const newId = (await read(old.id)).renewedByCertificateId ?? ''
    await advance(newId)
    expect([await charges(), script.replaced]).toEqual([2, [null, old.sha256]])
    const fresh = await read(newId)
    expect(script.asked.at(-1)).toBe(fresh.sha256)
    const asked = script.asked.length
    await advance(old.id)
    expect(script.asked).toHaveLength(asked) // nobody asks about what was replaced
  })

  test('a window that is over means now: issued anew at no charge, months before it is due, and not again at once', async () => {
    const old = await managed(PUBLIC_SINGLE)
    clock.moveTo(DEFAULT_START + 20 * DAY_MS)
    script.answer = says(-2 * DAY_MS, -DAY_MS)
    await advance(old.id)
    const fresh = await read(old.id)
    expect([fresh.sha256 === old.sha256, fresh.managed, await charges()]).toEqual([false, true, 1])
    expect(script.replaced).toEqual([null, old.sha256])
    // It says the same of the new one: believed a day later.
    expect(plannedAt(fresh)).toBe(Date.parse(fresh.notBefore ?? '') + DAY_MS)
    await advance(old.id)
    expect(script.replaced).toHaveLength(2)
  })

  test('nothing is bought before its window for it', async () => {
    script.answer = says(0, DAY_MS)
    const old = await managed(PRIVATE_SINGLE)
    clock.moveTo(DEFAULT_START + 30 * DAY_MS)
    await advance(old.id)
    expect([await charges(), (await read(old.id)).renewedByCertificateId]).toEqual([1, null])
  })

  test('asked again when the CA says, within bounds; six hours after an error, which changes nothing', async () => {
    script.answer = says(340 * DAY_MS, 342 * DAY_MS, 3600)
    const old = await managed(PRIVATE_SINGLE)
    const intervals: number[] = []
    for (const answer of [
      { ...script.answer, retryAfterSeconds: 1 },
      { ...script.answer, retryAfterSeconds: 30 * 86_400 },
      new AppError('upstreamUnavailable', 'Asking the CA when to renew: it does not answer.'),
      script.answer,
    ]) {
      const { advance_at: due } = await services.db
        .selectFrom('certificate')
        .select('advance_at')
        .where('id', '=', old.id)
        .executeTakeFirstOrThrow()
      intervals.push((due?.getTime() ?? 0) - clock.now())
      clock.moveTo(due?.getTime() ?? 0)
      script.answer = answer
      await advance(old.id)
    }
    expect(intervals.map((ms) => Math.round(ms / MINUTE_MS))).toEqual([60, 1, 24 * 60, 6 * 60])
    expect(plannedAt(await read(old.id))).toBe(plannedAt(old))
    expect(await read(old.id)).toMatchObject({ management: { problem: null } })
  })

  test('in the last twentieth of its life it waits for no suggestion, and the CA is not asked any more', async () => {
    script.answer = says(360 * DAY_MS, 364 * DAY_MS)
    const old = await managed(PRIVATE_SINGLE)
    const notAfter = Date.parse(old.notAfter ?? '')
    expect(plannedAt(old)).toBe(notAfter - 10 * DAY_MS) // no later than the hard band begins
    const asked = script.asked.length
    clock.moveTo(notAfter - 18 * DAY_MS)
    await advance(old.id)
    expect([script.asked.length, await charges()]).toEqual([asked, 2])
  })

  test('a renewal by hand says what it replaces too; one that nobody manages is not asked about', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    await account.client.applications.submit({ id, ...aForm([aSite(service)]) })
    await advance(id)
    const old = await read(id)
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * DAY_MS)
    const renewal = await buyCertificate(account, { renewsCertificateId: id, productId: PRIVATE_SINGLE })
    await account.client.applications.submit({ id: renewal.id, ...aForm(old.domains) })
    await advance(renewal.id)
    expect([script.replaced, script.asked]).toEqual([[null, old.sha256], []])
  })
})
