/**
 * Every X.509 certificate that was issued for one certificate, and where the key of each is.
 *
 * @module
 */
import type { IssuanceView } from '@evercert/contract'
import type { CertificateRecord } from '../db/certificates.ts'
import type { Services } from './context.ts'

const SHOWN = 100

/** Newest first. */
export async function listIssuances(services: Services, record: CertificateRecord): Promise<IssuanceView[]> {
  const rows = await services.db
    .selectFrom('issuance')
    .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .leftJoin('application', 'application.id', 'issuance.application_id')
    .leftJoin('csr', 'csr.id', 'application.csr_id')
    .leftJoin('agent', 'agent.id', 'csr.agent_id')
    .select(['issuance.id', 'issuance.sha256', 'issuance.serial', 'issuance.issuer', 'issuance.names'])
    .select(['issuance.not_before', 'issuance.not_after', 'issuance.created_at', 'issuance.private_key_id'])
    .select(['private_key.algorithm as key_algorithm', 'csr.algorithm as csr_algorithm', 'agent.name as agent', 'csr.site'])
    .where('issuance.account_id', '=', record.accountId)
    .where('issuance.certificate_id', '=', record.id)
    .orderBy('issuance.created_at', 'desc')
    .orderBy('issuance.id', 'desc')
    .limit(SHOWN)
    .execute()
  return rows.map((row) => ({
    sha256: row.sha256,
    serial: row.serial,
    issuer: row.issuer,
    domains: [...row.names],
    notBefore: row.not_before.toISOString(),
    notAfter: row.not_after.toISOString(),
    storedAt: row.created_at.toISOString(),
    isCurrent: row.id === record.issuance?.id,
    key: {
      algorithm: row.key_algorithm ?? row.csr_algorithm,
      place: row.private_key_id !== null ? 'here' : row.agent !== null ? 'host' : 'elsewhere',
      agent: row.agent,
      site: row.agent === null ? null : row.site,
    },
  }))
}
