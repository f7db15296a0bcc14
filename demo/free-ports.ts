/**
 * Free unprivileged ports of the loopback interface.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'

/** `127.0.0.1`, and `::1` where the machine has it. */
export function loopbackAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.some(({ address }) => address === '::1') ? ['127.0.0.1', '::1'] : ['127.0.0.1']
}

const ATTEMPTS = 20

/** A port that is free on each of the addresses. Somebody may take it before it is used; nothing can be done about that from here. */
export async function findFreePort(addresses: readonly string[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await bind(addresses[0] ?? '127.0.0.1', 0)
    const others = await Promise.all(addresses.slice(1).map((address) => bind(address, port ?? 0)))
    if (port !== null && others.every((other) => other !== null)) return port
  }
  throw new Error(`No port is free on all of ${addresses.join(', ')}.`)
}

async function bind(address: string, port: number): Promise<number | null> {
  const server = createServer()
  try {
    server.listen({ host: address, port, exclusive: true })
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch {
    return null // taken: the caller tries another one
  } finally {
    server.close()
  }
}
