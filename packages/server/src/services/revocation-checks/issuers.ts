/**
 * The certificate of an issuer that was not sent: fetched from where the certificate says (AIA, RFC 5280 §4.2.2.1), and believed only if
 * it really signed.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readCertificateBag } from '@evercert/pki'
import { isIssuedByDer, readRevocationSources } from '@evercert/pki/revocation'
import { AppError } from '../../domain/errors.ts'
import type { Services } from '../context.ts'

/** A certificate, or a bag of some. */
const MAX_BYTES = 64 * 1024
const TIMEOUT_MS = 10_000
const MAX_REDIRECTS = 3
/** Issuers are few. */
const MAX_KEPT = 500
const KEEP_MS = 3_600_000
/** A place that did not answer, or gave what did not sign, is left alone for a while. */
const KEEP_USELESS_MS = 300_000

interface Kept {
  readonly certificates: readonly Uint8Array[]
  readonly fetchedAt: number
}

interface Memory {
  readonly kept: Map<string, Kept>
  /** Whoever wants the same meanwhile waits for the same request. */
  readonly underWay: Map<string, Promise<readonly Uint8Array[]>>
}

const memories = new WeakMap<Services['db'], Memory>()

/** DER of the certificate that signed this one; null when it names none, or none that was fetched signed it. Rejects when the signal says so, never for what is fetched. */
export async function fetchIssuer(services: Services, der: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | null> {
  const memory = memories.get(services.db) ?? { kept: new Map<string, Kept>(), underWay: new Map() }
  memories.set(services.db, memory)
  const isIssuer = (one: Uint8Array): boolean => isIssuedByDer(der, one)
  for (const url of readRevocationSources(der).issuerUrls) {
    const known = memory.kept.get(url)
    const age = services.now() - (known?.fetchedAt ?? Number.NEGATIVE_INFINITY)
    const issuer = age < KEEP_MS ? known?.certificates.find(isIssuer) : undefined
    if (issuer !== undefined) return issuer
    if (age < KEEP_USELESS_MS) continue
    const fetched = (await fetchCertificates(services, memory, url, signal)).find(isIssuer)
    if (fetched !== undefined) return fetched
  }
  return null
}

async function fetchCertificates(
  services: Services,
  memory: Memory,
  url: string,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  for (let running = memory.underWay.get(url); running !== undefined; running = memory.underWay.get(url)) {
    const fetched = await running.catch(() => null)
    if (fetched !== null) return fetched
    signal?.throwIfAborted() // whoever asked gave up: those that still wait ask again
  }
  return startDownload(services, memory, url, signal)
}

function startDownload(
  services: Services,
  { kept, underWay }: Memory,
  url: string,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  const started = download(services, url, signal)
    .then((certificates) => {
      if (kept.size >= MAX_KEPT) kept.clear()
      kept.set(url, { certificates, fetchedAt: services.now() })
      return certificates
    })
    .finally(() => underWay.delete(url))
  underWay.set(url, started)
  return started
}

async function download(services: Services, url: string, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
  try {
    const request = { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, maxRedirects: MAX_REDIRECTS, ...(signal && { signal }) }
    const { status, body } = await services.kit.fetch(url, request)
    return status === 200 ? readCertificateBag(body) : []
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    services.log.info({ event: 'aia.notFetched', url: url.slice(0, 200), code: error.code })
    return []
  }
}

/** How many are followed upwards; real chains have one or two. */
const MAX_FOLLOWED = 4

/** The intermediates above a certificate, nearest first, without a root; empty when the first cannot be had. */
export async function fetchIntermediates(
  services: Services,
  der: Uint8Array,
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = []
  for (let top = der; found.length < MAX_FOLLOWED;) {
    const issuer = await fetchIssuer(services, top, signal)
    if (issuer === null || isSelfIssued(issuer)) break
    found.push(issuer)
    top = issuer
  }
  return found
}

function isSelfIssued(der: Uint8Array): boolean {
  const { subject, issuer } = new X509Certificate(der)
  return subject === issuer
}
