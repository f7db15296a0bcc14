/**
 * What a site of this host serves: one handshake, and no judgement of trust. The service judges, from where clients are.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, createSecureContext, type SecureContext } from 'node:tls'
import { createTurns } from '@evercert/pair-files/turns'

export interface Look {
  /** SHA-256 of the leaf that is served, lower-case hex; null when nobody answers. */
  readonly sha256: string | null
  readonly said: string
}

const TIMEOUT_MS = 4_000

/** One for all: each takes memory of OpenSSL's, which is given back late. Without roots, which nobody asks and which take more than all else. */
let shared: SecureContext | null = null

const inTurn = createTurns(2)

/** Never rejects. */
export function lookAt(site: { readonly address: string; readonly port: number; readonly serverName: string }): Promise<Look> {
  return inTurn(() => handshake(site))
}

function handshake(site: { readonly address: string; readonly port: number; readonly serverName: string }): Promise<Look> {
  const { address, port, serverName } = site
  const where = `${address}:${port} (${serverName})`
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      secureContext: (shared ??= createSecureContext({ ca: [] })),
      rejectUnauthorized: false, // the certificate is looked at, and nothing is sent
      ...(isIP(serverName) === 0 && { servername: serverName }),
    })
    const end = (look: Look): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(look)
    }
    const timer = setTimeout(() => end({ sha256: null, said: `${where} does not answer (timeout)` }), TIMEOUT_MS)
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ sha256: null, said: `${where} does not answer (${error.code ?? error.message})` }),
    )
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate()
      const sha256 = createHash('sha256').update(raw).digest('hex')
      end({ sha256, said: `${where} serves certificate ${sha256.slice(0, 16)}…` })
    })
  })
}
