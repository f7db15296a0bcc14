/**
 * A certificate on its way to a target, and what the target says was done: evidence, which the core judges by handshake.
 *
 * @module
 */
import { z } from 'zod'

export interface CertificatePair {
  /** Leaf first, then intermediates, without the root. */
  readonly chainPem: string
  /** PKCS#8; null when the key was made on the host and is nowhere else. */
  readonly privateKeyPem: string | null
  /** SHA-256 of the leaf, lower-case hex. */
  readonly sha256: string
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const MAX_LOG_LINES = 400
const MAX_LINE = 2_000
const log = z.array(z.string().max(MAX_LINE)).max(MAX_LOG_LINES).readonly()

export const deployEvidence = z
  .strictObject({
    changed: z
      .boolean()
      .meta({ description: 'False when the target already had this pair: nothing was written and nothing reloaded' }),
    previousSha256: sha256.nullable().meta({ description: 'Of the leaf that was there before; null when there was none' }),
    reloaded: z.boolean(),
    log: log.meta({ description: 'What was done, one line each, with its time (ISO 8601) in front, no secrets: shown to users' }),
  })
  .readonly()
export type DeployEvidence = z.infer<typeof deployEvidence>

export const restoreEvidence = z
  .strictObject({
    changed: z.boolean().meta({ description: 'False when the target does not have the refused pair (any more)' }),
    sha256: sha256.nullable().meta({ description: 'Of the leaf that is there now; null when there is none' }),
    reloaded: z
      .boolean()
      .meta({ description: 'False also when the reload failed: the log says so, and the handshake that follows decides' }),
    log,
  })
  .readonly()
export type RestoreEvidence = z.infer<typeof restoreEvidence>
