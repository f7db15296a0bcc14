/**
 * One upload, answered with the certificate as it is shown.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { loadCertificateDetail } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { createUploadReader, type Upload } from './read-upload.ts'
import { sealKeys, storeUploads } from './store-uploads.ts'

/**
 * Keeps a certificate that was bought elsewhere (DOMAIN §5).
 *
 * @throws AppError `badCertificate`, `badKey`, `keyMismatch`, `certificateExpired`, `duplicateCertificate`, `duplicateName`
 */
export async function uploadCertificate(services: Services, caller: Caller, upload: Upload): Promise<CertificateDetail> {
  const checked = createUploadReader(services.now())(upload)
  const sealed = await sealKeys(services, [checked])
  const [result] = await services.db.transaction().execute((trx) => storeUploads(services, trx, caller, sealed))
  if (result === undefined || result instanceof AppError) throw result ?? new RangeError('an upload has a result')
  return loadCertificateDetail(services, caller, result.certificateId)
}
