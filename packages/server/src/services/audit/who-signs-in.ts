/**
 * Whom an attempt to sign in is about.
 *
 * @module
 */
import type { Services } from '../context.ts'

export interface WhoSignsIn {
  readonly userId: string
  readonly email: string
  /** The account that the user is in first: its auditors see who came in. Null: in none. */
  readonly accountId: string | null
}

/** By the address that was entered, or by the session; null when it is no user's: people type passwords into the field of the address. */
export async function findWhoSignsIn(
  services: Services,
  { email, headers }: { readonly email: string | null; readonly headers: Headers | null },
): Promise<WhoSignsIn | null> {
  const { signIn, db } = services
  const hasSession = email === null && headers !== null && signIn.hasCookie(headers)
  const session = hasSession ? await signIn.findSession(headers) : null
  if (email === null && session === null) return null
  let query = db
    .selectFrom('user')
    .leftJoin('member', 'member.user_id', 'user.id')
    .select(['user.id as userId', 'email', 'member.account_id as accountId'])
    .orderBy('member.created_at')
    .orderBy('member.account_id')
  query = session === null ? query.where('email', '=', (email ?? '').toLowerCase()) : query.where('user.id', '=', session.userId)
  return (await query.limit(1).executeTakeFirst()) ?? null
}
