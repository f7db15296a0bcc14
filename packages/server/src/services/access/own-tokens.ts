/**
 * The API tokens that a user made, wherever; also one that ends itself (`evercert logout`).
 *
 * @module
 */
import { isScope, MEMBER_ROLES, type TokenView } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { endInvitationsBy } from './members.ts'
import { requireUser } from './sessions.ts'

type OwnToken = TokenView & { account: { id: string; name: string } }

/** Newest first. @throws AppError `forbidden` */
export async function listOwnTokens({ db }: Services, caller: Caller): Promise<OwnToken[]> {
  const { userId } = requireUser(caller)
  const rows = await db
    .selectFrom('access_token')
    .innerJoin('account', 'account.id', 'access_token.account_id')
    .select(['access_token.id', 'access_token.name', 'scopes', 'tags', 'access_token.created_at', 'expires_at', 'last_used_at'])
    .select(['account.id as accountId', 'account.name as accountName'])
    .where('created_by_user_id', '=', userId)
    .orderBy('access_token.id', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    scopes: row.scopes.filter(isScope),
    tags: row.tags,
    isCaller: false,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    account: { id: row.accountId, name: row.accountName },
  }))
}

/** Ends its invitations as well. @throws AppError `forbidden` for a token that would end another, or that no user made; `notFound` */
export async function removeOwnToken({ db }: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { userId } = caller
  if (userId === undefined || (caller.sessionId === undefined && id !== caller.tokenId))
    throw new AppError('forbidden', 'Ending the token: a token ends itself alone, if a user made it: sign in for others.')
  await db.transaction().execute(async (trx) => {
    const removed = await trx
      .deleteFrom('access_token')
      .where('created_by_user_id', '=', userId)
      .where('id', '=', id)
      .returning(['account_id', 'name'])
      .executeTakeFirst()
    if (removed === undefined) throw notFound('token', id)
    await endInvitationsBy(trx, { accountId: removed.account_id, names: [removed.name], roles: MEMBER_ROLES })
  })
  return { id }
}
