/**
 * Authorizations and their challenges (RFC 8555 §7.1.4, §7.5, §8). Challenge types other than http-01 and dns-01 are skipped.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { AcmeAccount, AcmeClient } from './client.ts'
import type { AccountKey } from './jws.ts'
import { asList, asObject, parseJson, stringIn } from './json.ts'
import { AcmeProblem, invalidResponse, problemOfField } from './problem.ts'

const AUTHORIZATION_STATUSES = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const
const CHALLENGE_STATUSES = ['pending', 'processing', 'valid', 'invalid'] as const
const CHALLENGE_TYPES = ['http-01', 'dns-01'] as const

export type AuthorizationStatus = (typeof AUTHORIZATION_STATUSES)[number]
export type ChallengeStatus = (typeof CHALLENGE_STATUSES)[number]
export type ChallengeType = (typeof CHALLENGE_TYPES)[number]

export interface AcmeChallenge {
  readonly url: string
  readonly type: ChallengeType
  readonly status: ChallengeStatus
  readonly token: string
  readonly problem: AcmeProblem | null
}

export interface AcmeAuthorization {
  readonly url: string
  readonly status: AuthorizationStatus
  /** Without `*.`. */
  readonly name: string
  readonly wildcard: boolean
  readonly challenges: readonly AcmeChallenge[]
  readonly retryAfterSeconds: number | null
}

/** What has to be in place before the challenge is answered. */
export interface ChallengeProof {
  /** http-01: the path of the file. dns-01: the name of the TXT record, without a final dot. */
  readonly location: string
  readonly content: string
}

/** Changes nothing. */
export async function readAuthorization(client: AcmeClient, account: AcmeAccount, url: string): Promise<AcmeAuthorization> {
  const response = await client.post(account, url, null)
  const object = asObject(parseJson(response.body))
  const status = AUTHORIZATION_STATUSES.find((known) => known === object?.['status'])
  const name = stringIn(asObject(object?.['identifier']) ?? {}, 'value')
  if (!object || !status || name === null) throw invalidResponse(`no authorization at ${url}`, response.status)
  return {
    url,
    status,
    name: name.toLowerCase().replace(/^\*\./, ''),
    wildcard: object['wildcard'] === true || name.startsWith('*.'),
    challenges: asList(object['challenges']).flatMap(toChallenge),
    retryAfterSeconds: client.retryAfterSeconds(response),
  }
}

/**
 * Tells the CA that the proof is in place (RFC 8555 §7.5.1). A challenge that is under way or decided stays as it is; CAs that refuse
 * a second answer are asked for its status.
 */
export async function answerChallenge(client: AcmeClient, account: AcmeAccount, challengeUrl: string): Promise<void> {
  try {
    await client.post(account, challengeUrl, {})
  } catch (error) {
    if (!(error instanceof AcmeProblem) || error.status !== 400) throw error
    const response = await client.post(account, challengeUrl, null)
    if (asObject(parseJson(response.body))?.['status'] === 'pending') throw error
  }
}

/** The file of http-01 (RFC 8555 §8.3) or the record of dns-01 (§8.4). */
export function challengeProof(key: AccountKey, challenge: Pick<AcmeChallenge, 'type' | 'token'>, name: string): ChallengeProof {
  const keyAuthorization = `${challenge.token}.${key.thumbprint}`
  if (challenge.type === 'http-01') {
    return { location: `/.well-known/acme-challenge/${challenge.token}`, content: keyAuthorization }
  }
  return { location: `_acme-challenge.${name}`, content: createHash('sha256').update(keyAuthorization).digest('base64url') }
}

function toChallenge(entry: unknown): AcmeChallenge[] {
  const object = asObject(entry) ?? {}
  const type = CHALLENGE_TYPES.find((known) => known === object['type'])
  const status = CHALLENGE_STATUSES.find((known) => known === object['status'])
  const url = stringIn(object, 'url')
  const token = stringIn(object, 'token') ?? ''
  // The token becomes a path on the user's server: only what RFC 8555 §8.3 allows.
  if (!type || !status || url === null || !/^[A-Za-z0-9_-]+$/.test(token)) return []
  return [{ url, type, status, token, problem: problemOfField(object['error']) }]
}
