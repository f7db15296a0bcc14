/**
 * Revoking, managing and taking keys out, within what the rules of the account let one person do: whoever tightens them before it is done is heard.
 *
 * @module
 */
import type { CertificateDetail, KeyFormat, MoneyView, RevocationView } from '@evercert/contract'
import { sql, type RawBuilder } from 'kysely'
import type { Trx } from '../../db/transition.ts'
import { NO_RULES, wantsSecondPerson } from '../../domain/approval/rules.ts'
import { loadCertificateDetail } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { downloadWithKey } from '../downloads.ts'
import { whileStale } from '../idempotency.ts'
import { manageIn } from '../management.ts'
import { loadRevocation, revokeIn, type RevocationWish } from '../revocations.ts'
import { doIfPassed, passGate, type GuardedCall } from './gate.ts'
import { areRules, checkKeyRequester, findRules } from './rules.ts'

/**
 * Asks for the revocation: the intent is stored, and for DV the CA is asked by the job of the same transaction. Idempotent: one that is
 * under way or done is returned as it is, with its own reason.
 *
 * @throws AppError `notPurchased`, `managedCertificate`, `notRevocable`, `issuanceUnderWay`, `notFound`, and as `passGate`
 */
export async function revokeWithinRules(services: Services, caller: Caller, input: RevocationWish): Promise<RevocationView> {
  services.onStep('certificates.revoke', 'intended')
  await actWithinRules(services, caller, { operation: 'certificates.revoke', input }, async (trx, isAllowed) => {
    await revokeIn(services, trx, caller, input, isAllowed)
    services.onStep('certificates.revoke', 'done')
  })
  services.onStep('certificates.revoke', 'recorded')
  return loadRevocation(services.db, caller, input.id)
}

/**
 * Lets a certificate renew and reissue by itself. Again with another limit: that one holds from now on.
 *
 * @throws AppError `unknownCurrency`, `alreadyRenewed` with what renews it, `notManageable` with every obstacle, `conflict`, `notFound`, and as
 *   `passGate`
 */
export async function manageWithinRules(
  services: Services,
  caller: Caller,
  input: { readonly id: string; readonly spendingLimit: MoneyView },
): Promise<CertificateDetail> {
  const wish = { id: input.id, limit: input.spendingLimit }
  await actWithinRules(services, caller, { operation: 'management.start', input }, (trx, isAllowed) =>
    manageIn(services, trx, caller, wish, isAllowed),
  )
  return loadCertificateDetail(services, caller, input.id)
}

/**
 * The archive with the private key.
 *
 * @throws AppError `freshAuthenticationNeeded`, `keysForUsersOnly`, and as `passGate` and `downloadWithKey`
 */
export function takeKeyWithinRules(
  services: Services,
  caller: Caller,
  input: { readonly id: string; readonly format: KeyFormat },
): Promise<File> {
  return whileStale(async () => {
    await checkKeyRequester(services, caller)
    const useApproval = await passGate(services, caller, { operation: 'downloads.withKey', input })
    return downloadWithKey(services, caller, { ...input, useApproval })
  })
}

/**
 * Where the rules want a second person for anything it is done in the transaction of the gate, under its lock. Who has no such rules passes no gate:
 * the act itself says that they are still those.
 *
 * @param act refuses as stale what is not allowed any more
 */
function actWithinRules(
  services: Services,
  caller: Caller,
  call: GuardedCall,
  act: (trx: Trx, isAllowed: RawBuilder<boolean>) => Promise<void>,
): Promise<void> {
  const { accountId } = caller
  return whileStale(async () => {
    const rules = await findRules(services.db, accountId)
    if (wantsSecondPerson(rules ?? NO_RULES)) return doIfPassed(services, caller, call, (trx) => act(trx, sql<boolean>`true`))
    return services.db.transaction().execute((trx) => act(trx, areRules(accountId, rules)))
  })
}
