/**
 * Whether the pair that a target has is a deployment's own doing, also when a try before this one put it there: ADR 0052.
 *
 * @module
 */
import type { DeployEvidence } from '../../ports/deploy.ts'
import type { DeploymentWork, Held } from './deployment-record.ts'

/** What an earlier try left there is its doing still. When something else is there by now, nothing is known of that but this. */
export function knownBefore(
  { held, changed, previousSha256, sha256 }: DeploymentWork,
  found: Held | null,
): Pick<DeploymentWork, 'held' | 'changed' | 'previousSha256'> {
  const isLeft = found === null || found.sha256 === sha256
  return isLeft ? { held: held ?? found, changed, previousSha256 } : { held: found, changed: null, previousSha256: null }
}

/** After a crash the pair is there already, and what was there before it is known from what was written down before the first time. */
export function previousOf(deployment: DeploymentWork, evidence: DeployEvidence): string | null {
  if (evidence.changed) return evidence.previousSha256
  const { previousSha256, held } = deployment
  return previousSha256 ?? (held !== null && wasPutThere(deployment) === true ? held.sha256 : evidence.previousSha256)
}

/** Whether an earlier try of this deployment put a pair in its place that this one finds there. Null: nobody could be asked before the first. */
export function wasPutThere({ changed, hasBegun, failures, held, sha256 }: DeploymentWork): boolean | null {
  if (changed !== null) return changed
  if (!hasBegun && failures === 0) return false
  return held === null ? null : held.sha256 !== sha256
}
