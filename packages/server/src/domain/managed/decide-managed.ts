/**
 * Managed certificates (托管): when one renews or reissues by itself, and what forbids to manage it (DOMAIN §5).
 *
 * @module
 */
import type { ApplicationForm } from '../application/prefill.ts'
import { decideRenewal, type RenewalFacts, type RenewalReasonCode } from '../certificate/decide-renewal.ts'
import type { RenewalPolicy } from '../certificate/window.ts'
import { HOUR_MS } from '../time.ts'

/** What a managed certificate does next, and from when. Instants in epoch milliseconds. */
export type ManagedPlan = {
  readonly action: 'renew' | 'reissue'
  readonly at: number
  /** From here on nothing may wait any more: a third of the window is left. */
  readonly hardFrom: number
}

/** Of these one says only that it is too early; any other leaves nothing to do by itself. */
const TOO_EARLY: readonly RenewalReasonCode[] = ['renewalNotYetOpen', 'entitlementContinues']

/**
 * The plan of an issued certificate; null when there is none: renewed already, ended, or not renewable.
 *
 * It acts inside the renewal window, which is a fraction of a short lifetime and the last 30 days of a long one. Where the paid period
 * can be renewed before the last third of the certificate's window, it is renewed, since the top-up loses nothing; else the certificate
 * is reissued at no charge. The jitter spreads many certificates of one day over the first third of the window.
 *
 * @param jitter drawn once for each issuance and stored, 0 to 1 (exclusive)
 */
export function planManaged(facts: RenewalFacts, jitter: number, now: number, policy: RenewalPolicy): ManagedPlan | null {
  const { issuance } = facts
  const renewal = decideRenewal(facts, now, policy)
  if (issuance === null || isApplying(facts)) return null
  const opensAt = renewal.reissueOpensAt ?? renewal.opensAt
  if (opensAt === null) return null
  const hardFrom = issuance.notAfter - Math.floor((issuance.notAfter - opensAt) / 3)
  const plan = (action: ManagedPlan['action'], from: number): ManagedPlan | null => {
    const at = from + Math.floor((jitter * Math.max(0, hardFrom - from)) / 2)
    const isAllowed = decideRenewal(facts, Math.max(at, now), policy).action === action
    return isAllowed ? { action, at, hardFrom } : null
  }
  const isRenewable = renewal.reasons.every(({ code }) => TOO_EARLY.includes(code))
  if (isRenewable && renewal.opensAt !== null && renewal.opensAt <= hardFrom) return plan('renew', renewal.opensAt)
  return renewal.reissueOpensAt === null ? null : plan('reissue', renewal.reissueOpensAt)
}

function isApplying({ application }: RenewalFacts): boolean {
  return application !== null && (application.state === 'pendingValidation' || application.state === 'inReview')
}

const RETRY_HOURS = [1, 4, 12, 24] as const

/** When a managed step that failed is tried again: ever more slowly, but hourly once the time is short. @param failures 1 or more */
export function retryManagedAt(failures: number, hardFrom: number, now: number): number {
  const hours = RETRY_HOURS[Math.min(Math.max(failures, 1), RETRY_HOURS.length) - 1] ?? 24
  if (now >= hardFrom) return now + HOUR_MS
  return Math.min(now + hours * HOUR_MS, Math.max(hardFrom, now + HOUR_MS))
}

/** After somebody gave up what was bought: a day, but an hour where the time is short. */
export function reconsiderAt({ hardFrom }: Pick<ManagedPlan, 'hardFrom'>, now: number): number {
  return retryManagedAt(RETRY_HOURS.length, hardFrom, now)
}

export type ManageObstacle = 'uploaded' | 'ended' | 'notIssued' | 'brandUnsupported' | 'csrOfYours' | 'dnsByHand'

export type ManageableFacts = {
  readonly renewal: RenewalFacts
  readonly status: 'issued' | 'expiringSoon' | 'other'
  /** The last application's form; null: none was ever sent. */
  readonly lastForm: Pick<ApplicationForm, 'validationMethod'> | null
  /** Whether the key of the last application was made elsewhere, and nobody here, nor an agent, can make another. */
  readonly hasForeignKey: boolean
}

type Obstacle = readonly [ManageObstacle, (facts: ManageableFacts) => boolean]

const OBSTACLES: readonly Obstacle[] = [
  ['uploaded', ({ renewal }) => renewal.origin === 'uploaded'],
  ['notIssued', ({ renewal }) => renewal.issuance === null],
  ['ended', ({ renewal, status }) => renewal.issuance !== null && status === 'other'],
  ['brandUnsupported', ({ renewal }) => renewal.brandSupportsRenewal === false],
  ['csrOfYours', ({ hasForeignKey }) => hasForeignKey],
  ['dnsByHand', ({ lastForm }) => lastForm?.validationMethod === 'dnsManual'],
]

/** Everything that keeps a certificate from renewing by itself; empty when it can be managed. */
export function findManageObstacles(facts: ManageableFacts): readonly ManageObstacle[] {
  return OBSTACLES.filter(([, applies]) => applies(facts)).map(([obstacle]) => obstacle)
}
