/**
 * Codes of authenticator apps that were used: the same one opens nothing a second time (RFC 6238 §5.2), which better-auth leaves out. They
 * stand among the half-done sign-ins, by a hash, and go with them.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { Db } from '../../db/connect.ts'

/** better-auth takes a code from 30 s before its own 30 s until 30 s after them. */
const KEPT_MS = 120_000

/**
 * Takes a code before it is checked, so that of many at once one goes on. By the system clock, as better-auth goes by it.
 *
 * @returns gives it back, for a code that was wrong; null when it was used before
 */
export async function claimCode(db: Db, userId: string, code: string): Promise<(() => Promise<void>) | null> {
  const id = `otp_${createHash('sha256').update(`${userId}:${code}`).digest('hex')}`
  const now = new Date()
  const times = { expires_at: new Date(now.getTime() + KEPT_MS), created_at: now, updated_at: now }
  const claimed = await db
    .insertInto('sign_in_challenge')
    .values({ id, identifier: id, value: userId, ...times })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(times).where('sign_in_challenge.expires_at', '<=', now))
    .returning('id')
    .executeTakeFirst()
  if (claimed === undefined) return null
  return async () => {
    await db.deleteFrom('sign_in_challenge').where('id', '=', id).execute()
  }
}

/** Whose sign-in waits for its second step; null when it is over. @param challenge what its cookie names */
export async function findChallenged(db: Db, challenge: string): Promise<string | null> {
  const row = await db
    .selectFrom('sign_in_challenge')
    .select('value')
    .where('identifier', '=', challenge)
    .where('expires_at', '>', new Date())
    .executeTakeFirst()
  return row?.value ?? null
}
