/**
 * Agents as callers: by a credential that they drew themselves, for the calls that are for agents.
 *
 * @module
 */
import { AppError } from '../../domain/errors.ts'
import { hashToken } from '../accounts.ts'
import type { Caller, Services } from '../context.ts'

/** What tells an agent's credential from other tokens. */
const CREDENTIAL_PREFIX = 'evca_'

export function isAgentCredential(token: string): boolean {
  return token.startsWith(CREDENTIAL_PREFIX)
}

/** Written down at most this often for each agent. */
const SEEN_MS = 10_000

/** The caller that a credential stands for: it has no permissions. @throws AppError `unauthenticated` */
export async function authenticateAgent({ db, now }: Services, credential: string): Promise<Caller> {
  const row = await db
    .selectFrom('agent')
    .select(['id', 'account_id', 'name', 'last_seen_at'])
    .where('credential_sha256', '=', hashToken(credential))
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (row === undefined) throw new AppError('unauthenticated', 'Calling as an agent: it is not enrolled here, or was revoked.')
  if (row.last_seen_at === null || row.last_seen_at.getTime() <= now() - SEEN_MS) {
    await db
      .updateTable('agent')
      .set({ last_seen_at: new Date(now()) })
      .where('id', '=', row.id)
      .execute()
  }
  return { accountId: row.account_id, tokenId: row.id, actor: `agent ${row.name}`, scopes: new Set(), agentId: row.id }
}

/** @throws AppError `forbidden` when somebody else calls */
export function agentIdOf({ agentId }: Caller): string {
  if (agentId !== undefined) return agentId
  throw new AppError('forbidden', 'Calling this operation: it is for enrolled agents alone.')
}
