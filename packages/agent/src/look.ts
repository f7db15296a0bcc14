/**
 * What a site of this host serves: one handshake, and no judgement of trust. The service judges, from where clients are.
 *
 * @module
 */
import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { createTurns } from '@evercert/pair-files/turns'

export interface Look {
  /** SHA-256 of the leaf that is served, lower-case hex; null when nobody answers. */
  readonly sha256: string | null
  readonly said: string
}

interface Seen extends Look {
  readonly kind: Kind | null
}

const TIMEOUT_MS = 4_000

/** One for all: each takes memory of OpenSSL's, which is given back late. Without roots, which nobody asks and which take more than all else. */
let shared: SecureContext | null = null

const inTurn = createTurns(2)

type Kind = 'rsa' | 'ecdsa'

/** Made when it is first needed: where a server has a certificate for each kind of key, or one of another kind than is installed. */
const limited: { rsa?: SecureContext; ecdsa?: SecureContext } = {}

const SIGNATURES: Readonly<Record<Kind, string>> = {
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512',
  ecdsa: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512',
}

interface Place {
  readonly address: string
  readonly port: number
  readonly serverName: string
}

/**
 * Never rejects. Of a server that has a certificate for each kind of key the one with this kind is told.
 *
 * @param kind null: whichever is served
 */
export function lookAt(site: Place, kind: Kind | null = null): Promise<Look> {
  return inTurn(async () => {
    const first = await handshake(site, (shared ??= createSecureContext({ ca: [] })))
    if (kind === null || first.kind === null || first.kind === kind) return first
    const own = await handshake(site, (limited[kind] ??= createSecureContext({ ca: [], sigalgs: SIGNATURES[kind] })))
    return own.kind === kind ? own : first
  })
}

/** Of a leaf's key; null: neither. @param chainPem leaf first */
export function kindOf(chainPem: string): Kind | null {
  const type = new X509Certificate(chainPem).publicKey.asymmetricKeyType
  return type === 'ec' ? 'ecdsa' : type === 'rsa' ? 'rsa' : null
}

function handshake(site: Place, secureContext: SecureContext): Promise<Seen> {
  const { address, port, serverName } = site
  const where = `${address}:${port} (${serverName})`
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      secureContext,
      rejectUnauthorized: false, // the certificate is looked at, and nothing is sent
      ...(isIP(serverName) === 0 && { servername: serverName }),
    })
    const end = (look: Seen): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(look)
    }
    const timer = setTimeout(() => end({ sha256: null, kind: null, said: `${where} does not answer (timeout)` }), TIMEOUT_MS)
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ sha256: null, kind: null, said: `${where} does not answer (${error.code ?? error.message})` }),
    )
    socket.once('secureConnect', () => {
      const { raw, asn1Curve, modulus } = socket.getPeerCertificate()
      const sha256 = createHash('sha256').update(raw).digest('hex')
      end({
        sha256,
        kind: asn1Curve !== undefined ? 'ecdsa' : modulus === undefined ? null : 'rsa',
        said: `${where} serves certificate ${sha256.slice(0, 16)}…`,
      })
    })
  })
}
