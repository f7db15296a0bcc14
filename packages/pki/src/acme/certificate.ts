/**
 * Downloading what was issued (RFC 8555 §7.4.2).
 *
 * @module
 */
import { parseChain } from '../certificate.ts'
import { PkiError } from '../errors.ts'
import { toPem } from '../pem.ts'
import type { AcmeAccount, AcmeClient } from './client.ts'
import { linksOf } from './headers.ts'
import { invalidResponse } from './problem.ts'

/** More alternates than any CA offers. */
const MAX_ALTERNATES = 8

interface DownloadedChain {
  readonly chainPem: string
  readonly alternateUrls: readonly string[]
  /** Common names of the issuers, from the leaf's to the last certificate's. */
  readonly issuers: readonly (string | null)[]
}

/**
 * The chain, leaf first.
 *
 * @param preferredIssuer common name of the root or intermediate that the chain should have; of the alternates (Link: rel="alternate")
 *   the first that has it is taken, and the CA's own choice when none has
 * @throws AcmeProblem `invalidResponse` when the answer is no chain
 */
export async function downloadChain(
  client: AcmeClient,
  account: AcmeAccount,
  certificateUrl: string,
  preferredIssuer: string | null = null,
): Promise<string> {
  const first = await download(client, account, certificateUrl)
  if (preferredIssuer === null || first.issuers.includes(preferredIssuer)) return first.chainPem
  for (const url of first.alternateUrls.slice(0, MAX_ALTERNATES)) {
    const alternate = await download(client, account, url)
    if (alternate.issuers.includes(preferredIssuer)) return alternate.chainPem
  }
  return first.chainPem
}

async function download(client: AcmeClient, account: AcmeAccount, url: string): Promise<DownloadedChain> {
  const response = await client.post(account, url, null)
  try {
    const chain = parseChain(new TextDecoder().decode(response.body))
    return {
      // Written anew: what the CA may have put between the blocks does not go into anyone's files.
      chainPem: chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''),
      alternateUrls: linksOf(response.headers['link'], 'alternate', url),
      issuers: chain.map(({ issuerCommonName }) => issuerCommonName),
    }
  } catch (error) {
    if (error instanceof PkiError) throw invalidResponse(`no certificate chain at ${url}: ${error.message}`, response.status)
    throw error
  }
}
