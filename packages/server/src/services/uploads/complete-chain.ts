/**
 * Intermediates that an upload lacks are fetched from where its certificate says, when that is asked for.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { parsePem, toPem } from '@evercert/pki'
import { AppError } from '../../domain/errors.ts'
import type { Services } from '../context.ts'
import { fetchIntermediates } from '../revocation-checks/issuers.ts'
import type { CheckedUpload } from './read-upload.ts'

/** Of those of one request. Their CAs are few, and each is asked once. */
const AT_A_TIME = 8
/** For all of a request: whoever waits for it has an answer by then. */
const MAX_MS = 30_000

/** Only what really signed the one below it is added. @throws AppError `badCertificate` when it cannot be had */
export async function completeChain(
  services: Services,
  checked: CheckedUpload,
  signal = AbortSignal.timeout(MAX_MS),
): Promise<CheckedUpload> {
  const blocks = parsePem(checked.chainPem)
  const top = blocks.at(-1)?.der
  if (top === undefined) return checked
  const { subject, issuer } = new X509Certificate(top)
  if (subject === issuer) return checked
  const added = await fetchIntermediates(services, top, signal).catch((error: unknown) => {
    if (signal.aborted) return []
    throw error
  })
  if (added.length > 0) return { ...checked, chainPem: checked.chainPem + added.map((der) => toPem(der, 'CERTIFICATE')).join('') }
  if (blocks.length > 1) return checked // signed by a root, which is not sent
  throw new AppError(
    'badCertificate',
    `Uploading ${checked.name}: its intermediate "${issuer.replaceAll('\n', ', ')}" could not be had from where the certificate says: add it behind the certificate.`,
  )
}

/** In their order; what was refused stays refused. */
export async function completeChains(
  services: Services,
  uploads: readonly (CheckedUpload | AppError)[],
  signal = AbortSignal.timeout(MAX_MS),
): Promise<(CheckedUpload | AppError)[]> {
  const completed = [...uploads]
  const places = uploads.keys()
  const worker = async (): Promise<void> => {
    for (const place of places) {
      const upload = uploads[place]
      if (upload === undefined || upload instanceof AppError) continue
      completed[place] = await completeChain(services, upload, signal).catch((error: unknown) => {
        if (error instanceof AppError) return error
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return completed
}
