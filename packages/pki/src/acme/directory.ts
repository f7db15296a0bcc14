/**
 * The directory of a CA (RFC 8555 §7.1.1).
 *
 * @module
 */
import { asList, asObject, parseJson, stringIn } from './json.ts'
import { invalidResponse } from './problem.ts'
import type { AcmeResponse } from './transport.ts'

export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** Null when the CA does not revoke over ACME. */
  readonly revokeCert: string | null
  /** RFC 9773; null when the CA gives no renewal information. */
  readonly renewalInfo: string | null
  readonly termsOfService: string | null
  readonly externalAccountRequired: boolean
  /** Profile names; empty when the CA has none. */
  readonly profiles: readonly string[]
  readonly caaIdentities: readonly string[]
}

/** @throws AcmeProblem `invalidResponse` when a URL that every CA must have is missing */
export function readDirectory(response: AcmeResponse, directoryUrl: string): Directory {
  const object = asObject(parseJson(response.body))
  if (!object) throw invalidResponse(`no directory at ${directoryUrl}`, response.status)
  const required = (field: string): string => {
    const url = stringIn(object, field)
    if (url === null || !URL.canParse(url))
      throw invalidResponse(`the directory at ${directoryUrl} has no ${field}`, response.status)
    return url
  }
  const meta = asObject(object['meta']) ?? {}
  return {
    newNonce: required('newNonce'),
    newAccount: required('newAccount'),
    newOrder: required('newOrder'),
    revokeCert: stringIn(object, 'revokeCert'),
    renewalInfo: stringIn(object, 'renewalInfo'),
    termsOfService: stringIn(meta, 'termsOfService'),
    externalAccountRequired: meta['externalAccountRequired'] === true,
    profiles: Object.keys(asObject(meta['profiles']) ?? {}),
    caaIdentities: asList(meta['caaIdentities']).filter((entry) => typeof entry === 'string'),
  }
}
