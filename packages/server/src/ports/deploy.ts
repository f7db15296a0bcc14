/**
 * The port to deployment targets. An adapter returns evidence; the core judges, by TLS handshake, whether the deployment succeeded.
 *
 * @module
 */
import type { CertificatePair, DeployEvidence, RestoreEvidence } from '@evercert/contract'
import type { z } from 'zod'
import type { AdapterKit } from './kit.ts'

export type { CertificatePair, DeployEvidence, RestoreEvidence }

export interface ApplyWish {
  /** The target may hold the pair while the server does not serve it. `once`: not again where this pair was reloaded since it is there. */
  readonly mustReload: boolean | 'once'
  /** A person asked for it anew: whoever works elsewhere is told. */
  readonly isAskedAnew?: boolean
}

/**
 * A target.
 *
 * - `inspect` changes nothing and gives the SHA-256 of the leaf that the target has, or null; `isUnknown` where nobody can be asked.
 * - `apply` checks that the pair matches before it touches anything; the pair is swapped atomically: at no moment does the target
 *   hold a certificate beside another's key.
 * - A configuration that is broken beforehand is refused with `deployRefused`: nothing is changed, nothing reloaded.
 * - Applying twice is a no-op the second time (`changed` false), unless the first died before its reload: then it reloads. With `mustReload` a
 *   target that is reloaded at all is tested and reloaded also then, without a swap; when a command fails, nothing is put back. `once` does so a single
 *   time for a pair in the files; a crash between the reload and its note makes it two.
 * - Targets of one server that are applied at about the same time (`kit.gathering`) are tested together and reloaded once; one that fails is
 *   left out, and the others go on.
 * - When the test or the reload command fails, the previous pair is put back, reloaded, and AppError `rolledBack` says why; its
 *   `facts.log` is the log.
 * - A pair that does not match is refused with `deployRefused` and the old one stays.
 * - Each line of the log is told to `kit.onLogLine` as it is said, in the order in which the evidence, or `facts.log`, has them all.
 * - A target that answers in its own time throws an AppError that is `pending`: nothing failed, and the same call is made again. Where that call may find the
 *   pair in its place by what this one began, and will not know it, `facts.changed` is true.
 * - `restore` takes an applied pair back: what was there before it is put in its place and reloaded. Restoring twice is a no-op the
 *   second time, and so is restoring a pair that the target does not have. When nothing is known of what was there before,
 *   `deployRefused` says so and the pair stays.
 * - `removeEarlier`, of adapters that say `uploadsTo`, and only when the settings of the target ask for it: uploads of these leaves that this target made itself are removed; what others
 *   made, what it does not know, and what is in use now stays. Again, it removes what is left, and nothing is left in the end.
 */
export interface DeployTarget {
  /** What is reloaded: targets with the same one share it. Absent where nothing is. */
  readonly server?: string
  /** The same where a reload is shared, in words that mean one server on every node of the service: one node gathers for it. Absent: each node for itself. */
  readonly sharedReload?: string
  /** The machine or service elsewhere that is waited for: however long it takes to answer, targets of others go on. Absent: this machine. */
  readonly host?: string
  inspect(): Promise<{ readonly sha256: string | null; readonly isUnknown?: true }>
  apply(pair: CertificatePair, wish?: ApplyWish): Promise<DeployEvidence>
  /**
   * @param refused SHA-256 of the leaf to take back
   * @param previous what was there before, as far as the service has it; for targets that do not keep it themselves
   */
  restore(refused: string, previous: CertificatePair | null): Promise<RestoreEvidence>
  /**
   * @param earlier SHA-256 of leaves that were deployed to this target before and are not wanted any more
   * @returns what removal was asked for, as people find it at the provider; empty when none was there
   */
  removeEarlier?(earlier: readonly string[]): Promise<readonly string[]>
}

export interface DeployAdapter<Config = unknown> {
  readonly kind: 'deploy'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  /** Whether the target may have the private key itself, so that a pair without one can be applied. Default: false. */
  readonly hasOwnKeys?: boolean
  /** Whether targets of these settings are given the private key. Default: all are, unless they may have it themselves. */
  getsKeys?(config: Config): boolean
  /** Checked against a fixture that judges requests as the API does, not yet on a live account: users are told. Default: false. */
  readonly isUntried?: boolean
  /** The store in which each renewal leaves the upload before it, which several kinds may share. Default: none. */
  readonly uploadsTo?: string
  /** How long a change may take to be served everywhere; as long it is not taken back for being unseen. Default: 10. */
  readonly settleSeconds?: number
  /** The one name that is served from there, `.example.com` for all below it: endpoints of other names prove nothing. Default: any may be. */
  servedName?(config: Config): string
  create(config: Config, kit: AdapterKit): DeployTarget
  /**
   * What is overwritten there, in words that mean one place in the whole installation: two targets with one in common undo each other's work. Default:
   * nothing that is known.
   */
  writes?(config: Config, accountId: string): readonly string[] | Promise<readonly string[]>
  /** Asked when a target is added: whether what the settings name is there. @throws AppError `invalid` */
  check?(config: Config, kit: AdapterKit): Promise<void>
}

export function deployAdapter<Config>(definition: DeployAdapter<Config>): DeployAdapter<Config> {
  return definition
}
