/**
 * From a TCP connection to the moment at which TLS begins, for protocols that begin in the clear.
 *
 * @module
 */
import { connect, type Socket } from 'node:net'
import { openDialogue, type Dialogue } from './dialogue.ts'
import { ftp } from './ftp.ts'
import { imap } from './imap.ts'
import { ldap } from './ldap.ts'
import { mysql } from './mysql.ts'
import { pop3 } from './pop3.ts'
import { postgresql } from './postgresql.ts'
import { smtp } from './smtp.ts'
import { xmpp } from './xmpp.ts'

export { PreludeRefused } from './dialogue.ts'

type Prelude = (dialogue: Dialogue, site: { readonly serverName: string; readonly port: number }) => Promise<void>

const PRELUDES = { smtp, imap, pop3, ldap, ftp, postgresql, mysql, xmpp } satisfies Record<string, Prelude>

/** `tls` speaks TLS from the first byte; the others begin in the clear and change over (STARTTLS). */
export const ENDPOINT_PROTOCOLS = ['tls', 'smtp', 'imap', 'pop3', 'ldap', 'ftp', 'postgresql', 'mysql', 'xmpp'] as const
export type EndpointProtocol = (typeof ENDPOINT_PROTOCOLS)[number]

/** Where each protocol is spoken when no port is said (IANA). */
export const DEFAULT_PORTS: Readonly<Record<EndpointProtocol, number>> = {
  tls: 443,
  smtp: 25,
  imap: 143,
  pop3: 110,
  ldap: 389,
  ftp: 21,
  postgresql: 5432,
  mysql: 3306,
  xmpp: 5222,
}

export interface PreludeRequest {
  readonly address: string
  readonly port: number
  readonly serverName: string
  readonly protocol: Exclude<EndpointProtocol, 'tls'>
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/**
 * Connects and speaks up to the point where the server waits for the client's first TLS message.
 *
 * @returns the socket, paused, with nothing read beyond. Rejects with `PreludeRefused`, or an error with a system's code; then it is closed.
 */
export async function beginTls(request: PreludeRequest): Promise<Socket> {
  const socket = connect({ host: request.address, port: request.port })
  const stop = (code: string) => () => socket.destroy(Object.assign(new Error(code), { code }))
  const timer = setTimeout(stop('ETIMEDOUT'), request.timeoutMs)
  const cancel = stop('ABORT_ERR')
  request.signal?.addEventListener('abort', cancel, { once: true })
  socket.on('error', () => {}) // told through the dialogue
  try {
    await connected(socket)
    const dialogue = openDialogue(socket)
    await PRELUDES[request.protocol](dialogue, request)
    dialogue.release()
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', cancel)
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
}
