/**
 * Which certificates their CAs say are revoked.
 *
 * @module
 */
import type { RevokedFacts } from '@evercert/pki/probe'
import { toMs } from '../../db/time.ts'
import type { Services } from '../context.ts'

/** Of those that the account holds, or that its endpoints showed before. */
export async function findRevokedByCa(
  services: Services,
  accountId: string,
  sha256: readonly string[],
): Promise<ReadonlyMap<string, RevokedFacts>> {
  const rows = await services.db
    .selectFrom('revocation_check')
    .select(['sha256', 'revoked_at', 'reason', 'source', 'url'])
    .where('account_id', '=', accountId)
    .where('state', '=', 'revoked')
    .where('sha256', 'in', [...sha256])
    .execute()
  return new Map(
    rows.map(({ revoked_at: at, reason, source, url, ...row }) => [
      row.sha256,
      { at: toMs(at) ?? 0, reason: reason ?? 'unspecified', source, url },
    ]),
  )
}
