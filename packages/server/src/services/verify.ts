/**
 * Proving on demand: the endpoints of a certificate are probed now.
 *
 * @module
 */
import type { CertificateDetail, ProbeEvent } from '@evercert/contract'
import { loadWork } from './advance/facts.ts'
import { probe } from './advance/proof-effects.ts'
import { loadCertificate, loadCertificateDetail } from './certificates.ts'
import { AppError } from '../domain/errors.ts'
import type { Caller, Services } from './context.ts'
import { wake } from './wake.ts'

/** Probes at once, tells what it sees, records what is seen, and lets the renewal go on from there. @throws AppError `notFound`, `certificateNotIssued` */
export async function verifyCertificate(
  services: Services,
  caller: Caller,
  id: string,
  onSeen?: (event: ProbeEvent) => void,
): Promise<CertificateDetail> {
  await loadCertificate(services, caller, id)
  const work = await loadWork(services, id)
  if (work === null || work.issuanceId === null) {
    throw new AppError('certificateNotIssued', `Verifying ${id}: it is not issued yet: there is nothing to look for.`)
  }
  try {
    await probe(services, work, onSeen)
  } catch (error) {
    // A job probed at the same time and recorded first: what it saw is as fresh as what we saw.
    if (!(error instanceof AppError && error.code === 'conflict')) throw error
  }
  await services.db.transaction().execute((trx) => wake(services, trx, id))
  return loadCertificateDetail(services, caller, id)
}
