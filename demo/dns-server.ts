/**
 * A small DNS server that is authoritative for the demo's one site. UDP on loopback; A, AAAA and nothing else.
 *
 * @module
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { AUTHORITATIVE_ANSWER, decode, encode, type Answer, type Packet, type Question } from 'dns-packet'

export interface DnsServer {
  /** `127.0.0.1:port`, as a resolver is configured. */
  readonly server: string
  stop(): Promise<void>
}

const TTL_SECONDS = 5
const NO_SUCH_NAME = 3 // RFC 1035 §4.1.1

/** Answers for `name` and the names above it (which exist, and hold nothing); everything else does not exist. */
export async function startDnsServer(name: string, addresses: readonly string[]): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.on('message', (message, peer) => {
    const answer = answerTo(message, name, addresses)
    if (answer !== null) socket.send(answer, peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    stop: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function answerTo(message: Buffer, name: string, addresses: readonly string[]): Buffer | null {
  const query = tryDecode(message)
  const [question] = query?.questions ?? []
  if (query === null || question === undefined) return null
  const asked = question.name.toLowerCase()
  const exists = asked === name || name.endsWith(`.${asked}`)
  return encode({
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: AUTHORITATIVE_ANSWER | (exists ? 0 : NO_SUCH_NAME),
    questions: [question],
    answers: asked === name ? recordsFor(question, addresses) : [],
  })
}

function recordsFor(question: Question, addresses: readonly string[]): Answer[] {
  const { type, name } = question
  if (type !== 'A' && type !== 'AAAA') return []
  return addresses.filter((data) => isIPv6(data) === (type === 'AAAA')).map((data) => ({ type, name, ttl: TTL_SECONDS, data }))
}

function tryDecode(message: Buffer): Packet | null {
  try {
    return decode(message)
  } catch {
    return null // not DNS: nothing to answer
  }
}
