/**
 * Which deployments come first: what needs a person, then what is on its way, then what is done.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import type { Tone } from '../../components/status-mark.tsx'

const TONES = {
  failed: 'bad',
  rolledBack: 'bad',
  planned: 'busy',
  applied: 'busy',
  proved: 'good',
  abandoned: 'ended',
  superseded: 'ended',
} as const satisfies Record<string, Tone>
type DeploymentState = keyof typeof TONES

const ORDER = Object.keys(TONES)

/** A newer service may have states that this console does not know. */
export function isDeploymentState(state: string): state is DeploymentState {
  return Object.hasOwn(TONES, state)
}

export function deploymentTone(state: string): Tone {
  return isDeploymentState(state) ? TONES[state] : 'ended'
}

export function wantsPerson({ deployment }: Pick<TargetView, 'deployment'>): boolean {
  return deployment !== null && deploymentTone(deployment.state) === 'bad'
}

/** Within a state by name. */
export function sortTargets<Target extends Pick<TargetView, 'name' | 'deployment'>>(targets: readonly Target[]): Target[] {
  const rank = ({ deployment }: Target): number => {
    const at = deployment === null ? -1 : ORDER.indexOf(deployment.state)
    return at === -1 ? ORDER.length : at
  }
  return targets.toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
}
