/**
 * What targets at cloud providers have in common: where the API is, what a refusal becomes, and what is read out of PEM.
 *
 * @module
 */
import { parseChain } from '@evercert/pki'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { brief } from './post-json.ts'
import { destination } from './secret.ts'

export const CLOUD_TIMEOUT_MS = 30_000

/** https, unless it stays within the machine: private keys go there. */
export const endpointSetting = destination(
  z
    .string()
    .regex(/^(https:\/\/[^\s/@?#]+|http:\/\/(127\.[\d.]+|[a-z\d.-]*localhost|\[::1\])(:\d+)?)\/?$/, 'an https URL without path')
    .optional()
    .describe("Another address of the API, such as a private endpoint; default: the provider's for the region"),
)

/** How uploads of a target are told apart from others of the account. */
export const uploadName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,30}$/, 'letters, digits and hyphens')

/** Off by default: what was bound by hand to an upload is not known here. */
export const removalSetting = z
  .boolean()
  .default(false)
  .describe('Remove the uploads of earlier renewals once the new one is proved; only if nothing else is bound to them by hand')

const DIGITS = 24

/** The same each time, so that an upload whose answer was lost is found again. */
export function nameOfUpload(name: string, sha256: string): string {
  return `${name}-${sha256.slice(0, DIGITS)}`
}

export function isUploadOf(name: string, found: string): boolean {
  return found.length === name.length + 1 + DIGITS && found.startsWith(`${name}-`) && /^[\da-f]+$/.test(found.slice(-DIGITS))
}

/** Of the leaf; null when it cannot be read. */
export function leafSha256(pem: string | null | undefined): string | null {
  return chainSha256(pem)[0] ?? null
}

/** Leaf first; empty when it cannot be read. */
export function chainSha256(pem: string | null | undefined): readonly string[] {
  try {
    return parseChain(pem ?? '').map(({ sha256 }) => sha256)
  } catch {
    return []
  }
}

/**
 * What a refusal means for us: `credentials` the key or its rights, `throttled` too many requests, `quota` no more certificates, `absent`
 * something that the settings name, `busy` another change is under way, `down` an outage, `refused` anything else.
 */
export type CloudRefusal = 'credentials' | 'throttled' | 'quota' | 'absent' | 'busy' | 'down' | 'refused'

const MEANS = {
  credentials: ['credentialsRejected', 'correct the access key, and give it the rights that docs/targets.md names.'],
  throttled: ['rateLimited', 'it is tried again later.'],
  quota: ['deployRefused', 'delete certificates there that nothing uses, or have the quota raised, then deploy again.'],
  absent: ['misconfigured', 'correct the settings of the target.'],
  busy: ['upstreamUnavailable', 'it is tried again later.'],
  down: ['upstreamUnavailable', 'it is tried again later.'],
  refused: ['deployRefused', 'correct what it names, then deploy again.'],
} as const

export interface CloudAnswer {
  /** The provider's code of the error. */
  readonly code: string
  readonly message: string
}

const RETRY_SECONDS = 30

/** @param what was attempted: `Importing into AWS ACM` */
export function cloudError(what: string, refusal: CloudRefusal, { code, message }: CloudAnswer): AppError {
  const [problem, remedy] = MEANS[refusal]
  const said = brief(message).replace(/[.:]+$/, '')
  const detail = `${what}: the provider answers ${brief(code)}${said === '' ? '' : `, ${said}`}: ${remedy}`
  return new AppError(problem, detail, refusal === 'throttled' ? { retryAfterSeconds: RETRY_SECONDS } : {})
}

/** The first line that fits the code. */
export function classify(code: string, table: readonly (readonly [RegExp, CloudRefusal])[]): CloudRefusal {
  return table.find(([pattern]) => pattern.test(code))?.[1] ?? 'refused'
}
