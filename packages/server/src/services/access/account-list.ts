/**
 * The accounts of the installation, for its operator.
 *
 * @module
 */
import type { AccountView } from '@evercert/contract'
import { newId, type Services } from '../context.ts'

/** Oldest first. */
export async function listAccounts({ db }: Services): Promise<AccountView[]> {
  const rows = await db
    .selectFrom('account')
    .leftJoin('member', 'member.account_id', 'account.id')
    .select(({ fn }) => ['account.id', 'account.name', 'account.created_at', fn.count<number>('member.user_id').as('members')])
    .groupBy(['account.id', 'account.name', 'account.created_at'])
    .orderBy('account.created_at')
    .orderBy('account.id')
    .execute()
  return rows.map(({ id, name, members, created_at }) => ({
    id,
    name,
    members: Number(members),
    createdAt: created_at.toISOString(),
  }))
}

/** Empty, with neither members nor tokens: its owner is invited into it. */
export async function addAccount(services: Services, name: string): Promise<AccountView> {
  const id = newId(services, 'acc')
  const createdAt = new Date(services.now())
  await services.db.insertInto('account').values({ id, name, created_at: createdAt }).execute()
  return { id, name, members: 0, createdAt: createdAt.toISOString() }
}
