import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../../test/harness/ports.ts'
import { startPostgres, type Postgres } from '../../../../test/harness/postgres.ts'
import { openDatabase } from '../../src/db/connect.ts'
import { formatPlace, placeOf } from '../../src/db/postgres-place.ts'
import type { AppError } from '../../src/domain/errors.ts'

const PASSWORD = 'canary-of-a-password'

describe('where it is', () => {
  test.each([
    [`postgres://ada:${PASSWORD}@db.example:6432/certs`, 'ada@db.example:6432/certs'],
    ['postgresql://ada@db.example/certs', 'ada@db.example:5432/certs'],
    ['postgres://ada@[2001:db8::1]/certs', 'ada@[2001:db8::1]:5432/certs'],
    ['postgres://ada@/certs?host=/run/postgresql', 'ada@/run/postgresql:5432/certs'],
  ])('%s', (url, expected) => {
    expect(formatPlace(placeOf(url))).toBe(expected)
  })

  test('a URL that cannot be read is not repeated', () => {
    const attempt = () => placeOf(`postgres://ada:${PASSWORD}/@host:port/certs`)
    expect(attempt).toThrow(/EVERCERT_DATABASE_URL: it is no URL.*%40/)
    expect(attempt).not.toThrow(PASSWORD)
  })
})

describe('why it cannot be used', () => {
  let postgres: Postgres
  let url: URL
  beforeAll(async () => {
    postgres = await startPostgres({ isForgetful: true })
    url = new URL(await postgres.createDatabase())
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(`create role locked nologin`)
    await client.end()
  })
  afterAll(() => postgres.stop())

  async function refusal(change: Partial<Pick<URL, 'port' | 'pathname' | 'username' | 'hostname'>>): Promise<AppError> {
    const changed = Object.assign(new URL(url), { password: PASSWORD, ...change })
    const error = await openDatabase({ kind: 'postgres', url: changed.href }).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(JSON.stringify([error, String(error)])).not.toContain(PASSWORD)
    return error as AppError
  }

  test('nothing listens', async () => {
    const port = await freePort()
    const { database, host } = placeOf(url.href)
    expect(await refusal({ port: String(port) })).toMatchObject({
      code: 'storageUnavailable',
      message: `Opening database ${database}: PostgreSQL at ${host}:${port} does not answer (ECONNREFUSED): start it, or correct EVERCERT_DATABASE_URL.`,
      facts: { reason: 'unreachable', host, port, database },
    })
  })

  test('there is no such database', async () => {
    expect(await refusal({ pathname: '/elsewhere' })).toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/^Opening database elsewhere: .* has no such database: create it/) as string,
      facts: { reason: 'noDatabase', database: 'elsewhere' },
    })
  })

  test('the user is not let in', async () => {
    expect(await refusal({ username: 'locked' })).toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/refuses the user locked: correct user and password in EVERCERT_DATABASE_URL/) as string,
      facts: { reason: 'credentials', user: 'locked' },
    })
  })
})
