/**
 * Managed certificates (托管): when one renews or reissues by itself, and what forbids to manage it (DOMAIN §5).
 *
 * @module
 */
import type { ApplicationForm } from '../application/prefill.ts'
import { decideRenewal, mayReissue, type RenewalFacts, type RenewalReasonCode } from '../certificate/decide-renewal.ts'
import type { RenewalPolicy } from '../certificate/window.ts'
import type { Money } from '../payment/money.ts'
import { DAY_MS, HOUR_MS } from '../time.ts'
import { ignoresSuggestionsFrom } from './suggested-window.ts'

/** What a managed certificate does next, and from when. Instants in epoch milliseconds. */
export type ManagedPlan = {
  readonly action: 'renew' | 'reissue'
  readonly at: number
  /** From here on nothing may wait any more: a third of the window is left. */
  readonly hardFrom: number
  /** A reissue at no charge before one is due: it has to be asked for by name. */
  readonly isEarly: boolean
}

/** What spreads certificates over their windows. */
export interface ManagedTiming {
  /** Drawn once for each management and stored, 0 to 1 (exclusive). */
  readonly jitter: number
  /** The moment that was drawn in the window that the CA suggests, epoch milliseconds; null when it suggests none. */
  readonly suggestedAt: number | null
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
 * A moment that the CA suggests counts in place of the jitter, but never later than the hard band begins, and nothing any more in the last
 * twentieth of the lifetime. Of one that is well before the window, as when the CA is about to revoke, comes a reissue at no charge: nothing is
 * bought earlier for it, and no certificate is replaced as soon as it is made, whatever a CA says of it.
 */
export function planManaged(
  facts: RenewalFacts,
  { jitter, suggestedAt }: ManagedTiming,
  now: number,
  policy: RenewalPolicy,
): ManagedPlan | null {
  const own = planOwn(facts, jitter, now, policy)
  const { issuance } = facts
  if (own === null || issuance === null) return null
  const { opensAt, ...plan } = own
  if (suggestedAt === null || now >= ignoresSuggestionsFrom(issuance)) return plan
  const lifetimeMs = issuance.notAfter - issuance.notBefore
  const earlyAt = Math.max(suggestedAt, issuance.notBefore + Math.min(DAY_MS, lifetimeMs / 4))
  const isEarly = now < opensAt && earlyAt < opensAt - lifetimeMs / 20
  if (isEarly && mayReissue(facts, Math.max(earlyAt, now))) return { ...plan, action: 'reissue', at: earlyAt, isEarly }
  return { ...plan, at: Math.min(Math.max(suggestedAt, opensAt), plan.hardFrom) }
}

/** Without what the CA suggests. @returns with the moment from which the action is allowed */
function planOwn(
  facts: RenewalFacts,
  jitter: number,
  now: number,
  policy: RenewalPolicy,
): (ManagedPlan & { readonly opensAt: number }) | null {
  const { issuance } = facts
  const renewal = decideRenewal(facts, now, policy)
  if (issuance === null || isApplying(facts)) return null
  const opensAt = renewal.reissueOpensAt ?? renewal.opensAt
  if (opensAt === null) return null
  const hardFrom = issuance.notAfter - Math.floor((issuance.notAfter - opensAt) / 3)
  const plan = (action: ManagedPlan['action'], from: number) => {
    const at = from + Math.floor((jitter * Math.max(0, hardFrom - from)) / 2)
    const isAllowed = decideRenewal(facts, Math.max(at, now), policy).action === action
    return isAllowed ? { action, at, hardFrom, isEarly: false, opensAt: from } : null
  }
  const isRenewable = renewal.reasons.every(({ code }) => TOO_EARLY.includes(code))
  if (isRenewable && renewal.opensAt !== null && renewal.opensAt <= hardFrom) return plan('renew', renewal.opensAt)
  return renewal.reissueOpensAt === null ? null : plan('reissue', renewal.reissueOpensAt)
}

function isApplying({ application }: RenewalFacts): boolean {
  return application !== null && (application.state === 'pendingValidation' || application.state === 'inReview')
}

/** Whether a managed certificate may spend that much by itself: asked before it is told in advance, and when it acts. */
export function isWithinLimit(limit: Money, price: Money): boolean {
  return price.currency === limit.currency && price.amountMinor <= limit.amountMinor
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
  /** The period paid for goes on beyond the certificate: what is not renewed is still reissued. */
  readonly isReissued: boolean
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
  ['brandUnsupported', ({ renewal, isReissued }) => renewal.brandSupportsRenewal === false && !isReissued],
  ['csrOfYours', ({ hasForeignKey }) => hasForeignKey],
  ['dnsByHand', ({ lastForm }) => lastForm?.validationMethod === 'dnsManual'],
]

/** Everything that keeps a certificate from renewing and reissuing by itself; empty when it can be managed. */
export function findManageObstacles(facts: ManageableFacts): readonly ManageObstacle[] {
  return OBSTACLES.filter(([, applies]) => applies(facts)).map(([obstacle]) => obstacle)
}
