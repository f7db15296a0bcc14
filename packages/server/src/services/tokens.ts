/**
 * The API tokens of an account. A token is shown once; its SHA-256 is kept.
 *
 * @module
 */
import { isScope, MEMBER_ROLES, type Scope, type TokenView } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { drawToken, hashToken, OPERATOR_NAME } from './accounts.ts'
import { requireFreshFor } from './access/fresh.ts'
import { endInvitationsBy } from './access/members.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'

const COLUMNS = ['id', 'name', 'scopes', 'tags', 'created_at', 'expires_at', 'last_used_at'] as const

export async function listTokens(services: Services, caller: Caller): Promise<TokenView[]> {
  const rows = await services.db
    .selectFrom('access_token')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .orderBy('id')
    .execute()
  return rows.map((row) => toView(caller, row))
}

export interface NewToken {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** ISO 8601; null: never. */
  readonly expiresAt: string | null
  /** In lower case; null: all certificates of the account. */
  readonly tags: readonly string[] | null
}

/** @throws AppError `forbidden` for a permission that the caller lacks and for longer than a token's own life, `freshAuthenticationNeeded`, `duplicateName` */
export async function createToken(services: Services, caller: Caller, wish: NewToken): Promise<TokenView & { token: string }> {
  const lacking = wish.scopes.filter((scope) => !caller.scopes.has(scope))
  if (lacking.length > 0)
    throw new AppError('forbidden', `Making a token: yours lacks ${lacking.join(', ')}: give away only what it has.`)
  if (wish.name === OPERATOR_NAME)
    throw new AppError(
      'duplicateName',
      `Making the token ${wish.name}: the installation's first token has this name: choose another.`,
    )
  await requireFreshFor(services, caller, { scopes: wish.scopes, what: 'Making a token whose permissions lead to private keys' })
  await refuseLonger(services, caller, wish.expiresAt)
  const token = drawToken()
  const row = {
    id: newId(services, 'tok'),
    name: wish.name,
    scopes: [...new Set(wish.scopes)],
    tags: wish.tags === null ? null : [...new Set(wish.tags)],
    created_at: new Date(services.now()),
    expires_at: wish.expiresAt === null ? null : new Date(wish.expiresAt),
    last_used_at: null,
  }
  await services.db.transaction().execute(async (trx) => {
    const same = await trx
      .selectFrom('access_token')
      .select('id')
      .where('account_id', '=', caller.accountId)
      .where('name', '=', wish.name)
      .executeTakeFirst()
    if (same !== undefined)
      throw new AppError(
        'duplicateName',
        `Making the token ${wish.name}: there is one of this name: history could not tell them apart.`,
      )
    await trx
      .insertInto('access_token')
      .values({ ...row, account_id: caller.accountId, token_sha256: hashToken(token), created_by_user_id: caller.userId ?? null })
      .execute()
  })
  return { ...toView(caller, row), token }
}

/** A token that ends makes none that goes on: who got hold of it for a day would have it for ever. */
async function refuseLonger({ db }: Services, { tokenId }: Caller, expiresAt: string | null): Promise<void> {
  const own = await db.selectFrom('access_token').select('expires_at').where('id', '=', tokenId).executeTakeFirst()
  const end = own?.expires_at ?? null
  if (end === null || (expiresAt !== null && Date.parse(expiresAt) <= end.getTime())) return
  throw new AppError('forbidden', `Making a token: yours ends at ${end.toISOString()}: let the new one end by then.`)
}

/** Ends its invitations as well. @throws AppError `inUse` for the token that asks, and for the installation's first one; `notFound` */
export async function removeToken(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  if (id === caller.tokenId) throw new AppError('inUse', 'Ending the token: it is the one that asks: use another token for this.')
  const { accountId } = caller
  const isRemoved = await services.db.transaction().execute(async (trx) => {
    const removed = await trx
      .deleteFrom('access_token')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .where('name', '<>', OPERATOR_NAME)
      .returning('name')
      .executeTakeFirst()
    if (removed !== undefined) await endInvitationsBy(trx, { accountId, names: [removed.name], roles: MEMBER_ROLES })
    return removed !== undefined
  })
  if (isRemoved) return { id }
  const kept = (await listTokens(services, caller)).some((token) => token.id === id)
  if (!kept) throw notFound('token', id)
  throw new AppError(
    'inUse',
    'Ending the token: it is the one in the data folder: EVERCERT_RESET_OPERATOR_TOKEN=true replaces it.',
  )
}

interface Row {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly tags: readonly string[] | null
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
}

function toView(caller: Caller, row: Row): TokenView {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes.filter((scope) => isScope(scope)),
    tags: row.tags === null ? null : [...row.tags],
    isCaller: row.id === caller.tokenId,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
