/**
 * What follows when a CA ends an order, gives one order twice, forgets our account, or signs something else: with a CA that does as the
 * test says.
 */
import type { ProblemCode } from '@evercert/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { AppError } from '../../src/domain/errors.ts'
import { caAdapter, type Ca, type CaOrder, type CaOrderRequest } from '../../src/ports/ca.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { createBrand } from '../../src/services/brands.ts'
import { createIssuer, createProduct } from '../../src/services/catalogue.ts'
import type { Services } from '../../src/services/context.ts'
import { aForeignCertificate, aForm, anAccount, aSite, buyCertificate, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PRODUCT = 'scripted-dv-single'
const SECOND_MS = 1000

/** The CA's side of the script. */
interface Script {
  readonly requests: CaOrderRequest[]
  /** How often the account was opened. */
  opened: number
  /** Thrown by the next order. */
  failure: AppError | null
  refOf(request: CaOrderRequest): string
  /** What becomes of an order whose proof was answered. */
  judge(ref: string): CaOrder
  /** How it ends an order that it was to sign; null: it does not. */
  refusal: ProblemCode | null
  /** What it signs; null: it takes its time. */
  chainPem: string | null
}

const aScript = (): Script => ({
  requests: [],
  opened: 0,
  failure: null,
  refOf: ({ reference }) => `order of ${reference}`,
  judge: (ref) => ({ state: 'ready', ref }),
  refusal: null,
  chainPem: null,
})

const refused = (ref: string): CaOrder => ({
  state: 'refused',
  ref,
  code: 'validationFailed',
  detail: 'The CA did not see the proof.',
})

/** Its proofs are TXT records that are in place at once, so that everything hangs on what the CA says. */
function scriptedCa(script: () => Script, publish: (name: string, value: string) => void): Ca {
  return {
    capabilities: {
      validityRule: 'private',
      honoursNotAfter: false,
      reviewsOrganisations: false,
      methods: ['file', 'dns'],
      fileValidationPorts: { http: 80, https: null },
    },
    createAccount: async () => 'scripted',
    openAccount: async (account) => {
      script().opened += 1
      return account
    },
    placeOrder: async (_account, request) => {
      script().requests.push(request)
      const { failure } = script()
      script().failure = null
      if (failure !== null) throw failure
      const ref = script().refOf(request)
      const [identifier = ''] = request.identifiers
      const proof = { location: `_acme-challenge.${identifier}`, content: `proof for ${ref}` }
      publish(proof.location, proof.content)
      const challenge = { ref: `${ref}/1`, identifier, wildcard: false, method: 'dns', state: 'pending', problem: null } as const
      return { state: 'pending', ref, challenges: [{ ...challenge, ...proof }], retryAfterSeconds: null }
    },
    readOrder: async (_account, { ref }) => script().judge(ref),
    answerChallenge: async () => {},
    finalizeOrder: async (_account, { ref }) => {
      const { chainPem, refusal } = script()
      if (refusal !== null) return { state: 'refused', ref, code: refusal, detail: 'The CA gave the order up.' }
      return chainPem === null ? { state: 'processing', ref, retryAfterSeconds: 3600 } : { state: 'issued', ref, chainPem }
    },
    revoke: async () => {},
  }
}

eachDatabase((_kind, open) => {
  let service: TestService
  let services: Services
  let account: TestAccount
  let script = aScript()
  const clock = createClock(DEFAULT_START)

  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    const ca = scriptedCa(
      () => script,
      (name, value) => service.dns.add(name, 'TXT', value),
    )
    const about = { kind: 'ca', id: 'scripted', title: 'Scripted', apiDocs: 'of this test' } as const
    const adapter = caAdapter({ ...about, config: z.object({}), create: () => ca })
    const { adapters } = service.services
    services = { ...service.services, adapters: { ...adapters, ca: [...adapters.ca, adapter] } }
    await createBrand(services, { name: 'Scripted', title: { en: 'Scripted', zh: 'Scripted' } })
    await createIssuer(services, { id: 'scripted', title: 'Scripted', kind: 'scripted', config: {} })
    const price = { amountMinor: 100, currency: 'CNY' }
    await createProduct(services, {
      id: PRODUCT,
      title: { en: 'Scripted', zh: 'Scripted' },
      specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'Scripted' },
      issuerId: 'scripted',
      supportsRenewal: true,
      prices: [{ termYears: 1, base: price, includedDomains: 1, extraDomain: price }],
    })
    account = await anAccount(service)
  })
  beforeEach(() => {
    clock.moveTo(DEFAULT_START)
    script = aScript()
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(services, id, new AbortController().signal)
  const applicationOf = (id: string) => account.client.applications.get({ id })

  async function applied(name = aSite(service)): Promise<string> {
    const { id } = await buyCertificate(account, { productId: PRODUCT })
    await account.client.applications.submit({ id, ...aForm([name]) })
    return id
  }

  test('an order that failed its validation is placed anew after a while, under a reference of its own', async () => {
    const id = await applied()
    script.judge = refused
    await advance(id)
    const failed = await applicationOf(id)
    expect(failed).toMatchObject({ state: 'pendingValidation', problem: { code: 'validationFailed' }, validations: [] })
    expect(Date.parse(failed.retryAt ?? '')).toBeLessThanOrEqual(clock.now() + 5 * SECOND_MS)

    await advance(id)
    expect(script.requests).toHaveLength(1)
    clock.moveTo(clock.now() + 6 * SECOND_MS)
    script.judge = (ref) => ({ state: 'ready', ref })
    await advance(id)
    expect(script.requests.map(({ mayExist }) => mayExist)).toEqual([false, false])
    expect(new Set(script.requests.map(({ reference }) => reference)).size).toBe(2)
    expect(await applicationOf(id)).toMatchObject({ state: 'inReview', problem: null })
    const { history } = await account.client.certificates.get({ id })
    expect(history.filter(({ detail }) => detail?.startsWith('ordered anew') === true)).toHaveLength(1)
  })

  test('the fourth failure asks a person', async () => {
    const id = await applied()
    script.judge = refused
    for (const seconds of [0, 6, 61, 601]) {
      clock.moveTo(clock.now() + seconds * SECOND_MS)
      await advance(id)
    }
    expect(script.requests).toHaveLength(4)
    expect(await applicationOf(id)).toMatchObject({ state: 'reviewFailed', problem: { code: 'validationFailed' } })
  })

  test('a check asked for by the user does not wait', async () => {
    const id = await applied()
    script.judge = refused
    await advance(id)
    await account.client.applications.check({ id })
    script.judge = (ref) => ({ state: 'ready', ref })
    await advance(id)
    expect(script.requests).toHaveLength(2)
  })

  test('a CA that forgot our account has it again, and the order is placed', async () => {
    await advance(await applied())
    const id = await applied()
    script.failure = new AppError('caAccountInvalid', 'Ordering from the CA: it does not know the account.')
    const openedBefore = script.opened
    await advance(id)
    const failed = await applicationOf(id)
    expect(failed).toMatchObject({ state: 'pendingValidation', problem: { code: 'caAccountInvalid' } })
    clock.moveTo(Date.parse(failed.retryAt ?? '') + SECOND_MS)
    await advance(id)
    expect(script.opened).toBe(openedBefore + 1)
    expect(await applicationOf(id)).toMatchObject({ problem: null })
    expect(script.requests.at(-1)?.mayExist).toBe(true)
  })

  test('one order given for two applications serves the first; the second waits, and gets its own', async () => {
    const name = aSite(service)
    const [first, second] = [await applied(name), await applied(name)]
    script.refOf = () => 'the one open order'
    script.judge = (ref) => ({ state: 'pending', ref, challenges: [], retryAfterSeconds: 3600 })
    await advance(first)
    await advance(second)
    expect(await applicationOf(first)).toMatchObject({ problem: null })
    const waiting = await applicationOf(second)
    expect(waiting).toMatchObject({ state: 'pendingValidation', problem: { code: 'conflict' }, validations: [] })
    expect(waiting.problem?.detail).toContain(first)

    await account.client.applications.withdraw({ id: first })
    clock.moveTo(Date.parse(waiting.retryAt ?? '') + SECOND_MS)
    await advance(second)
    expect(await applicationOf(second)).toMatchObject({
      problem: null,
      validations: [{ content: 'proof for the one open order' }],
    })
  })

  test('an order that ended by an error of the CA, while it was to sign, is placed anew; four times, then a person is asked', async () => {
    const id = await applied()
    script.refusal = 'upstreamUnavailable'
    await advance(id)
    expect(await applicationOf(id)).toMatchObject({ state: 'pendingValidation', problem: { code: 'upstreamUnavailable' } })
    for (const seconds of [6, 61, 601]) {
      clock.moveTo(clock.now() + seconds * SECOND_MS)
      await advance(id)
    }
    expect(script.requests).toHaveLength(4)
    expect(await applicationOf(id)).toMatchObject({ state: 'reviewFailed', problem: { code: 'caRejected' } })
    expect((await account.client.applications.withdraw({ id })).state).toBe('withdrawn')
  })

  test('a chain that cannot be read is asked for again', async () => {
    const id = await applied()
    script.chainPem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    await advance(id)
    expect(await applicationOf(id)).toMatchObject({ state: 'inReview', problem: { code: 'upstreamUnavailable' } })
  })

  test('a certificate that does not fit the application is refused, and kept', async () => {
    const id = await applied()
    script.chainPem = aForeignCertificate(service).chainPem
    await advance(id)
    expect(await applicationOf(id)).toMatchObject({ state: 'reviewFailed', problem: { code: 'caRejected' } })
    const row = await services.db
      .selectFrom('application')
      .select('refused_chain_pem')
      .where('certificate_id', '=', id)
      .executeTakeFirstOrThrow()
    expect(row.refused_chain_pem).toBe(script.chainPem)
  })
})
