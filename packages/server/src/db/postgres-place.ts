/**
 * Where a PostgreSQL is, for people, and why it cannot be used. The password is in nothing that is said here.
 *
 * @module
 */
import pg from 'pg'
import { AppError } from '../domain/errors.ts'

export interface PostgresPlace {
  readonly user: string
  /** A name or an address; a folder for a socket. */
  readonly host: string
  readonly port: number
  readonly database: string
}

/** @throws AppError `misconfigured` when the URL cannot be read */
export function placeOf(url: string): PostgresPlace {
  try {
    const { user = '', host, port, database = '' } = new pg.Client({ connectionString: url })
    return { user, host, port, database }
  } catch {
    // Without its cause, which holds the whole URL.
    throw new AppError(
      'misconfigured',
      'Reading EVERCERT_DATABASE_URL: it is no URL: give postgres://user:password@host:5432/database, with %40 for @, %2F for / and %23 for # in the password.',
      { facts: { reason: 'badUrl' } },
    )
  }
}

/** `user@host:port/database` */
export function formatPlace({ user, host, port, database }: PostgresPlace): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

const TIMEOUT_MS = 10_000

/** Connects once, so that what is wrong is said by its name. @throws AppError `storageUnavailable`, `misconfigured` */
export async function ensureAnswer(url: string): Promise<void> {
  const place = placeOf(url)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS })
  client.on('error', () => {}) // it broke after it answered: the next query says so
  try {
    await client.connect()
  } catch (error) {
    throw explain(error, place)
  } finally {
    await client.end().catch(() => {})
  }
}

const UNREACHABLE = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|ENOENT|EACCES|EPIPE)/

/** What PostgreSQL (Appendix A, SQLSTATE), its driver or the system says of a connection that did not come about. */
function explain(error: unknown, place: PostgresPlace): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = error instanceof Error ? error.message : ''
  const { user, host, port, database } = place
  const options = (reason: string) => ({ cause: error, facts: { reason, user, host, port, database } })
  const server = `PostgreSQL at ${host}:${port}`
  // The driver refuses to sign in by SCRAM without a password before the server can.
  if (code === '28P01' || code === '28000' || message.startsWith('SASL'))
    return new AppError(
      'misconfigured',
      `Opening database ${database}: ${server} refuses the user ${user}: correct user and password in EVERCERT_DATABASE_URL.`,
      options('credentials'),
    )
  if (code === '3D000')
    return new AppError(
      'misconfigured',
      `Opening database ${database}: ${server} has no such database: create it, or correct EVERCERT_DATABASE_URL.`,
      options('noDatabase'),
    )
  if (UNREACHABLE.test(code) || /timeout/i.test(message))
    return new AppError(
      'storageUnavailable',
      `Opening database ${database}: ${server} does not answer (${code === '' ? 'time-out' : code}): start it, or correct EVERCERT_DATABASE_URL.`,
      options('unreachable'),
    )
  return new AppError(
    'storageUnavailable',
    `Opening database ${database}: ${server} takes no connection${code === '' ? '' : ` (${code})`}: mend what it says and start again.`,
    options('refused'),
  )
}
