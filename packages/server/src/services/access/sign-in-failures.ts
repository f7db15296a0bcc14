/**
 * The brake on guessing passwords: failures in a row of an e-mail address and of a network address, in the database, so that all nodes
 * agree and a restart forgets nothing. An attempt is counted before it is made, so that many at once are counted too.
 *
 * @module
 */
import { sql } from 'kysely'
import { createHash } from 'node:crypto'
import { addressBlock } from '../../domain/access/address-block.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import type { Services } from '../context.ts'

export interface Subject {
  readonly kind: 'email' | 'address'
  readonly value: string
}

/** How many attempts are free. Many people may share a network address, and all of them where a proxy is not known as one. */
const FREE_ATTEMPTS = { email: 5, address: 30 } as const
/** The first pause; each further failure doubles it. */
const FIRST_PAUSE_SECONDS = 30
/** No longer, since it locks out whom the address belongs to as well. */
const LONGEST_PAUSE_SECONDS = 900
/** After this long without an attempt, counting begins anew. */
const FORGET_MS = DAY_MS

/** Counts an attempt of each subject. @throws AppError `rateLimited` with the seconds to wait, when one of them has to */
export async function countAttempt(services: Services, subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    const retryAfterSeconds = await countOne(services, subject)
    if (retryAfterSeconds !== null)
      throw new AppError('rateLimited', `Signing in: there were too many failures: try again in ${retryAfterSeconds} seconds.`, {
        retryAfterSeconds,
        facts: { retryAfterSeconds },
      })
  }
}

/** Seconds to wait when the subject is locked; null when the attempt may be made. */
async function countOne({ db, now }: Services, subject: Subject): Promise<number | null> {
  const key = keyOf(subject)
  const at = new Date(now())
  const free = FREE_ATTEMPTS[subject.kind]
  const failures = sql<number>`case when old.last_at < ${new Date(now() - FORGET_MS)} then 1 else old.failures + 1 end`
  const pause = sql`make_interval(secs => least(${LONGEST_PAUSE_SECONDS}::float8,
    ${FIRST_PAUSE_SECONDS}::float8 * power(2, least(${failures} - ${free}::int, 16))))`
  const counted = await sql<{ failures: number }>`
    insert into sign_in_failure as old (subject_sha256, failures, locked_until, last_at) values (${key}, 1, null, ${at})
    on conflict (subject_sha256) do update set failures = ${failures}, last_at = ${at},
      locked_until = case when ${failures} >= ${free}::int then ${at}::timestamptz + ${pause} end
    where old.locked_until is null or old.locked_until <= ${at}
    returning failures`.execute(db)
  if (counted.rows.length > 0) return null
  const locked = await db
    .selectFrom('sign_in_failure')
    .select('locked_until')
    .where('subject_sha256', '=', key)
    .executeTakeFirst()
  return Math.max(1, Math.ceil(((locked?.locked_until?.getTime() ?? 0) - now()) / 1000))
}

/**
 * The attempt was right: the e-mail address begins anew. The network address only has this one taken back, or who has a password of
 * their own could guess others' for ever.
 */
export async function forgiveAttempt({ db }: Services, subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    if (subject.kind === 'email') await db.deleteFrom('sign_in_failure').where('subject_sha256', '=', keyOf(subject)).execute()
    else
      await sql`update sign_in_failure set failures = greatest(failures - 1, 0),
        locked_until = case when failures - 1 >= ${FREE_ATTEMPTS.address}::int then locked_until end
        where subject_sha256 = ${keyOf(subject)}`.execute(db)
  }
}

/** Failures that say nothing any more; sessions and half-done sign-ins that ended. The latter two go by the system clock, as better-auth does. */
export async function forgetOldSignIns({ db, now }: Services): Promise<void> {
  await db
    .deleteFrom('sign_in_failure')
    .where('last_at', '<', new Date(now() - FORGET_MS))
    .execute()
  await db.deleteFrom('session').where('expires_at', '<', new Date()).execute()
  await db.deleteFrom('sign_in_challenge').where('expires_at', '<', new Date()).execute()
}

/** Hashed, since people type passwords into the field of the address. */
function keyOf({ kind, value }: Subject): string {
  const subject = kind === 'address' ? addressBlock(value) : value.toLowerCase()
  return createHash('sha256').update(`${kind}:${subject}`).digest('hex')
}
