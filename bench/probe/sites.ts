/**
 * A process of its own that serves many certificates on every loopback address: which one is chosen by server name. Prints its port.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createSecureContext, createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'

interface Pair {
  readonly name: string
  readonly chainPem: string
  readonly privateKeyPem: string
}

const pairs = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly Pair[]
const contexts = new Map(
  pairs.map(({ name, chainPem, privateKeyPem }) => [name, createSecureContext({ cert: chainPem, key: privateKeyPem })]),
)
const server = createServer({ SNICallback: (name, answer) => answer(null, contexts.get(name)) }, (socket) => {
  socket.on('error', () => {})
  socket.resume()
})
server.on('tlsClientError', () => {})
server.listen({ port: 0, host: '0.0.0.0', backlog: 1024 }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
