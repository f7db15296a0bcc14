/** A domain name belongs to the account that proved it: with a CA that all accounts share, and that does as the test says. */
import { request as httpRequest } from 'node:http'
import { sql, type Kysely } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { SCOPES } from '@evercert/contract'
import { up as migrate } from '../../src/db/migrations/0022-name-claims.ts'
import { HOUR_MS } from '../../src/domain/time.ts'
import { caAdapter, type Ca, type CaChallenge } from '../../src/ports/ca.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { createBrand } from '../../src/services/brands.ts'
import { createIssuer, createProduct } from '../../src/services/catalogue.ts'
import type { Services } from '../../src/services/context.ts'
import { claimProvedNames } from '../../src/services/name-claims.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  topUp,
  type TestAccount,
} from '../support/builders.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const PRODUCT = 'shared-dv-multi'

/** The CA's side. */
interface Script {
  /** Names that it takes for proved when the order comes. */
  readonly reusable: Set<string>
  /** One challenge for all orders of a name, as a CA does that shares authorizations. */
  sharesChallenges: boolean
  /** Orders with one of these names end refused. */
  readonly unprovable: Set<string>
  /** Whether it has looked at the proofs. */
  judged: boolean
  /** Orders that it was asked to sign. */
  readonly signed: string[]
}

const aScript = (): Script => ({ reusable: new Set(), sharesChallenges: false, unprovable: new Set(), judged: true, signed: [] })

function sharedCa(script: () => Script, publish: (name: string, value: string) => void, httpPort: number): Ca {
  const namesOf = new Map<string, readonly string[]>()
  return {
    capabilities: {
      validityRule: 'private',
      honoursNotAfter: false,
      reviewsOrganisations: false,
      methods: ['file', 'dns'],
      fileValidationPorts: { http: httpPort, https: null },
    },
    createAccount: async () => 'shared',
    openAccount: async (account) => account,
    placeOrder: async (_account, { reference, identifiers, method }) => {
      namesOf.set(reference, identifiers)
      const { reusable, sharesChallenges } = script()
      if (identifiers.every((name) => reusable.has(name))) return { state: 'ready', ref: reference }
      const challenges = identifiers.map((identifier): CaChallenge => {
        const ref = sharesChallenges ? `authorization of ${identifier}` : `${reference} ${identifier}`
        const state = reusable.has(identifier) ? 'valid' : 'pending'
        const location =
          method === 'file' ? `/.well-known/acme-challenge/${Buffer.from(ref).toString('hex')}` : `_acme-challenge.${identifier}`
        const proof = { location, content: `proof for ${ref}` }
        if (method === 'dns') publish(proof.location, proof.content)
        return { ref, identifier, wildcard: false, method, state, problem: null, ...proof }
      })
      return { state: 'pending', ref: reference, challenges, retryAfterSeconds: null }
    },
    readOrder: async (_account, { ref }) => {
      const refused = namesOf.get(ref)?.find((name) => script().unprovable.has(name))
      if (refused !== undefined) return { state: 'refused', ref, code: 'validationFailed', detail: `no proof of ${refused}` }
      return script().judged ? { state: 'ready', ref } : { state: 'pending', ref, challenges: [], retryAfterSeconds: 3600 }
    },
    answerChallenge: async () => {},
    finalizeOrder: async (_account, { ref }) => {
      script().signed.push(ref)
      return { state: 'processing', ref, retryAfterSeconds: 3600 }
    },
    revoke: async () => {},
  }
}

eachDatabase((kind, open) => {
  let service: TestService
  let services: Services
  let accounts: readonly [TestAccount, TestAccount] | null = null
  let script = aScript()
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    const ca = sharedCa(
      () => script,
      (name, value) => service.dns.add(name, 'TXT', value),
      service.sites.port,
    )
    const about = { kind: 'ca', id: 'shared', title: 'Shared', apiDocs: 'of this test' } as const
    const adapter = caAdapter({ ...about, config: z.object({}), create: () => ca })
    const { adapters } = service.services
    services = { ...service.services, adapters: { ...adapters, ca: [...adapters.ca, adapter] } }
    await createBrand(services, { name: 'Shared', title: { en: 'Shared', zh: 'Shared' } })
    await createIssuer(services, { id: 'shared', title: 'Shared', kind: 'shared', config: {} })
    const price = { amountMinor: 100, currency: 'CNY' }
    await createProduct(services, {
      id: PRODUCT,
      title: { en: 'Shared', zh: 'Shared' },
      specification: { domainType: 'multi', certificateType: 'DV', grade: 'standard', brand: 'Shared' },
      issuerId: 'shared',
      supportsRenewal: true,
      prices: [{ termYears: 1, base: price, includedDomains: 5, extraDomain: price }],
    })
    accounts = [await anAccount(service), await anAccount(service)]
  })
  beforeEach(() => {
    script = aScript()
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(services, id, new AbortController().signal)
  const first = (): TestAccount => accounts?.[0] ?? expect.unreachable()
  const second = (): TestAccount => accounts?.[1] ?? expect.unreachable()

  async function submittedBy(
    validationMethod: 'file' | 'dnsManual',
    account: TestAccount,
    domains: readonly string[],
  ): Promise<string> {
    const { id } = await buyCertificate(account, { productId: PRODUCT, domainCount: 5 })
    await account.client.applications.submit({ id, ...aForm(domains, { validationMethod }) })
    return id
  }

  function submitted(account: TestAccount, ...domains: string[]): Promise<string> {
    return submittedBy('dnsManual', account, domains)
  }

  async function applied(account: TestAccount, ...domains: string[]): Promise<string> {
    const id = await submitted(account, ...domains)
    await advance(id)
    return id
  }

  async function outcomeOf(account: TestAccount, id: string) {
    const { state, problem } = await account.client.applications.get({ id })
    return [state, problem?.code ?? null]
  }

  async function ownerOf(name: string): Promise<string | null> {
    const { items } = await service.client.names.list({ of: 'installation', name })
    return items.find((claim) => claim.name === name)?.accountId ?? null
  }

  test('who proves a name holds it, with what is below; another account is refused at once, and not told whose it is', async () => {
    const name = aSite(service)
    expect(await outcomeOf(first(), await applied(first(), name))).toEqual(['inReview', null])
    expect(await ownerOf(name)).toBe(first().accountId)
    for (const domain of [name, `www.${name}`]) {
      const problem = await refusalOf(submitted(second(), domain))
      expect(problem).toMatchObject({ code: 'nameOfAnotherAccount', status: 409, facts: { names: [domain] } })
      expect(JSON.stringify(problem)).not.toContain(first().accountId)
    }
    expect(await outcomeOf(first(), await applied(first(), `www.${name}`))).toEqual(['inReview', null])
  })

  test('what the CA takes for proved counts only for the account that holds the name', async () => {
    const [own, foreign, mixed] = [aSite(service), aSite(service), aSite(service)]
    await applied(first(), own)
    script = aScript()
    for (const name of [own, foreign, mixed]) script.reusable.add(name)
    expect(await outcomeOf(first(), await applied(first(), own))).toEqual(['inReview', null])
    const { signed } = script
    expect(signed).toHaveLength(1)
    expect(await outcomeOf(first(), await applied(first(), foreign))).toEqual(['reviewFailed', 'nameUnproved'])
    expect(await outcomeOf(first(), await applied(first(), mixed, aSite(service)))).toEqual(['reviewFailed', 'nameUnproved'])
    expect(signed).toHaveLength(1)
    expect([await ownerOf(foreign), await ownerOf(mixed)]).toEqual([null, null])
    await service.client.names.assign({ name: foreign, accountId: first().accountId })
    expect(await outcomeOf(first(), await applied(first(), foreign))).toEqual(['inReview', null])
  })

  test('a challenge that two accounts were given proves nothing for either', async () => {
    script.sharesChallenges = true
    script.judged = false
    const name = aSite(service)
    const ids = [await applied(first(), name), await applied(second(), name)] as const
    script.judged = true
    for (const [index, id] of ids.entries()) {
      const account = index === 0 ? first() : second()
      service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
      await advance(id)
      expect(await outcomeOf(account, id)).toEqual(['reviewFailed', 'nameUnproved'])
    }
    expect(script.signed).toEqual([])
  })

  test("the challenge stays the other account's though its order ended and is placed anew", async () => {
    script.sharesChallenges = true
    script.judged = false
    const [name, broken] = [aSite(service), aSite(service)]
    for (const site of [name, broken]) service.sites.own(site, first().accountId)
    const owner = await submittedBy('file', first(), [name, broken])
    await advance(owner)
    const thief = await submittedBy('file', second(), [name])
    await advance(thief) // the site has the file of its owner, which is the same: the CA is told to look
    script.unprovable.add(broken)
    service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
    await advance(owner)
    expect((await first().client.applications.get({ id: owner })).validations).toEqual([]) // its order is to be placed anew
    script.judged = true // it saw the proof of the name, which was the owner's
    await advance(thief)
    expect(await outcomeOf(second(), thief)).toEqual(['reviewFailed', 'nameUnproved'])
    expect([await ownerOf(name), script.signed]).toEqual([null, []])
  })

  test('of two accounts that prove one name at once exactly one gets it', async () => {
    for (let round = 0; round < 4; round += 1) {
      script = aScript()
      script.judged = false
      const name = aSite(service)
      const ids = [await applied(first(), name), await applied(second(), name)] as const
      script.judged = true
      service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
      await Promise.all(ids.map(advance))
      const outcomes = [await outcomeOf(first(), ids[0]), await outcomeOf(second(), ids[1])]
      const winner = outcomes.findIndex(([state]) => state === 'inReview')
      expect(outcomes[1 - winner]).toEqual(['reviewFailed', 'nameOfAnotherAccount'])
      expect(script.signed).toHaveLength(1)
      expect(await ownerOf(name)).toBe([first(), second()][winner]?.accountId)
    }
  })

  test.runIf(isPostgres(kind))('who waits for the claim of another, not committed yet, does not take it over', async () => {
    script.judged = false
    const name = aSite(service)
    const id = await applied(second(), name)
    script.judged = true
    service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
    const quicker = await services.db.startTransaction().execute()
    await quicker
      .insertInto('name_claim')
      .values({
        name,
        account_id: first().accountId,
        how: 'proved',
        application_id: null,
        proved_at: new Date(service.clock.now()),
      })
      .execute()
    const advancing = advance(id)
    await vi.waitUntil(
      async () =>
        (
          await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
            services.db,
          )
        ).rows.length > 0,
      { timeout: 20_000 },
    )
    await quicker.commit().execute()
    await advancing
    expect(await outcomeOf(second(), id)).toEqual(['reviewFailed', 'nameOfAnotherAccount'])
    expect(await ownerOf(name)).toBe(first().accountId)
    expect(script.signed).toEqual([])
  })

  test('a name below that was claimed meanwhile is not taken by proving it', async () => {
    script.judged = false
    const name = aSite(service)
    const id = await applied(second(), `www.${name}`)
    script.judged = true
    await applied(first(), name)
    service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
    await advance(id)
    expect(await outcomeOf(second(), id)).toEqual(['reviewFailed', 'nameOfAnotherAccount'])
    expect(await ownerOf(`www.${name}`)).toBeNull()
  })

  test.each(['assigned', 'released'] as const)('nothing is signed for a name that was %s meanwhile', async (how) => {
    const name = aSite(service)
    const id = await applied(first(), name)
    expect(script.signed).toHaveLength(1)
    await services.db.updateTable('application').set({ finalize_started_at: null }).where('certificate_id', '=', id).execute()
    if (how === 'assigned') await service.client.names.assign({ name, accountId: second().accountId })
    else await service.client.names.release({ name })
    service.clock.advance(2 * HOUR_MS) // as long as the CA asked to wait, and longer
    await advance(id)
    const code = how === 'assigned' ? 'nameOfAnotherAccount' : 'nameUnproved'
    expect(await outcomeOf(first(), id)).toEqual(['reviewFailed', code])
    expect(script.signed).toHaveLength(1)
    const rows = await services.db
      .selectFrom('application')
      .select('finalize_started_at')
      .where('certificate_id', '=', id)
      .execute()
    expect(rows).toEqual([{ finalize_started_at: null }])
  })

  test('the operator moves a name; both accounts have it in their history, and the loser is not told to whom it went', async () => {
    const name = aSite(service)
    await applied(first(), name)
    const assigned = await service.client.names.assign({ name: `*.${name.toUpperCase()}`, accountId: second().accountId })
    expect(assigned).toMatchObject({ name, accountId: second().accountId, how: 'assigned', applicationId: null })
    expect((await refusalOf(submitted(first(), name))).code).toBe('nameOfAnotherAccount')
    expect(await outcomeOf(second(), await applied(second(), name))).toEqual(['inReview', null])
    const rows = await services.db
      .selectFrom('history')
      .select(['account_id', 'from_state', 'to_state', 'detail'])
      .where('subject', '=', 'name')
      .where('subject_id', '=', name)
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      { account_id: first().accountId, from_state: 'proved', to_state: 'taken', detail: null },
      { account_id: second().accountId, from_state: null, to_state: 'assigned', detail: null },
    ])
    const problem = await refusalOf(service.client.names.assign({ name, accountId: 'acc_none' }))
    expect(problem.code).toBe('notFound')
  })

  test('an account sees and gives up its own names alone, and none that is in use; the operator any', async () => {
    const scopes = SCOPES.filter((scope) => scope !== 'installation:operate')
    const { token } = await first().client.tokens.create({ name: 'member', scopes })
    const member = service.clientOf(token)
    const [used, unused, foreign] = [aSite(service), aSite(service), aSite(service)]
    await applied(first(), used)
    await service.client.names.assign({ name: unused, accountId: first().accountId })
    await applied(second(), foreign)
    const { items, nextCursor } = await member.names.list({ limit: 200 })
    expect(new Set(items.map(({ accountId }) => accountId))).toEqual(new Set([first().accountId]))
    expect([items.map(({ name }) => name).includes(used), nextCursor]).toEqual([true, null])
    const page = await member.names.list({ limit: 1 })
    expect((await member.names.list({ limit: 200, cursor: page.nextCursor ?? '' })).items).toEqual(items.slice(1))
    for (const call of [
      () => member.names.list({ of: 'installation' }),
      () => member.names.list({ accountId: second().accountId }),
      () => member.names.assign({ name: foreign, accountId: first().accountId }),
    ])
      expect((await refusalOf(call())).code).toBe('forbidden')
    expect((await refusalOf(member.names.release({ name: foreign }))).code).toBe('notFound')
    expect((await refusalOf(member.names.release({ name: used }))).code).toBe('inUse')
    await member.names.release({ name: unused })
    await service.client.names.release({ name: foreign })
    expect([await ownerOf(used), await ownerOf(unused), await ownerOf(foreign)]).toEqual([first().accountId, null, null])
  })

  test('a name with a valid certificate is not given up by its owner', async () => {
    const { id } = await buyCertificate(first())
    const name = aSite(service)
    await first().client.applications.submit({ id, ...aForm([name]) })
    await advance(id)
    const { token } = await first().client.tokens.create({ name: 'writer', scopes: ['certificates:write'] })
    expect(await refusalOf(service.clientOf(token).names.release({ name }))).toMatchObject({
      code: 'inUse',
      facts: { certificateId: id },
    })
  })

  /** What the listener for validation files answers to exactly this request line. */
  function ask(path: string, host: string, of: TestService = service): Promise<string> {
    return new Promise((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port: of.proofPort, path, headers: { host }, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve(response.statusCode === 200 ? body : `HTTP ${response.statusCode}`))
      })
        .on('error', reject)
        .end()
    })
  }

  test('a site that forwards to its account answers with the files of that account alone', async () => {
    const name = aSite(service)
    service.sites.own(name, first().accountId)
    const ids: string[] = []
    for (const account of [second(), first()]) {
      const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
      await account.client.applications.submit({ id, ...aForm([name]) })
      ids.push(id)
    }
    const [foreign = '', own = ''] = ids
    await advance(foreign)
    const pending = await second().client.applications.get({ id: foreign })
    expect([pending.state, pending.problem?.code]).toEqual(['pendingValidation', 'validationFailed'])
    const [proof] = pending.validations
    const { pathname } = new URL(proof?.location ?? '')
    expect(proof?.forwardTo).toContain(`/${second().accountId}/.well-known/`)
    const [mine, others] = [first().accountId, second().accountId]
    expect(await ask(`/${others}${pathname}`, name)).toBe(proof?.content)
    for (const path of [
      `/${mine}${pathname}`,
      pathname, // nobody holds the name yet
      `/acc_none${pathname}`,
      `/${mine}/${others}${pathname}`,
      `/${mine}/.well-known/..%2f..%2f${others}${pathname}`,
      `/${mine}/.well-known/../../${others}${pathname}`,
      `/${mine}/.well-known/%2e%2e/%2e%2e/${others}${pathname}`,
      `/${others}%00${pathname}`,
      `/${others}${pathname}/`,
      `//${others}${pathname}`,
    ])
      expect([path, await ask(path, name)]).toEqual([path, 'HTTP 404'])
    expect(await ask(`/${others}${pathname}`, 'other.example.com')).toBe('HTTP 404')
    await advance(own)
    expect(await outcomeOf(first(), own)).toEqual(['issued', null])
    expect(await ask(pathname, name)).toBe('HTTP 404') // the plain path is its owner's
    await service.client.names.assign({ name, accountId: others })
    expect(await ask(pathname, name)).toBe(proof?.content)
  })

  test('the migration gives each name to whoever proved it first', async () => {
    const { db } = services
    const names = [aSite(service), aSite(service)] as const
    for (const [account, name] of [
      [first(), names[0]],
      [second(), names[1]],
    ] as const)
      await applied(account, name)
    // The second one had proved the first one's name too, later; and one of an application that waits has proved nothing.
    script.judged = false
    const waiting = aSite(service)
    await applied(first(), waiting)
    for (const table of ['validation', 'application']) {
      const column = table === 'validation' ? sql`identifier = ${names[0]}` : sql`identifiers = array[${names[0]}]`
      const where = table === 'validation' ? sql`identifier = ${names[1]}` : sql`identifiers = array[${names[1]}]`
      await sql`update ${sql.table(table)} set ${column} where ${where}`.execute(db)
    }
    await sql`update validation set validated_at = validated_at + interval '1 hour' where account_id = ${second().accountId}`.execute(
      db,
    )
    await sql`update application set submitted_at = submitted_at + interval '1 hour' where account_id = ${second().accountId}`.execute(
      db,
    )
    for (const statement of [
      'drop table name_claim',
      'drop index validation_ref',
      'alter table validation drop column found_valid',
    ])
      await sql.raw(statement).execute(db)
    await migrate(db as unknown as Kysely<unknown>)
    expect([await ownerOf(names[0]), await ownerOf(names[1]), await ownerOf(waiting)]).toEqual([first().accountId, null, null])
  })

  test('with one account the plain path answers as before, also for a name that nobody has proved, and what the CA takes for proved is its own', async () => {
    const alone = await startTestService({ database: await open(), worker: IDLE_WORKER })
    try {
      const account: TestAccount = { service: alone, accountId: '', token: alone.operatorToken, client: alone.client }
      await topUp(account, 1_000_000)
      const { id } = await buyCertificate(account)
      const name = 'alone.example.com'
      await alone.client.applications.submit({ id, ...aForm([name]) })
      await advanceCertificate(alone.services, id, new AbortController().signal)
      const [proof] = (await alone.client.applications.get({ id })).validations
      const response = () => ask(new URL(proof?.location ?? '').pathname, name, alone)
      expect(await response()).toBe(proof?.content)
      const { application_id: applicationId, account_id: accountId } = await alone.services.db
        .selectFrom('certificate')
        .select(['application_id', 'account_id'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      const claim = (identifier: string): Promise<void> =>
        alone.services.db.transaction().execute((trx) =>
          claimProvedNames(trx, {
            accountId,
            applicationId: applicationId ?? '',
            identifiers: [identifier],
            now: alone.clock.now(),
          }),
        )
      await claim('known.example.org')
      expect((await alone.client.names.list({})).items.map((each) => each.name)).toEqual(['known.example.org'])
      await anAccount(alone)
      await expect(claim('other.example.org')).rejects.toMatchObject({ code: 'nameUnproved' })
      expect(await response()).toBe('HTTP 404')
    } finally {
      await alone.stop()
    }
  })
})
