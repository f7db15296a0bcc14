/**
 * Free ports on loopback.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'

/** Below Linux's ephemeral range (32768), so that no outgoing connection takes the port between this look and the server's start. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000
const TRIES = 100
const given = new Set<number>()

/** A port that is free for TCP and UDP on the address and was not given out by this process before. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (given.has(port) || !(await isFree(port, address))) continue
    given.add(port)
    return port
  }
  throw new Error(
    `no free port between ${FIRST_PORT} and ${LAST_PORT} on ${address} in ${TRIES} tries: end servers that are left over`,
  )
}

/** Whether somebody listens there. */
export function accepts(port: number, address = '127.0.0.1'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, address, () => resolve(true))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

async function isFree(port: number, address: string): Promise<boolean> {
  return (await canListen(port, address)) && (await canBind(port, address))
}

function canListen(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, address, () => server.close(() => resolve(true)))
  })
}

function canBind(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, address, () => socket.close(() => resolve(true)))
  })
}
