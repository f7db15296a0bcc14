/**
 * The rules of an upload that need no database (DOMAIN §5): readable, in order, in its time, and with its own key.
 *
 * @module
 */
import { ONE_LINE, toLine } from '@evercert/contract'
import { createChainReader, loadKeyOf, orderChain, toPem, type CertificateFacts, type PrivateKey } from '@evercert/pki'
import { AppError } from '../../domain/errors.ts'
import { knowSpecification, type ReadSpecification } from '../../domain/product/known-specification.ts'
import { readPki } from '../read-pki.ts'

/** As it came. */
export interface Upload {
  readonly name: string
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** The certificate whose successor it is; absent: none's. */
  readonly renewsCertificateId?: string | undefined
}

/** Plain data, which may go from one thread to another. */
export interface CheckedUpload {
  readonly name: string
  readonly leaf: Pick<
    CertificateFacts,
    'sha256' | 'serialHex' | 'issuer' | 'names' | 'commonName' | 'spkiSha256' | 'notBefore' | 'notAfter'
  >
  /** The certificates alone, without what stood between them. */
  readonly chainPem: string
  readonly key: Pick<PrivateKey, 'pkcs8Pem' | 'algorithm' | 'spkiSha256'>
  readonly specification: ReadSpecification
  readonly renewsCertificateId: string | null
}

const MAX_NAME_LENGTH = 64

/**
 * Reads uploads; one reader for a request, since it remembers the CA certificates that it has seen.
 *
 * @returns a function that throws AppError `invalid` (name), `badCertificate`, `badKey`, `tooLarge`, `keyMismatch`, `certificateExpired`
 */
export function createUploadReader(now: number): (upload: Upload) => CheckedUpload {
  const readCertificates = createChainReader()
  return (upload) => {
    const name = checkName(upload.name)
    const chain = readPki('badCertificate', () => readCertificates(upload.certificatePem))
    const leaf = checkChain(chain)
    const key = readPki('badKey', () => loadKeyOf(leaf, upload.privateKeyPem))
    if (key === null) {
      throw new AppError(
        'keyMismatch',
        `Uploading ${name}: the private key is another certificate's: send the one that belongs to it.`,
      )
    }
    refuseBackwards(name, leaf)
    if (leaf.notAfter <= now) {
      throw new AppError(
        'certificateExpired',
        `Uploading ${name}: it expired on ${new Date(leaf.notAfter).toISOString()}: nothing is left to manage.`,
      )
    }
    const chainPem = chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join('')
    const { pkcs8Pem, algorithm, spkiSha256 } = key
    return {
      name,
      leaf: factsToKeep(leaf),
      chainPem,
      key: { pkcs8Pem, algorithm, spkiSha256 },
      specification: knowSpecification(leaf),
      renewsCertificateId: upload.renewsCertificateId ?? null,
    }
  }
}

/** It was never valid, whatever the day. */
function refuseBackwards(name: string, { notBefore, notAfter }: CertificateFacts): void {
  if (notAfter >= notBefore) return
  const [from, to] = [new Date(notBefore).toISOString(), new Date(notAfter).toISOString()]
  throw new AppError('badCertificate', `Uploading ${name}: it ends (${to}) before it begins (${from}): ask its CA for another.`, {
    facts: { reason: 'endsBeforeItBegins', notBefore: from, notAfter: to },
  })
}

function factsToKeep(leaf: CertificateFacts): CheckedUpload['leaf'] {
  const { sha256, serialHex, issuer, names, commonName, spkiSha256, notBefore, notAfter } = leaf
  return { sha256, serialHex, issuer, names, commonName, spkiSha256, notBefore, notAfter }
}

function checkName(text: string): string {
  const name = toLine(text)
  if (!ONE_LINE.test(name)) {
    throw new AppError('invalid', 'Uploading: the name has line breaks or control characters: give it one line of text.', {
      facts: { field: 'name' },
    })
  }
  if (name.length > 0 && name.length <= MAX_NAME_LENGTH) return name
  throw new AppError('invalid', `Uploading: the name has ${name.length} characters: give it 1 to ${MAX_NAME_LENGTH}.`, {
    facts: { field: 'name' },
  })
}

/** @returns the leaf */
function checkChain(chain: readonly CertificateFacts[]): CertificateFacts {
  const [leaf] = chain
  if (leaf === undefined)
    throw new AppError('badCertificate', 'Reading the certificate: there is none in the text: paste the PEM.')
  if (leaf.isCa && chain.length > 1)
    throw new AppError('badCertificate', 'Reading the certificate: the first one is a CA: put the server certificate first.')
  const { ordered, extra } = orderChain(chain)
  const [stranger] = extra
  if (stranger !== undefined) {
    const name = stranger.commonName ?? stranger.subject
    throw new AppError('badCertificate', `Reading the chain: "${name}" does not belong to it or is there twice: leave it out.`)
  }
  if (ordered.some((certificate, index) => certificate !== chain[index]))
    throw new AppError('badCertificate', 'Reading the chain: it is not in order: put the leaf first, then each issuer.')
  return leaf
}
