/**
 * What the tests of full and read-only disks and the process that makes such disks say to each other.
 *
 * @module
 */
import type { Step } from '@evercert/pair-files/pair-context'

export type DiskFault = 'full' | 'readOnly'

export interface FaultCase {
  readonly fault: DiskFault
  /** After which the disk is so. */
  readonly step: Step
  /** Nothing was there before. */
  readonly isFirst: boolean
  /** The command that does not like the new pair. */
  readonly refuses: 'test' | 'reload' | null
}

export interface Look {
  /** `torn`: certificate and key do not belong together, or one alone is there. */
  readonly files: 'old' | 'next' | 'none' | 'torn'
  /** What the server read at its last reload. */
  readonly loaded: 'old' | 'next' | 'none'
  readonly leftovers: readonly string[]
}

export interface FaultReport extends FaultCase {
  readonly isStruck: boolean
  /** A code of null: the deployment succeeded. */
  readonly outcome: { readonly code: string | null; readonly message: string }
  readonly during: Look
  /** With a disk that is well again, while the server still does not like the new pair; null when it never disliked it. */
  readonly refusedAgain: { readonly code: string | null; readonly look: Look } | null
  /** Deployed once more with a disk that is well and a server that is content. */
  readonly again: { readonly code: string | null; readonly message: string }
  readonly after: Look
}
