import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFiles } from '../../../../test/e2e/support/canaries.ts'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { toLoggedError } from '../../src/logged-error.ts'
import { CHOSEN } from '../../src/http/told-fields.ts'
import { CONTRACT_OPERATIONS, type ContractOperation } from '../support/contract-inputs.ts'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { eachDatabase, type TestDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { typedCalls, type TypedCall } from '../support/typed-secrets.ts'

const ADA = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada', language: 'en' } as const
const MINUTE_MS = 60_000
/** Passes for an identifier, a name, a word. */
const aSecret = (): string => `k${randomBytes(12).toString('hex')}`

/** Nothing but what somebody chose from, counted or dated gets through. */
function isClosed(shape: ContractOperation['shape']): boolean {
  const choices = shape.anyOf ?? shape.oneOf
  if (choices !== undefined) return choices.every(isClosed)
  if (shape.enum !== undefined || shape.const !== undefined) return true
  if (shape.type === 'array') return isClosed(shape.items ?? {})
  if (shape.type === 'string') return shape.format === 'date-time' || shape.pattern === '^[A-Z]{3}$'
  return ['boolean', 'integer', 'number', 'null'].includes(shape.type ?? '')
}

test('what the log tells of a request that was not done is never a text that somebody typed', () => {
  const open = CONTRACT_OPERATIONS.filter(({ method }) => method !== 'GET').flatMap(({ name, shape }) =>
    CHOSEN.filter((field) => !isClosed(shape.properties?.[field] ?? { type: 'null' })).map((field) => `${name} ${field}`),
  )
  expect(open).toEqual([])
})

eachDatabase((kind, open) => {
  const [secret, control] = [aSecret(), aSecret()]
  let database: TestDatabase
  let service: TestService
  let operator: Browser
  beforeAll(async () => {
    database = await open()
    service = await startTestService({ database, environment: { EVERCERT_PUBLIC_URL: 'http://localhost' }, worker: IDLE_WORKER })
    const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
    await openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...ADA } })
    operator = openBrowser(service)
    await operator.signIn(ADA)
  })
  afterAll(() => service.stop())

  /** @returns those that were no refusal */
  async function make(calls: readonly TypedCall[], token: string | null): Promise<string[]> {
    const taken: string[] = []
    const left = [...calls]
    const one = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { what, method, path, body } = next
        const response = await service.fetch(`/api/v1${path}`, {
          method,
          headers: {
            ...(token !== null && { authorization: `Bearer ${token}` }),
            ...(body !== null && { 'content-type': 'application/json', 'idempotency-key': randomBytes(8).toString('hex') }),
          },
          ...(body !== null && { body: JSON.stringify(body) }),
        })
        await response.arrayBuffer()
        if (method !== 'GET' && (response.status < 400 || response.status >= 500)) taken.push(`${what}: ${response.status}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
    return taken
  }

  /** Where each is: in rows by their table, in the files of the database by name, those of the log of writes among them. */
  async function placesOf(...texts: readonly string[]): Promise<string[][]> {
    const { db, audit } = service.services
    await audit.flush(true)
    await sql`checkpoint`.execute(db)
    const tables = await sql<{ name: string }>`select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
      from information_schema.tables where table_schema in ('public', 'jobs') and table_type = 'BASE TABLE'`.execute(db)
    const folder =
      kind === 'embedded'
        ? database.dataDir
        : ((await sql<{ data_directory: string }>`show data_directory`.execute(db)).rows[0]?.data_directory ?? '')
    const files = [...readFiles(folder)]
    const places = texts.map((text) => files.filter(([, bytes]) => bytes.includes(text)).map(([path]) => path))
    for (const { name } of tables.rows) {
      const { rows } = await sql<{ row: string }>`select each::text as row from ${sql.raw(name)} each`.execute(db)
      for (const [index, text] of texts.entries()) if (rows.some(({ row }) => row.includes(text))) places[index]?.push(name)
    }
    return places
  }

  test('what was typed into a request that is refused is in no table and no file of the database', async () => {
    const { refused, forbidden } = typedCalls(secret)
    expect(refused.length).toBeGreaterThan(300)
    const weak = await service.client.tokens.create({ name: control, scopes: ['metrics:read'] })
    expect(await make(forbidden, null)).toEqual([])
    expect(await make(forbidden, weak.token)).toEqual([])
    expect(await make(refused, service.operatorToken)).toEqual([])
    for (const provider of [secret, `${secret}/x`])
      expect((await service.fetch(`/api/auth/callback/${provider}?state=${secret}&code=${secret}`)).status).toBeGreaterThan(299)
    for (const body of [{ provider: secret, next: `/${secret}` }, { provider: secret }])
      expect((await operator.signInPath('sign-in/social', body)).status).toBeGreaterThanOrEqual(400)
    expect((await operator.signInPath('sign-in/email', { email: `${secret}@example.com`, password: secret })).status).toBe(401)
    expect((await operator.signInPath('sign-in/email', { email: secret, password: secret })).status).toBe(401)
    const [ofSecret, ofControl] = await placesOf(secret, control)
    expect(ofSecret).toEqual([])
    // What is there would be found.
    expect(ofControl).toContain('public.access_token')
    expect(ofControl?.some((place) => place.includes('pg_wal'))).toBe(true)
  })

  test('so it is when all of it is right, and the session is not fresh any more', async () => {
    // Sessions go by the system clock.
    await service.services.db
      .updateTable('session')
      .set({ created_at: new Date(Date.now() - 30 * MINUTE_MS) })
      .execute()
    const stale = aSecret()
    const titles = { id: stale, title: stale, clientId: stale, clientSecret: stale, allowedDomains: [`${stale}.com`] }
    const wishes = {
      '/sign-in-providers': { ...titles, issuer: `https://${stale}.com/`, newUsers: false },
      '/tokens': { name: stale, scopes: ['keys:download'], tags: [stale] },
      '/invitations': { email: `${stale}@example.com`, role: 'owner' },
    }
    for (const [path, body] of Object.entries(wishes)) {
      const { problem } = await operator.send('POST', `/api/v1${path}`, { body })
      expect([path, problem?.code]).toEqual([path, 'freshAuthenticationNeeded'])
    }
    expect(await placesOf(stale)).toEqual([[]])
    const { items } = await service.client.audit.list({ outcome: 'refused', installation: true, limit: 200 })
    const [provider] = items.filter(({ action }) => action === 'signInProviders.create')
    expect(provider).toMatchObject({ actor: ADA.email, details: { code: 'freshAuthenticationNeeded', newUsers: false } })
  })

  test('an error of the database is logged without the row that it refuses, and a cause of it too', async () => {
    const { db } = service.services
    const logged = aSecret()
    const twice = `${ADA.email}${logged}`
    const user = { id: logged, email: twice, name: logged, email_verified: true, created_at: new Date(), updated_at: new Date() }
    await db.insertInto('user').values(user).execute()
    const failures: unknown[] = []
    for (const work of [
      () =>
        db
          .insertInto('user')
          .values({ ...user, id: 'other' })
          .execute(),
      () => sql`insert into "user" (id, email, name) values (${logged}, null, ${logged})`.execute(db),
      () => sql`select ${logged}::timestamptz`.execute(db),
      () => sql`select ${`{"${logged}`}::jsonb`.execute(db),
    ])
      failures.push(
        await work().then(
          () => 'done',
          (error: unknown) => error,
        ),
      )
    const lines: string[] = []
    const log = pino({ serializers: { error: toLoggedError } }, { write: (line) => void lines.push(line) })
    for (const error of failures) {
      log.error({ event: 'request.failed', error })
      log.error({ event: 'request.failed', error: new Error('Doing it', { cause: error }) })
      log.error({ event: 'request.failed', error: new AggregateError([error], 'All of it') })
    }
    const codes = lines.map((line) => (JSON.parse(line) as { error: { code?: string } }).error.code ?? null)
    expect(codes.filter((_, index) => index % 3 === 0)).toEqual(['23505', '23502', '22007', '22P02'])
    expect(lines[0]).toContain('user_email')
    expect(lines.filter((line) => line.includes(logged))).toEqual([])
  })
})
