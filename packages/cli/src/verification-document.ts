/**
 * What `--json` prints of a verified host.
 *
 * @module
 */
import type { AddressVerification, HostVerification } from '@evercert/pki/probe'

/** The document of one host. */
export function toDocument({ host, port, serverName, protocol, ok, unresolved, addresses }: HostVerification) {
  return { host, port, serverName, protocol, ok, unresolved, addresses: addresses.map((address) => toAddressDocument(address)) }
}

function toAddressDocument({ address, verdict, cause, remedy, observation, other }: AddressVerification) {
  if (!observation.reachable) {
    const { failure: reason, detail } = observation
    return { address, verdict, cause, remedy, sha256: null, notBefore: null, notAfter: null, chain: [], failure: reason, detail }
  }
  const [leaf] = observation.chain
  return {
    address,
    verdict,
    cause,
    remedy,
    sha256: leaf.sha256,
    notBefore: new Date(leaf.notBefore).toISOString(),
    notAfter: new Date(leaf.notAfter).toISOString(),
    names: leaf.names,
    trusted: observation.trusted,
    trustError: observation.trustError,
    tlsVersion: observation.tlsVersion,
    keyKind: leaf.keyKind,
    chain: observation.chain.map(({ sha256, subject, issuer }) => ({ sha256, subject, issuer })),
    other: other === null ? null : toOtherDocument(other),
  }
}

/** The certificate that the address has besides, for the other kind of key. */
function toOtherDocument({ verdict, cause, remedy, observation }: NonNullable<AddressVerification['other']>) {
  const [leaf] = observation.chain
  const { keyKind, sha256, names } = leaf
  const [notBefore, notAfter] = [new Date(leaf.notBefore).toISOString(), new Date(leaf.notAfter).toISOString()]
  return { keyKind, verdict, cause, remedy, sha256, notBefore, notAfter, names }
}
