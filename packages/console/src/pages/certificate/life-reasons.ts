/**
 * Why something cannot be done with a certificate now, as far as its view tells (docs/lifecycle.md). The service judges all the same: what
 * depends on days and on use is refused there, with what is possible instead.
 *
 * @module
 */
import type { CertificateView, Scope } from '@evercert/contract'

export const LIFE_ACTIONS = ['rename', 'manage', 'reissue', 'cancel', 'refund', 'revoke', 'remove'] as const
export type LifeAction = (typeof LIFE_ACTIONS)[number]

/** A key of the texts of reasons. */
export type LifeReason =
  | 'certificatesScope'
  | 'ordersScope'
  | 'ended'
  | 'uploaded'
  | 'notIssued'
  | 'expired'
  | 'alreadyIssued'
  | 'needsRevocation'
  | 'managed'
  | 'revoking'
  | 'revoked'
  | 'stillValid'
  | 'cancelInstead'
  | 'renewed'

type Facts = Pick<CertificateView, 'status' | 'origin' | 'managed' | 'renewedByCertificateId'>

const SCOPES: Readonly<Record<LifeAction, Scope>> = {
  rename: 'certificates:write',
  manage: 'orders:write',
  reissue: 'certificates:write',
  cancel: 'orders:write',
  refund: 'orders:write',
  revoke: 'certificates:write',
  remove: 'certificates:write',
}
const UNISSUED: readonly string[] = ['pendingApplication', 'pendingValidation', 'inReview', 'reviewFailed']
const DELETABLE: readonly string[] = ['expired', 'revoked', 'reviewFailed']
const CLOSED: readonly string[] = ['cancelled', 'refunded', 'closed']

/** @returns null when nothing that is known here speaks against it */
export function lifeReason(action: LifeAction, facts: Facts, scopes: readonly Scope[]): LifeReason | null {
  const scope = action === 'remove' && facts.status === 'reviewFailed' ? 'orders:write' : SCOPES[action] // it ends its order
  if (!scopes.includes(scope)) return scope === 'orders:write' ? 'ordersScope' : 'certificatesScope'
  if (CLOSED.includes(facts.status)) return 'ended'
  return JUDGES[action](facts)
}

const isUnissued = ({ status }: Facts): boolean => UNISSUED.includes(status)

const JUDGES: Readonly<Record<LifeAction, (facts: Facts) => LifeReason | null>> = {
  rename: () => null,
  manage: (facts) => {
    if (facts.managed) return null // it can be stopped always
    if (facts.origin === 'uploaded') return 'uploaded'
    if (facts.renewedByCertificateId !== null) return 'renewed'
    return isUnissued(facts) ? 'notIssued' : whyNotValid(facts)
  },
  reissue: (facts) => {
    if (facts.origin === 'uploaded') return 'uploaded'
    if (isUnissued(facts)) return 'notIssued'
    if (facts.renewedByCertificateId !== null) return 'renewed'
    return facts.status === 'expired' ? null : whyNotValid(facts) // what is paid for is not lost by expiry
  },
  cancel: (facts) => (facts.origin === 'uploaded' ? 'uploaded' : isUnissued(facts) ? null : 'alreadyIssued'),
  refund: (facts) => {
    if (facts.origin === 'uploaded') return 'uploaded'
    return isUnissued(facts) || facts.status === 'revoked' ? null : (whyNotValid(facts) ?? 'needsRevocation')
  },
  revoke: (facts) => {
    if (facts.origin === 'uploaded') return 'uploaded'
    if (isUnissued(facts)) return 'cancelInstead'
    return whyNotValid(facts) ?? (facts.managed ? 'managed' : null)
  },
  remove: (facts) => {
    if (facts.origin === 'uploaded' || DELETABLE.includes(facts.status)) return null
    if (isUnissued(facts)) return 'cancelInstead'
    return facts.status === 'revocationPending' ? 'revoking' : 'stillValid'
  },
}

function whyNotValid({ status }: Facts): LifeReason | null {
  if (status === 'expired') return 'expired'
  if (status === 'revoked') return 'revoked'
  return status === 'revocationPending' ? 'revoking' : null
}
