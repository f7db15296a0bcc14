/**
 * One upload, answered with the certificate as it is shown.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { loadCertificateDetail } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { completeChain } from './complete-chain.ts'
import { createUploadReader, type Upload } from './read-upload.ts'
import { storeUploads, withSealedKeys } from './store-uploads.ts'

export interface SingleUpload extends Upload {
  /** Whether intermediates that are missing are fetched; else the chain is kept as it came. */
  readonly completeChain: boolean
}

/**
 * Keeps a certificate that was bought elsewhere (DOMAIN §5).
 *
 * @throws AppError `badCertificate` (also when its chain is to be completed and cannot be), `badKey`, `keyMismatch`, `certificateExpired`,
 *   `duplicateCertificate`, `duplicateName`, and for what it is to follow `notFound`, `notItsSuccessor`, `alreadyRenewed`
 */
export async function uploadCertificate(
  services: Services,
  caller: Caller,
  { completeChain: isCompleted, ...upload }: SingleUpload,
): Promise<CertificateDetail> {
  const read = createUploadReader(services.now())(upload)
  const checked = isCompleted ? await completeChain(services, read) : read
  const [result] = await withSealedKeys(services, [checked], (sealed) =>
    services.db.transaction().execute((trx) => storeUploads(services, trx, caller, sealed)),
  )
  if (result === undefined || result instanceof AppError) throw result ?? new RangeError('an upload has a result')
  return loadCertificateDetail(services, caller, result.certificateId)
}
