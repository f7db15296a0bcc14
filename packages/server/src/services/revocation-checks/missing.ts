/**
 * Which intermediate a server leaves out, by name: fetched from where the certificate says, and believed only if it really signed.
 *
 * @module
 */
import { parseCertificate, parsePem, PkiError, type CertificateFacts } from '@evercert/pki'
import { explainMissing, topOf, type AddressVerification, type HostVerification } from '@evercert/pki/probe'
import { readRevocationSources } from '@evercert/pki/revocation'
import type { Services } from '../context.ts'
import { fetchIntermediates } from './issuers.ts'

/** The same, with remedies that name what is missing where that could be found out. */
export async function nameMissing(
  services: Services,
  verification: HostVerification,
  signal?: AbortSignal,
): Promise<HostVerification> {
  const { addresses } = verification
  if (!addresses.some(({ verdict }) => verdict === 'incompleteChain')) return verification
  return { ...verification, addresses: await Promise.all(addresses.map((address) => withName(services, address, signal))) }
}

async function withName(services: Services, address: AddressVerification, signal?: AbortSignal): Promise<AddressVerification> {
  const { verdict, observation } = address
  if (verdict !== 'incompleteChain' || !observation.reachable) return address
  const top = parsePem(topOf(observation).pem)[0]?.der
  if (top === undefined) return address
  const missing = (await fetchIntermediates(services, top, signal)).flatMap(describe)
  if (missing.length === 0) return address
  const [url = ''] = readRevocationSources(top).issuerUrls
  return { ...address, remedy: explainMissing(missing, url) }
}

/** OpenSSL takes more encodings than can be read here: of such a one nothing is said. */
function describe(der: Uint8Array): readonly CertificateFacts[] {
  try {
    return [parseCertificate(der)]
  } catch (error) {
    if (error instanceof PkiError) return []
    throw error
  }
}
