/**
 * The port to deployment targets. An adapter returns evidence; the core judges, by TLS handshake, whether the deployment succeeded.
 *
 * @module
 */
import type { z } from 'zod'
import type { AdapterKit } from './kit.ts'

export interface CertificatePair {
  /** Leaf first, then intermediates, without the root. */
  readonly chainPem: string
  /** PKCS#8. */
  readonly privateKeyPem: string
  /** SHA-256 of the leaf, lower-case hex. */
  readonly sha256: string
}

export interface DeployEvidence {
  /** False when the target already had this pair: nothing was written and nothing reloaded. */
  readonly changed: boolean
  /** SHA-256 of the leaf that was there before; null when there was none. */
  readonly previousSha256: string | null
  readonly reloaded: boolean
  /** What was done, one line each, no secrets: shown to users. */
  readonly log: readonly string[]
}

/**
 * A target.
 *
 * - `inspect` changes nothing and gives the SHA-256 of the leaf that the target has, or null.
 * - `apply` checks that the pair matches before it touches anything; the pair is swapped atomically: at no moment does the target
 *   hold a certificate beside another's key.
 * - Applying twice is a no-op the second time (`changed` false), unless the first died before its reload: then it reloads.
 * - When the test or the reload command fails, the previous pair is put back, reloaded, and AppError `rolledBack` says why.
 * - A pair that does not match is refused with `deployRefused` and the old one stays.
 */
export interface DeployTarget {
  inspect(): Promise<{ readonly sha256: string | null }>
  apply(pair: CertificatePair): Promise<DeployEvidence>
}

export interface DeployAdapter<Config = unknown> {
  readonly kind: 'deploy'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  create(config: Config, kit: AdapterKit): DeployTarget
}

export function deployAdapter<Config>(definition: DeployAdapter<Config>): DeployAdapter<Config> {
  return definition
}
