/**
 * A DNS server for tests: answers A, AAAA, TXT, NS and CNAME over UDP from what the test put in, and records what it was asked.
 *
 * @module
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import dnsPacket from 'dns-packet'

type RecordKind = 'A' | 'AAAA' | 'TXT' | 'NS' | 'CNAME'

export interface DnsServer {
  /** `address:port`, as resolvers take it. */
  readonly address: string
  readonly port: number
  /** What was asked, oldest first. */
  readonly queries: readonly { readonly name: string; readonly type: string }[]
  add(name: string, kind: RecordKind, value: string): void
  /** Without a value, all of the kind. */
  remove(name: string, kind: RecordKind, value?: string): void
  /** Every query for the name (of one kind, if that is given) fails with SERVFAIL, or gets no answer at all. */
  fail(name: string, how: 'servfail' | 'silence', kind?: RecordKind): void
  close(): Promise<void>
}

const AUTHORITATIVE = dnsPacket.AUTHORITATIVE_ANSWER
const SERVFAIL = 2
const NXDOMAIN = 3
const LONGEST_STRING = 255 // of a TXT record, RFC 1035 §3.3

export interface DnsServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default: a free one. */
  readonly port?: number
}

/** Names are compared without case and final dot. */
export async function startDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const { host = '127.0.0.1' } = options
  const zone = new Map<string, Map<RecordKind, string[]>>()
  const failures = new Map<string, 'servfail' | 'silence'>()
  const queries: { name: string; type: string }[] = []
  const socket = createSocket('udp4')

  socket.on('message', (message, from) => {
    const query = dnsPacket.decode(message)
    const question = query.questions?.[0]
    if (!question) return
    queries.push({ name: question.name, type: question.type })
    const failure = failures.get(key(question.name)) ?? failures.get(`${key(question.name)} ${question.type}`)
    if (failure === 'silence') return
    const records = zone.get(key(question.name))
    // An alias has nothing else (RFC 1034 §3.6.2); who asks goes on with the name that it stands for.
    const type = (records?.get('CNAME')?.length ?? 0) > 0 ? 'CNAME' : (question.type as RecordKind)
    const values = records?.get(type) ?? []
    const code = failure === 'servfail' ? SERVFAIL : records ? 0 : NXDOMAIN
    const answer = dnsPacket.encode({
      type: 'response',
      id: query.id ?? 0,
      flags: AUTHORITATIVE | code,
      questions: [question],
      answers: values.map((value) => toAnswer(question.name, type, value)),
    })
    socket.send(answer, from.port, from.address)
  })
  socket.bind(options.port ?? 0, host)
  await once(socket, 'listening')
  const { port } = socket.address()

  return {
    address: `${host}:${port}`,
    port,
    queries,
    add(name, kind, value) {
      const records = zone.get(key(name)) ?? new Map<RecordKind, string[]>()
      records.set(kind, [...(records.get(kind) ?? []), value])
      zone.set(key(name), records)
    },
    remove(name, kind, value) {
      const records = zone.get(key(name))
      const left = value === undefined ? [] : (records?.get(kind) ?? []).filter((each) => each !== value)
      records?.set(kind, left)
    },
    fail: (name, how, kind) => void failures.set(kind === undefined ? key(name) : `${key(name)} ${kind}`, how),
    async close() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function key(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}

function toAnswer(name: string, type: RecordKind, value: string): dnsPacket.Answer {
  const ttl = 300 // long, so that a client that caches is found out
  if (type !== 'TXT') return { name, type, ttl, data: value }
  return { name, type, ttl, data: value.match(new RegExp(`.{1,${LONGEST_STRING}}`, 'gs')) ?? [''] }
}
