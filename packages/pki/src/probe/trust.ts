/**
 * TLS contexts with the trusted roots in them. Building one parses some hundred certificates, so each root set is built once and kept.
 *
 * @module
 */
import { hash, X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

export interface TrustContexts {
  /** TLS 1.2 and later, and OpenSSL's usual demands on keys and signatures. */
  readonly modern: SecureContext
  /** TLS 1.0 and later, with any key: only to see what an outdated server serves. Built when first asked for. */
  readonly legacy: () => SecureContext
  /** Like `modern`, but of the server's certificates only one with this kind of key will do. Built when first asked for. */
  readonly only: (kind: 'rsa' | 'ecdsa') => SecureContext
}

/** Root sets kept at the same time. An installation has a handful of private CAs; a set takes about 1 MB. */
const MAX_KEPT = 32

const SIGNATURES = {
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512',
  ecdsa: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512',
} as const

// Without the post-quantum group: its key costs a quarter of a handshake (0.35 ms), and makes the first message two packets, which some
// middleboxes drop. A server that insists on it refuses, and the second handshake, with every group, reaches it.
const CLASSIC_GROUPS = 'X25519:P-256:P-384:P-521'

const NO_ROOTS: readonly string[] = []
const byIdentity = new WeakMap<readonly string[], TrustContexts>()
const byDigest = new Map<string, TrustContexts>()
let machineRoots: readonly string[] | null = null

/**
 * The contexts that trust Node's roots, the operating system's, and the extra ones.
 *
 * Handing in the same array again costs nothing, so keep one array for each root set and do not change it.
 * @param extraRootsPem PEM, one or more certificates in each string
 * @throws Error when a string does not begin with a certificate in PEM
 */
export function trustContextsFor(extraRootsPem: readonly string[] = NO_ROOTS): TrustContexts {
  const known = byIdentity.get(extraRootsPem)
  if (known !== undefined) return known
  const digest = hash('sha256', extraRootsPem.join('\n'))
  const contexts = byDigest.get(digest) ?? createContexts(extraRootsPem)
  keepNewest(digest, contexts)
  byIdentity.set(extraRootsPem, contexts)
  return contexts
}

function createContexts(extraRootsPem: readonly string[]): TrustContexts {
  machineRoots ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]
  // As a CA, OpenSSL skips in silence what it cannot read.
  for (const pem of extraRootsPem) void new X509Certificate(pem)
  const ca = [...machineRoots, ...extraRootsPem]
  const modern = createSecureContext({ ca, minVersion: 'TLSv1.2', ecdhCurve: CLASSIC_GROUPS })
  let legacy: SecureContext | null = null
  const limited: { rsa?: SecureContext; ecdsa?: SecureContext } = {}
  return {
    modern,
    legacy: () => (legacy ??= createSecureContext({ ca, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })),
    only: (kind) =>
      (limited[kind] ??= createSecureContext({
        ca,
        minVersion: 'TLSv1.2',
        ecdhCurve: CLASSIC_GROUPS,
        sigalgs: SIGNATURES[kind],
      })),
  }
}

function keepNewest(digest: string, contexts: TrustContexts): void {
  byDigest.delete(digest)
  byDigest.set(digest, contexts)
  const [oldest] = byDigest.keys()
  if (byDigest.size > MAX_KEPT && oldest !== undefined) byDigest.delete(oldest)
}
