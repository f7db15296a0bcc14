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

/** Then it goes without; what comes later is kept for the next time. */
const WAIT_MS = 5000
/** Looked for at the same time by this node: the places are anybody's choice, and may be slow. */
const MAX_UNDER_WAY = 64

const underWay = new WeakMap<Services['db'], { count: number }>()

/** The same, with remedies that name what is missing where that could be found out in time. */
export async function nameMissing(
  services: Services,
  verification: HostVerification,
  { signal, waitMs = WAIT_MS }: { readonly signal?: AbortSignal; readonly waitMs?: number } = {},
): Promise<HostVerification> {
  const { addresses } = verification
  if (!addresses.some(({ verdict }) => verdict === 'incompleteChain')) return verification
  const slots = underWay.get(services.db) ?? { count: 0 }
  underWay.set(services.db, slots)
  if (slots.count >= MAX_UNDER_WAY) return verification
  slots.count += 1
  const named = Promise.all(addresses.map((address) => withName(services, address, signal))).finally(() => {
    slots.count -= 1
  })
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, waitMs, null)
  try {
    const found = await Promise.race([named, late])
    return found === null ? verification : { ...verification, addresses: found }
  } finally {
    clearTimeout(timer)
    named.catch(() => {}) // it was thrown above, if anybody still waited
  }
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
