/**
 * What stands between a certificate and the root, of what was sent or kept with it: by signature, whatever else is there.
 *
 * @module
 */
import { hash, X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { isIssuedByDer } from '@evercert/pki/revocation'

/** Real chains have one or two. */
const MAX_FOLLOWED = 4

export interface Intermediate {
  /** Lower-case hex. */
  readonly sha256: string
  readonly der: Uint8Array
  /** Of the one that signed it, as far as that is known here. */
  readonly issuer: Uint8Array | null
  /** Epoch milliseconds. */
  readonly notAfter: number
}

/**
 * Nearest first. Ends below a root: one that signed itself, or that clients trust by its key. A root that is cross-signed needs nobody's word.
 *
 * @param chain DER, leaf first; the others in any order
 */
export function intermediatesOf([leaf, ...others]: readonly Uint8Array[]): readonly Intermediate[] {
  const found: Intermediate[] = []
  const left = [...others]
  for (let below = leaf; below !== undefined && found.length < MAX_FOLLOWED;) {
    const child = below
    const at = left.findIndex((one) => isIssuedByDer(child, one))
    const [der] = at < 0 ? [] : left.splice(at, 1)
    if (der === undefined) break
    const certificate = new X509Certificate(der)
    if (certificate.subject === certificate.issuer || isTrustedRoot(certificate)) break
    const issuer = left.find((one) => isIssuedByDer(der, one)) ?? findRoot(certificate, der)
    found.push({ sha256: hash('sha256', der), der, issuer, notAfter: certificate.validToDate.getTime() })
    below = der
  }
  return found
}

let roots: ReadonlyMap<string, readonly X509Certificate[]> | null = null

/** Those that this machine trusts, by subject; read when they are first needed. */
function rootsNamed(subject: string): readonly X509Certificate[] {
  roots ??= Map.groupBy(
    [...new Set([...getCACertificates('default'), ...getCACertificates('system')])].map((pem) => new X509Certificate(pem)),
    (root) => root.subject,
  )
  return roots.get(subject) ?? []
}

function isTrustedRoot({ subject, publicKey }: X509Certificate): boolean {
  return rootsNamed(subject).some((root) => root.publicKey.equals(publicKey))
}

function findRoot({ issuer }: X509Certificate, der: Uint8Array): Uint8Array | null {
  const root = rootsNamed(issuer).find(({ raw }) => isIssuedByDer(der, raw))
  return root === undefined ? null : new Uint8Array(root.raw)
}
