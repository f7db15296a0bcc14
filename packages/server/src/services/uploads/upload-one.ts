/**
 * One upload, answered with the certificate as it is shown.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import type { CertificateDetail } from '@evercert/contract'
import { parsePem, toPem } from '@evercert/pki'
import { AppError } from '../../domain/errors.ts'
import { loadCertificateDetail } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { fetchIntermediates } from '../revocation-checks/issuers.ts'
import { createUploadReader, type CheckedUpload, type Upload } from './read-upload.ts'
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
  { completeChain, ...upload }: SingleUpload,
): Promise<CertificateDetail> {
  const read = createUploadReader(services.now())(upload)
  const checked = completeChain ? await complete(services, read) : read
  const [result] = await withSealedKeys(services, [checked], (sealed) =>
    services.db.transaction().execute((trx) => storeUploads(services, trx, caller, sealed)),
  )
  if (result === undefined || result instanceof AppError) throw result ?? new RangeError('an upload has a result')
  return loadCertificateDetail(services, caller, result.certificateId)
}

/** Only what really signed the one below it is added. */
async function complete(services: Services, checked: CheckedUpload): Promise<CheckedUpload> {
  const blocks = parsePem(checked.chainPem)
  const top = blocks.at(-1)?.der
  if (top === undefined) return checked
  const { subject, issuer } = new X509Certificate(top)
  if (subject === issuer) return checked
  const added = await fetchIntermediates(services, top)
  if (added.length > 0) return { ...checked, chainPem: checked.chainPem + added.map((der) => toPem(der, 'CERTIFICATE')).join('') }
  if (blocks.length > 1) return checked // signed by a root, which is not sent
  throw new AppError(
    'badCertificate',
    `Uploading ${checked.name}: its intermediate "${issuer.replaceAll('\n', ', ')}" could not be had from where the certificate says: add it behind the certificate.`,
  )
}
