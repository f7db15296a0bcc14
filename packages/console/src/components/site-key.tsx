/**
 * The kind of key of an endpoint's certificate: a site may have two certificates, one for each.
 *
 * @module
 */
import type { EndpointView } from '@evercert/contract'

/** The same in every language. */
const NAMES = { rsa: 'RSA', ecdsa: 'ECDSA' } as const

/** As it stands behind a name; empty when it is neither. */
export function siteKeyName(keyKind: EndpointView['keyKind']): string {
  return keyKind === null ? '' : NAMES[keyKind]
}

export function SiteKey({ keyKind }: Pick<EndpointView, 'keyKind'>) {
  return keyKind === null ? null : <span className="muted"> {NAMES[keyKind]}</span>
}
