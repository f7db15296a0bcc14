/**
 * A renewal: the link between an old certificate and the one that takes its place.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * `ordered`: not paid yet. `open`: paid, the new certificate stands under the old one, and work goes on. `attention`: nothing more
 * happens by itself, a person is asked (given up is a state), and back to `open` when that person acted.
 * `closed`: only when every endpoint of the old certificate serves the new one; issuing or installing it does not close a renewal.
 * `cancelled`: the old certificate may be renewed again.
 */
export const renewalMachine = machine('renewal', 'ordered', {
  ordered: ['open', 'cancelled'],
  open: ['attention', 'closed', 'cancelled'],
  attention: ['open', 'closed', 'cancelled'],
  closed: [],
  cancelled: [],
})

export type RenewalState = (typeof renewalMachine.states)[number]

/**
 * Whether a renewal in this state keeps its old certificate from being renewed again: all do but a cancelled one,
 * for a closed renewal has renewed it.
 */
export function isLiveRenewal(state: RenewalState): boolean {
  return state !== 'cancelled'
}
