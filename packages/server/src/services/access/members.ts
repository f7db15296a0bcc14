/**
 * The members of an account. It always has an owner, and nobody gives away more than they have.
 *
 * @module
 */
import { MEMBER_ROLES, type MemberRole, type MemberView } from '@evercert/contract'
import { mayGiveRole, scopesOf, standingOf } from '../../domain/access/roles.ts'
import { AppError } from '../../domain/errors.ts'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { requireFreshFor } from './fresh.ts'

export async function listMembers({ db }: Services, caller: Caller): Promise<MemberView[]> {
  const rows = await db
    .selectFrom('member')
    .innerJoin('user', 'user.id', 'member.user_id')
    .select(['user.id', 'email', 'name', 'role', 'two_factor_enabled', 'member.created_at'])
    .where('member.account_id', '=', caller.accountId)
    .orderBy('member.created_at')
    .orderBy('user.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    hasSecondFactor: row.two_factor_enabled,
    isCaller: row.id === caller.userId,
    joinedAt: row.created_at.toISOString(),
  }))
}

/** @throws AppError `forbidden` for a role that has more than the caller */
export function checkMayGive(caller: Caller, role: MemberRole): void {
  if (mayGiveRole(caller, role)) return
  throw new AppError('forbidden', `Giving or taking the role "${role}": it has more than yours: ask somebody who has it.`, {
    facts: { scope: 'members:write', role },
  })
}

/** @throws AppError `notFound`, `forbidden`, `lastOwner` */
export async function changeRole(services: Services, caller: Caller, userId: string, role: MemberRole): Promise<MemberView> {
  await requireFreshFor(services, caller, { scopes: scopesOf(role), what: 'Giving a role that leads to private keys' })
  await services.db.transaction().execute(async (trx) => {
    const before = await lockMember(trx, caller, userId)
    checkMayGive(caller, role)
    if (before === role) return
    await trx
      .updateTable('member')
      .set({ role })
      .where('account_id', '=', caller.accountId)
      .where('user_id', '=', userId)
      .execute()
    await endInvitations(trx, { accountId: caller.accountId, userId, role })
    await requireOwner(trx, caller.accountId)
    await recordMember(services, trx, caller, { userId, from: before, to: role })
  })
  const changed = (await listMembers(services, caller)).find(({ id }) => id === userId)
  if (changed === undefined) throw notFound('member', userId)
  return changed
}

/** Also ends the tokens and invitations that the user made in the account. @throws AppError `notFound`, `forbidden`, `lastOwner` */
export async function removeMember(services: Services, caller: Caller, userId: string): Promise<{ id: string }> {
  await services.db.transaction().execute(async (trx) => {
    const before = await lockMember(trx, caller, userId)
    await endInvitations(trx, { accountId: caller.accountId, userId, role: null })
    for (const table of ['member', 'access_token'] as const) {
      const column = table === 'member' ? 'user_id' : 'created_by_user_id'
      await trx.deleteFrom(table).where('account_id', '=', caller.accountId).where(column, '=', userId).execute()
    }
    await requireOwner(trx, caller.accountId)
    await recordMember(services, trx, caller, { userId, from: before, to: 'removed' })
  })
  return { id: userId }
}

/** Those that wait for a role that who made them, also by a token, may not give any more. @param member `role` from now on; null: none */
async function endInvitations(
  trx: Trx,
  { accountId, userId, role }: { readonly accountId: string; readonly userId: string; readonly role: MemberRole | null },
): Promise<void> {
  const user = await trx
    .selectFrom('user')
    .select(['email', 'installation_operator'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  const tokens = await trx
    .selectFrom('access_token')
    .select('name')
    .where('account_id', '=', accountId)
    .where('created_by_user_id', '=', userId)
    .execute()
  const standing = standingOf({ role, isInstallationOperator: user.installation_operator })
  const roles = MEMBER_ROLES.filter((each) => standing === null || !mayGiveRole(standing, each))
  await endInvitationsBy(trx, { accountId, names: [user.email, ...tokens.map(({ name }) => name)], roles })
}

/** @param names as the history has who invited */
export async function endInvitationsBy(
  trx: Trx,
  {
    accountId,
    names,
    roles,
  }: { readonly accountId: string; readonly names: readonly string[]; readonly roles: readonly MemberRole[] },
): Promise<void> {
  if (roles.length === 0) return
  await trx
    .deleteFrom('invitation')
    .where('account_id', '=', accountId)
    .where('invited_by', 'in', names)
    .where('role', 'in', roles)
    .where('accepted_at', 'is', null)
    .execute()
}

/** The account's row is locked first, so that two owners who demote each other wait for one another. */
async function lockMember(trx: Trx, caller: Caller, userId: string): Promise<MemberRole> {
  await trx.selectFrom('account').select('id').where('id', '=', caller.accountId).forUpdate().execute()
  const row = await trx
    .selectFrom('member')
    .select('role')
    .where('account_id', '=', caller.accountId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (row === undefined) throw notFound('member', userId)
  checkMayGive(caller, row.role)
  return row.role
}

async function requireOwner(trx: Trx, accountId: string): Promise<void> {
  const owner = await trx
    .selectFrom('member')
    .select('user_id')
    .where('account_id', '=', accountId)
    .where('role', '=', 'owner')
    .limit(1)
    .executeTakeFirst()
  if (owner === undefined)
    throw new AppError('lastOwner', 'Changing the members: the account would have no owner: make somebody else one first.')
}

/** One line of the account's history. */
export async function recordMember(
  services: Services,
  trx: Trx,
  { accountId, actor }: Pick<Caller, 'accountId' | 'actor'>,
  { userId, from, to }: { readonly userId: string; readonly from: string | null; readonly to: string },
): Promise<void> {
  await recordHistory(trx, {
    accountId,
    certificateId: null,
    subject: 'member',
    subjectId: userId,
    fromState: from,
    toState: to,
    actor,
    now: services.now(),
  })
}
