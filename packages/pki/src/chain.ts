/**
 * Certificate chains: put in order, and checked signature by signature. Trust in the root is not decided here.
 *
 * @module
 */
import type { CertificateFacts } from './certificate.ts'
import { x509Of } from './x509.ts'

export interface ChainVerdict {
  /** Leaf first, each signed by the next, and nothing missing before the root (which servers leave out). */
  readonly complete: boolean
  /** What is wrong, one sentence each; empty when complete. */
  readonly problems: readonly string[]
}

export interface OrderedChain {
  /** Leaf first, then each issuer as far as it was given. */
  readonly ordered: readonly CertificateFacts[]
  /** Given, but not part of the leaf's chain. */
  readonly extra: readonly CertificateFacts[]
}

/**
 * Checks a chain as given, leaf first. Without `roots` it may end in any CA certificate, since its root cannot be known; with them it
 * must end in one of them or in a certificate that one of them signed.
 */
export function verifyChain(
  chain: readonly CertificateFacts[],
  options: { readonly roots?: readonly CertificateFacts[] } = {},
): ChainVerdict {
  const [leaf] = chain
  if (!leaf) return { complete: false, problems: ['The chain is empty: send the certificate and its intermediates.'] }
  const { ordered, extra } = orderChain(chain)
  const problems = [
    ...extra.map((certificate) => `"${nameOf(certificate)}" does not belong to the chain: leave it out.`),
    ...(isInOrder(chain, ordered) ? [] : ['The certificates are not in order: put the leaf first and each issuer after it.']),
    ...endProblems(ordered, options.roots),
  ]
  return { complete: problems.length === 0, problems }
}

/** The chain of the leaf out of certificates in any order. The leaf is the first that is not a CA, else the first. */
export function orderChain(certificates: readonly CertificateFacts[]): OrderedChain {
  const leaf =
    certificates.find(({ isCa }) => !isCa) ?? certificates.find((one) => !hasIssued(one, certificates)) ?? certificates[0]
  if (!leaf) return { ordered: [], extra: [] }
  const ordered = [leaf]
  const left = [...certificates]
  left.splice(left.indexOf(leaf), 1)
  for (let current = leaf; !isSelfIssued(current);) {
    const at = left.findIndex((candidate) => isIssuedBy(current, candidate))
    const [issuer] = at < 0 ? [] : left.splice(at, 1)
    if (!issuer) break
    ordered.push(issuer)
    current = issuer
  }
  return { ordered, extra: left }
}

/**
 * What was found of CA certificates, which thousands of chains share. By the very facts that were read from each one's bytes: others have facts of
 * their own, whatever names and identifiers they bear.
 */
const authoritiesIssuedBy = new WeakMap<CertificateFacts, WeakMap<CertificateFacts, boolean>>()

/** Whether `issuer` signed `certificate`: names, key identifiers and the signature itself. */
export function isIssuedBy(certificate: CertificateFacts, issuer: CertificateFacts): boolean {
  if (certificate.issuer !== issuer.subject) return false
  if (!certificate.isCa) return hasSigned(issuer, certificate)
  const known = authoritiesIssuedBy.get(certificate) ?? new WeakMap<CertificateFacts, boolean>()
  authoritiesIssuedBy.set(certificate, known)
  const found = known.get(issuer) ?? hasSigned(issuer, certificate)
  known.set(issuer, found)
  return found
}

function hasSigned(issuer: CertificateFacts, certificate: CertificateFacts): boolean {
  const child = x509Of(certificate)
  const parent = x509Of(issuer)
  return child.checkIssued(parent) && child.verify(parent.publicKey)
}

function endProblems(ordered: readonly CertificateFacts[], roots: readonly CertificateFacts[] | undefined): string[] {
  const last = ordered.at(-1)
  if (!last) return []
  if (roots) {
    const isAnchored = roots.some((root) => root.sha256 === last.sha256 || isIssuedBy(last, root))
    return isAnchored ? [] : [`No known root signed "${nameOf(last)}": add the missing intermediate or the root.`]
  }
  if (isSelfIssued(last) || last.isCa) return []
  return [`The intermediate "${last.issuer}" is missing: add it after the certificate.`]
}

/** Whether the ordered certificates stand in the chain in that order; what stands between them is reported as extra. */
function isInOrder(chain: readonly CertificateFacts[], ordered: readonly CertificateFacts[]): boolean {
  let at = -1
  return ordered.every((one) => (at = chain.indexOf(one, at + 1)) >= 0)
}

function hasIssued(issuer: CertificateFacts, certificates: readonly CertificateFacts[]): boolean {
  return certificates.some((one) => one !== issuer && isIssuedBy(one, issuer))
}

function isSelfIssued(certificate: CertificateFacts): boolean {
  return certificate.issuer === certificate.subject && isIssuedBy(certificate, certificate)
}

function nameOf(certificate: CertificateFacts): string {
  return certificate.commonName ?? certificate.subject
}
