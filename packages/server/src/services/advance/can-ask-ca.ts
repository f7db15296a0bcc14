/**
 * Which CAs can be asked when they would have a certificate renewed.
 *
 * @module
 */
import type { Services } from '../context.ts'

/** Whether the CA that issued it can be asked. Asked of the adapter: a CA that has no such thing is not connected to for it. */
export async function canAskCa(services: Services, work: { readonly accountId: string; readonly issuanceId: string }) {
  const row = await services.db
    .selectFrom('issuance')
    .innerJoin('application', 'application.id', 'issuance.application_id')
    .innerJoin('issuer', 'issuer.id', 'application.issuer_id')
    .select('issuer.kind')
    .where('issuance.account_id', '=', work.accountId)
    .where('issuance.id', '=', work.issuanceId)
    .executeTakeFirst()
  return services.adapters.ca.some(({ id, givesRenewalInfo }) => id === row?.kind && givesRenewalInfo === true)
}
