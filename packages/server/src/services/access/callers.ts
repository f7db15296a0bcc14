/**
 * Who calls: a token, or a user by the cookie of a session. A token that a user made never outgrows its maker.
 *
 * @module
 */
import { isScope, type MemberRole, type Scope } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { standingOf } from '../../domain/access/roles.ts'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { hashToken } from '../accounts.ts'
import { authenticateAgent, isAgentCredential } from '../agents/agent-caller.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { requireUser } from './sessions.ts'

export interface Credentials {
  /** A bearer token; when there is one, cookies are not looked at. */
  readonly token: string | null
  readonly headers: Headers
  /** The account that the request wants to be in (`x-evercert-account`); null: the session's, or the token's. */
  readonly accountId: string | null
}

export interface Identified {
  readonly caller: Caller
  /** For the answer. */
  readonly setCookies: readonly string[]
}

/** Nobody: for operations that need neither session nor token. It may do nothing else. */
export const NOBODY: Caller = { accountId: '', tokenId: '', actor: 'nobody', scopes: new Set() }

/** @throws AppError `unauthenticated`, `notFound` (an account that is closed to the caller) */
export async function identify(services: Services, credentials: Credentials): Promise<Identified> {
  const { token, headers, accountId } = credentials
  if (token !== null && isAgentCredential(token)) return { caller: await authenticateAgent(services, token), setCookies: [] }
  if (token !== null) return { caller: inAccount(await authenticate(services, token), accountId), setCookies: [] }
  const session = services.signIn.hasCookie(headers) ? await services.signIn.findSession(headers) : null
  if (session === null)
    throw new AppError(
      'unauthenticated',
      'Signing in: the request has no session and no valid API token: sign in, or send "Authorization: Bearer <token>" (the operator\'s is in the file operator.token of the data folder).',
    )
  const caller = await userCaller(services, { ...session, wantedAccountId: accountId })
  return { caller, setCookies: session.setCookies }
}

function inAccount(caller: Caller, accountId: string | null): Caller {
  if (accountId !== null && accountId !== caller.accountId) throw notFound('account', accountId)
  return caller
}

/** Written down at most this often for each token: it tells used from forgotten, no more. */
const LAST_USED_MS = 60_000

/**
 * The caller that a token stands for.
 *
 * @throws AppError `unauthenticated` when it is unknown or expired, or its maker has left the account
 */
export async function authenticate(services: Services, token: string): Promise<Caller> {
  const row = await tokenQuery(services.db).where('token_sha256', '=', hashToken(token)).executeTakeFirst()
  const caller = row === undefined ? null : toTokenCaller(services, row)
  if (row === undefined || caller === null)
    throw new AppError('unauthenticated', 'Signing in: the API token is unknown, has ended, or its maker has left the account.')
  if (row.last_used_at === null || row.last_used_at.getTime() <= services.now() - LAST_USED_MS) await noteUse(services, row.id)
  return caller
}

/** Who asked for something earlier, as they stand now; null when the token ended or the user left the account. */
export async function findCaller(
  services: Services,
  db: Db | Trx,
  who: { readonly accountId: string; readonly userId: string | null; readonly tokenId: string | null },
): Promise<Caller | null> {
  const { accountId, userId, tokenId } = who
  if (tokenId !== null) {
    const row = await tokenQuery(db)
      .where('access_token.id', '=', tokenId)
      .where('access_token.account_id', '=', accountId)
      .executeTakeFirst()
    return row === undefined ? null : toTokenCaller(services, row)
  }
  const user = await db
    .selectFrom('user')
    .leftJoin('member', (join) => join.onRef('member.user_id', '=', 'user.id').on('member.account_id', '=', accountId))
    .select(['user.id', 'email', 'installation_operator', 'role'])
    .where('user.id', '=', userId)
    .executeTakeFirst()
  const standing = user === undefined ? null : standingOf(toStanding(user))
  if (user === undefined || standing === null) return null
  return { accountId, tokenId: user.id, actor: user.email, userId: user.id, ...standing }
}

function tokenQuery(db: Db | Trx) {
  return db
    .selectFrom('access_token')
    .leftJoin('user', 'user.id', 'access_token.created_by_user_id')
    .leftJoin('member', (join) =>
      join
        .onRef('member.user_id', '=', 'access_token.created_by_user_id')
        .onRef('member.account_id', '=', 'access_token.account_id'),
    )
    .select([
      'access_token.id',
      'access_token.account_id',
      'access_token.name',
      'scopes',
      'expires_at',
      'last_used_at',
      'access_token.tags',
      'created_by_user_id',
      'installation_operator',
      'role',
    ])
}

type TokenRow = Awaited<ReturnType<ReturnType<typeof tokenQuery>['executeTakeFirstOrThrow']>>

/** Null when it expired, or its maker has left the account. */
function toTokenCaller({ now }: Services, row: TokenRow): Caller | null {
  if (row.expires_at !== null && row.expires_at.getTime() <= now()) return null
  const ceiling = row.created_by_user_id === null ? null : standingOf(toStanding(row))
  if (row.created_by_user_id !== null && ceiling === null) return null
  const scopes = row.scopes.filter((scope) => isScope(scope)).filter((scope) => ceiling?.scopes.has(scope) ?? true)
  return {
    accountId: row.account_id,
    tokenId: row.id,
    actor: row.name,
    scopes: new Set<Scope>(scopes),
    ...(row.created_by_user_id !== null && { userId: row.created_by_user_id }),
    ...(row.tags !== null && { tags: row.tags }),
  }
}

async function noteUse({ db, now }: Services, tokenId: string): Promise<void> {
  await db
    .updateTable('access_token')
    .set({ last_used_at: new Date(now()) })
    .where('id', '=', tokenId)
    .execute()
}

function toStanding(row: { readonly role: MemberRole | null; readonly installation_operator: boolean | null }) {
  return { role: row.role, isInstallationOperator: row.installation_operator === true }
}

async function userCaller(
  services: Services,
  session: { readonly sessionId: string; readonly userId: string; readonly wantedAccountId: string | null },
): Promise<Caller> {
  const user = await services.db
    .selectFrom('user')
    .innerJoin('session', 'session.user_id', 'user.id')
    .select(['user.id', 'email', 'installation_operator', 'session.account_id'])
    .where('session.id', '=', session.sessionId)
    .executeTakeFirstOrThrow()
  const chosen = await chooseAccount(services, user, session.wantedAccountId ?? user.account_id)
  if (session.wantedAccountId !== null && chosen?.accountId !== session.wantedAccountId)
    throw notFound('account', session.wantedAccountId)
  return {
    accountId: chosen?.accountId ?? '',
    tokenId: user.id,
    actor: user.email,
    scopes: chosen?.scopes ?? new Set(),
    userId: user.id,
    sessionId: session.sessionId,
    ...(chosen !== null && { role: chosen.role }),
  }
}

/** The caller, in another account from now on. @throws AppError `forbidden` (a token), `notFound` (closed to the user) */
export async function chooseAccountOfSession(services: Services, caller: Caller, accountId: string): Promise<Caller> {
  const session = requireUser(caller)
  const chosen = await userCaller(services, { ...session, wantedAccountId: accountId })
  await services.db.updateTable('session').set({ account_id: accountId }).where('id', '=', session.sessionId).execute()
  return chosen
}

/** The wanted account if the user may be there, else their first one; null when there is none. */
async function chooseAccount(
  { db }: Services,
  user: { readonly id: string; readonly installation_operator: boolean },
  wantedId: string | null,
) {
  const rows = await db
    .selectFrom('account')
    .leftJoin('member', (join) => join.onRef('member.account_id', '=', 'account.id').on('member.user_id', '=', user.id))
    .select(['account.id', 'role'])
    .where((where) =>
      where.or([
        where('member.user_id', 'is not', null),
        ...(user.installation_operator ? [where('account.id', '=', wantedId)] : []),
      ]),
    )
    .orderBy('member.created_at')
    .orderBy('account.id')
    .execute()
  const row = rows.find(({ id }) => id === wantedId) ?? rows[0]
  if (row === undefined) return null
  const standing = standingOf({ role: row.role, isInstallationOperator: user.installation_operator })
  return standing === null ? null : { accountId: row.id, ...standing }
}
