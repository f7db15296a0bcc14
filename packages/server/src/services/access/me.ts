/**
 * Who calls, as they see themselves.
 *
 * @module
 */
import type { Language, MeView, UserView } from '@evercert/contract'
import { standingOf } from '../../domain/access/roles.ts'
import type { Caller, Services } from '../context.ts'
import { requireUser } from './sessions.ts'
import { loadUser } from './users.ts'

export async function describeCaller(services: Services, caller: Caller): Promise<MeView> {
  const user = caller.sessionId !== undefined && caller.userId !== undefined ? await loadUser(services, caller.userId) : null
  return {
    kind: user === null ? 'token' : 'user',
    user,
    token: user === null ? await describeToken(services, caller) : null,
    account: await findAccount(services, caller.accountId),
    role: caller.role ?? null,
    scopes: [...caller.scopes],
    accounts: user === null ? [] : await accountsOf(services, user),
  }
}

/** @throws AppError `forbidden` when a token calls */
export async function updateMe(
  services: Services,
  caller: Caller,
  wish: { readonly name: string; readonly language: Language | null },
): Promise<MeView> {
  const { userId } = requireUser(caller)
  await services.db
    .updateTable('user')
    .set({ ...wish, updated_at: new Date(services.now()) })
    .where('id', '=', userId)
    .execute()
  return describeCaller(services, caller)
}

/** Accounts shown for choosing; an operator of more finds the others by `accounts.list`. */
const MAX_ACCOUNTS = 200

async function accountsOf({ db }: Services, user: UserView): Promise<MeView['accounts']> {
  const rows = await db
    .selectFrom('account')
    .leftJoin('member', (join) => join.onRef('member.account_id', '=', 'account.id').on('member.user_id', '=', user.id))
    .select(['account.id', 'name', 'role'])
    .$if(!user.isInstallationOperator, (query) => query.where('member.user_id', 'is not', null))
    .orderBy('member.created_at')
    .orderBy('account.id')
    .limit(MAX_ACCOUNTS)
    .execute()
  return rows.flatMap(({ id, name, role }) => {
    const standing = standingOf({ role, isInstallationOperator: user.isInstallationOperator })
    return standing === null ? [] : [{ id, name, role: standing.role }]
  })
}

async function describeToken({ db }: Services, caller: Caller): Promise<MeView['token']> {
  const { expires_at, ...row } = await db
    .selectFrom('access_token')
    .select(['id', 'name', 'expires_at', 'tags'])
    .where('account_id', '=', caller.accountId)
    .where('id', '=', caller.tokenId)
    .executeTakeFirstOrThrow()
  return { ...row, expiresAt: expires_at?.toISOString() ?? null }
}

async function findAccount({ db }: Services, id: string) {
  return (await db.selectFrom('account').select(['id', 'name']).where('id', '=', id).executeTakeFirst()) ?? null
}
