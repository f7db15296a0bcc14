/**
 * How many requests a network address may make that need no session and leave something behind: so many in a window of time, in the
 * database, so that all nodes agree.
 *
 * @module
 */
import { sql } from 'kysely'
import { createHash } from 'node:crypto'
import { addressBlock } from '../../domain/access/address-block.ts'
import { AppError } from '../../domain/errors.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import type { Services } from '../context.ts'

const WINDOW_MS = 10 * MINUTE_MS
/** Many people may share an address; each of these begins one sign-in. */
const LIMITS = { passkey: 100, singleSignOn: 100, deviceLogin: 60 } as const

/** Counts a request. @param address null: not known, and not counted. @throws AppError `rateLimited` with the seconds to wait */
export async function countRequest({ db, now }: Services, kind: keyof typeof LIMITS, address: string | null): Promise<void> {
  if (address === null) return
  const subject = createHash('sha256')
    .update(`${kind}:${addressBlock(address)}`)
    .digest('hex')
  const at = new Date(now())
  const { rows } = await sql<{ requests: number; began_at: Date }>`
    insert into request_window as old (subject_sha256, requests, began_at) values (${subject}, 1, ${at})
    on conflict (subject_sha256) do update set
      requests = case when old.began_at <= ${new Date(now() - WINDOW_MS)} then 1 else least(old.requests + 1, 1000000) end,
      began_at = case when old.began_at <= ${new Date(now() - WINDOW_MS)} then ${at}::timestamptz else old.began_at end
    returning requests, began_at`.execute(db)
  const [row] = rows
  if (row === undefined || row.requests <= LIMITS[kind]) return
  const retryAfterSeconds = Math.max(1, Math.ceil((row.began_at.getTime() + WINDOW_MS - now()) / 1000))
  throw new AppError('rateLimited', `Signing in: there were too many requests: try again in ${retryAfterSeconds} seconds.`, {
    retryAfterSeconds,
    facts: { retryAfterSeconds },
  })
}

export async function forgetOldRequests({ db, now }: Services): Promise<void> {
  await db
    .deleteFrom('request_window')
    .where('began_at', '<=', new Date(now() - WINDOW_MS))
    .execute()
}
