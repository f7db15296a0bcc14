import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { TestLeaf } from '../../../../test/harness/certificates.ts'

export interface Running {
  readonly port: number
  /** Connections that are open now. */
  countOpen(): Promise<number>
  /** Handshakes that the server saw fail. */
  readonly failedHandshakes: readonly string[]
  close(): Promise<void>
}

/** Serves a chain as it is given, whatever is wrong with it. */
export function serveTls(
  certificate: TestLeaf | { chainPem: string; privateKeyPem: string },
  options: TlsOptions = {},
  place: { host?: string; port?: number } = {},
  onHandshake: (socket: Socket) => void = () => {},
  staple?: (certificate: Buffer, issuer: Buffer, done: (error: Error | null, response: Buffer) => void) => void,
): Promise<Running> {
  const server = createTlsServer({ cert: certificate.chainPem, key: certificate.privateKeyPem, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.resume()
    onHandshake(socket)
  })
  if (staple !== undefined) server.on('OCSPRequest', staple)
  const failedHandshakes: string[] = []
  server.on('tlsClientError', (error) => failedHandshakes.push(error.message))
  return listen(server, failedHandshakes, place)
}

/** A TCP server that does with each connection what it is told. */
export function serveTcp(onConnection: (socket: Socket) => void, place: { host?: string; port?: number } = {}): Promise<Running> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  return listen(server, [], place)
}

async function listen(server: Server, failedHandshakes: string[], place: { host?: string; port?: number }): Promise<Running> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(place.port ?? 0, place.host ?? '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port')
  return {
    port: bound.port,
    failedHandshakes,
    countOpen: () => Promise.resolve(sockets.size),
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
