/**
 * A web site whose HTTPS server reads its certificate from files, and reads it again only when it is told to.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { connect, createSecureContext, createServer, type SecureContext } from 'node:tls'

export interface Site {
  readonly address: string
  readonly port: number
  /** The settings of a `localFiles` target. */
  readonly target: {
    readonly certificatePath: string
    readonly keyPath: string
    readonly reloadCommand: readonly string[]
  }
  /** How often it was told to read its files again. */
  reloads(): number
  /** SHA-256 of the leaf that a handshake shows, lower-case hex. */
  servedSha256(serverName: string): Promise<string>
  stop(): Promise<void>
}

export async function startSite(folder: string, address: string): Promise<Site> {
  await mkdir(folder, { recursive: true })
  const [certificatePath, keyPath, reloadLog] = [join(folder, 'site.pem'), join(folder, 'site.key'), join(folder, 'reloads')]
  const reloads = (): number => statSync(reloadLog, { throwIfNoEntry: false })?.size ?? 0
  let loaded: { readonly at: number; readonly context: SecureContext } | null = null
  const context = (): SecureContext => {
    if (loaded?.at !== reloads()) {
      loaded = {
        at: reloads(),
        context: createSecureContext({ cert: readFileSync(certificatePath), key: readFileSync(keyPath) }),
      }
    }
    return loaded.context
  }
  const server = createServer({
    SNICallback: (_name, answer) => {
      try {
        answer(null, context())
      } catch (error) {
        answer(error as Error)
      }
    },
  })
  server.on('tlsClientError', () => {}) // a handshake that ends early is the client's affair
  server.on('secureConnection', (socket) => socket.on('error', () => {}).end())
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    address,
    port,
    target: { certificatePath, keyPath, reloadCommand: ['/bin/sh', '-c', `printf r >> '${reloadLog}'`] },
    reloads,
    servedSha256: (serverName) => shakeHands(address, port, serverName),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  }
}

function shakeHands(host: string, port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername, rejectUnauthorized: false }, () => {
      const certificate = new X509Certificate(socket.getPeerCertificate().raw)
      resolve(certificate.fingerprint256.replaceAll(':', '').toLowerCase())
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
