/**
 * The sessions of a user, as they see and end them. They begin and are checked in better-auth.
 *
 * @module
 */
import type { SessionView } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller, type Services } from '../context.ts'

/** @throws AppError `forbidden` when a token calls */
export function requireUser(caller: Caller): { readonly userId: string; readonly sessionId: string } {
  const { userId, sessionId } = caller
  if (userId !== undefined && sessionId !== undefined) return { userId, sessionId }
  throw new AppError('forbidden', 'Calling this operation: it is for users with a session, and a token called: sign in.', {
    facts: { scope: null },
  })
}

/** Those that go on, newest first. @throws AppError `forbidden` */
export async function listSessions({ db }: Services, caller: Caller): Promise<SessionView[]> {
  const { userId, sessionId } = requireUser(caller)
  const rows = await db
    .selectFrom('session')
    .select(['id', 'address', 'user_agent', 'created_at', 'updated_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date()) // by the system clock, as better-auth does
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    address: row.address,
    userAgent: row.user_agent,
    isCaller: row.id === sessionId,
    signedInAt: row.created_at.toISOString(),
    lastUsedAt: row.updated_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }))
}

/** @throws AppError `forbidden`, `notFound` (also for a session of somebody else) */
export async function endSession({ db }: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { userId } = requireUser(caller)
  const result = await db.deleteFrom('session').where('user_id', '=', userId).where('id', '=', id).executeTakeFirst()
  if (result.numDeletedRows !== 1n) throw notFound('session', id)
  return { id }
}

/** @throws AppError `forbidden` */
export async function endOtherSessions({ db }: Services, caller: Caller): Promise<{ ended: number }> {
  const { userId, sessionId } = requireUser(caller)
  const result = await db.deleteFrom('session').where('user_id', '=', userId).where('id', '<>', sessionId).executeTakeFirst()
  return { ended: Number(result.numDeletedRows) }
}
