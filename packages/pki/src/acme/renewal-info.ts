/**
 * ACME Renewal Information (RFC 9773): when the CA would have a certificate renewed. Asked without account and signature (§4.1).
 *
 * @module
 */
import type { AcmeClient } from './client.ts'
import { asObject, instantIn, parseJson, stringIn } from './json.ts'
import { invalidResponse } from './problem.ts'

export interface AcmeRenewalInfo {
  /** Epoch milliseconds; a window that is over means now. */
  readonly startsAt: number
  readonly endsAt: number
  /** A page of the CA that says why, for people; null when it has none. */
  readonly explanationUrl: string | null
  /** When to ask again; null when the CA does not say, which it must (§4.3). */
  readonly retryAfterSeconds: number | null
}

/**
 * @param certId see `ariCertId`
 * @returns null when the CA gives no renewal information
 * @throws AcmeProblem `invalidResponse` for what is no window, and as every request; what the transport throws
 */
export async function readRenewalInfo(client: AcmeClient, certId: string): Promise<AcmeRenewalInfo | null> {
  const { renewalInfo } = await client.directory()
  if (renewalInfo === null) return null
  const response = await client.get(`${renewalInfo.replace(/\/$/, '')}/${certId}`)
  const object = asObject(parseJson(response.body)) ?? {}
  const window = asObject(object['suggestedWindow']) ?? {}
  const [startsAt, endsAt] = [instantIn(window, 'start'), instantIn(window, 'end')]
  if (startsAt === null || endsAt === null || startsAt >= endsAt)
    throw invalidResponse('the renewal information has no window', response.status)
  return { startsAt, endsAt, explanationUrl: pageIn(object), retryAfterSeconds: client.retryAfterSeconds(response) }
}

/** People will follow it: nothing but a page on the web. */
function pageIn(object: Readonly<Record<string, unknown>>): string | null {
  const url = URL.parse(stringIn(object, 'explanationURL') ?? '')
  return url !== null && /^https?:$/.test(url.protocol) && url.href.length <= 2048 ? url.href : null
}
