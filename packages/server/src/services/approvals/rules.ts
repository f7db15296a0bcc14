/**
 * What an account lets nobody do alone: read, and set. Loosening goes through the gate like what the rules guard.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { AccountRules } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { mayApprove, NO_RULES, wantsSecondPerson } from '../../domain/approval/rules.ts'
import { AppError } from '../../domain/errors.ts'
import { requireFresh } from '../access/fresh.ts'
import type { Caller, Services } from '../context.ts'

export async function loadRules(db: Db | Trx, accountId: string): Promise<AccountRules> {
  return (await findRules(db, accountId)) ?? NO_RULES
}

/** Null when nobody has set any. */
export async function findRules(db: Db | Trx, accountId: string): Promise<AccountRules | null> {
  const row = await db.selectFrom('account_rules').select('rules').where('account_id', '=', accountId).executeTakeFirst()
  return row?.rules ?? null
}

/** Whether they are those that {@link findRules} gave: never null. */
export function areRules(accountId: string, rules: AccountRules | null): RawBuilder<boolean> {
  return sql<boolean>`(select rules from account_rules where account_id = ${accountId})
    is not distinct from ${rules === null ? null : JSON.stringify(rules)}::jsonb`
}

/** Looked at again, they mostly say who has to be asked. */
export function rulesChanged(attempt: string): AppError {
  return new AppError('conflict', `${attempt}: the rules of the account changed meanwhile: ask again.`, { stale: true })
}

/** @throws AppError `noSecondPerson` for rules that nobody could approve anything under */
export async function setRules(services: Services, trx: Trx, caller: Caller, rules: AccountRules): Promise<AccountRules> {
  if (wantsSecondPerson(rules)) await requireTwo(trx, caller.accountId)
  const json = sql<string>`${JSON.stringify(rules)}::jsonb`
  const updatedAt = new Date(services.now())
  await trx
    .insertInto('account_rules')
    .values({ account_id: caller.accountId, rules: json, updated_at: updatedAt })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ rules: json, updated_at: updatedAt }))
    .execute()
  return rules
}

/** Users have said lately who they are; tokens get keys where the rules allow it. @throws AppError `freshAuthenticationNeeded`, `keysForUsersOnly` */
export async function checkKeyRequester(services: Services, caller: Caller): Promise<void> {
  await requireFresh(services, caller)
  if (mayTakeKeys(caller, await loadRules(services.db, caller.accountId))) return
  throw new AppError(
    'keysForUsersOnly',
    'Giving out a private key: the account gives none to API tokens: sign in and download it.',
  )
}

/** Tokens get keys where the rules allow it. */
export function mayTakeKeys({ sessionId }: Caller, { tokensMayDownloadKeys }: AccountRules): boolean {
  return sessionId !== undefined || tokensMayDownloadKeys
}

/** One setter at a time, so that what was compared is what is replaced. No key update: whoever writes something of the account goes on. */
export async function lockAccount(trx: Trx, accountId: string): Promise<void> {
  await trx.selectFrom('account').select('id').where('id', '=', accountId).forNoKeyUpdate().execute()
}

async function requireTwo(trx: Trx, accountId: string): Promise<void> {
  const members = await trx.selectFrom('member').select('role').where('account_id', '=', accountId).execute()
  if (members.filter(({ role }) => mayApprove(role, 'rules')).length >= 2) return
  throw new AppError(
    'noSecondPerson',
    'Setting the rules: fewer than two members of the account are owner or administrator: make a second one first.',
  )
}
