/**
 * Any name server that takes dynamic updates: BIND, Knot, PowerDNS, Windows DNS. RFC 2136 over TCP, signed by TSIG (RFC 8945).
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import dnsPacket from 'dns-packet'
import { z } from 'zod'
import { AppError } from '../../../domain/errors.ts'
import { dnsAdapter, type DnsProvider, type TxtRecord } from '../../../ports/dns.ts'
import type { AdapterKit } from '../../../ports/kit.ts'
import { destination, secret } from '../../kit/secret.ts'
import { exchange } from './exchange.ts'
import { CLASS, OPCODE, TYPE, writeMessage, writeText, type MessageWish, type RecordWish } from './message.ts'
import { signMessage, TSIG_ERROR, verifyReply, type TsigKey, type TsigVerdict } from './tsig.ts'

const rfc2136Config = z.object({
  server: destination(z.string().min(1).meta({ description: 'Host name or address of the primary name server' })),
  port: destination(z.int().min(1).max(65_535).default(53)),
  zone: z.string().min(1).optional().meta({ description: 'The zone to update; when left out it is found by its SOA record' }),
  keyName: z.string().min(1).meta({ description: 'Name of the TSIG key, as the server has it' }),
  algorithm: z.enum(['hmac-sha256', 'hmac-sha512']).default('hmac-sha256'),
  secret: secret('Secret of the TSIG key, base64').regex(/^[A-Za-z0-9+/]+={0,2}$/),
})

type Config = z.infer<typeof rfc2136Config>
type Reply = ReturnType<typeof dnsPacket.decode> & { readonly rcode?: string }

interface Talk {
  readonly config: Config
  readonly kit: AdapterKit
  readonly key: TsigKey
  readonly signal: AbortSignal
}

const TIMEOUT_MS = 10_000 // for look-up, finding the zone and the update together

export const rfc2136 = dnsAdapter<Config>({
  kind: 'dns',
  id: 'rfc2136',
  title: 'RFC 2136 (BIND, Knot, PowerDNS)',
  apiDocs: 'RFC 2136, RFC 8945',
  config: rfc2136Config,
  zoneOf: ({ zone }) => zone ?? null,
  create: (config, kit) => createProvider(config, kit),
})

function createProvider(config: Config, kit: AdapterKit): DnsProvider {
  const key: TsigKey = { name: config.keyName, algorithm: config.algorithm, secret: Buffer.from(config.secret, 'base64') }
  return {
    present: (record, signal) => within(config, signal, (limit) => present({ config, kit, key, signal: limit }, record)),
    remove: (record, signal) => within(config, signal, (limit) => remove({ config, kit, key, signal: limit }, record)),
  }
}

/** Adding a record that is there changes nothing but its TTL (RFC 2136 §3.4.2.2), so that presenting twice leaves one. */
async function present(talk: Talk, { name, value, ttlSeconds }: TxtRecord): Promise<void> {
  // Where the name is an alias the server would drop the record and say that all is well (RFC 2136 §3.4.2.2).
  const noAlias: RecordWish = { name, type: TYPE.cname, class: CLASS.none, ttlSeconds: 0, data: Buffer.alloc(0) }
  const record: RecordWish = { name, type: TYPE.txt, class: CLASS.in, ttlSeconds, data: writeText(value) }
  await update(talk, name, { prerequisites: [noAlias], updates: [record] })
}

/** Removes by value, whatever its TTL (RFC 2136 §2.5.4). */
async function remove(talk: Talk, { name, value }: Pick<TxtRecord, 'name' | 'value'>): Promise<void> {
  await update(talk, name, { updates: [{ name, type: TYPE.txt, class: CLASS.none, ttlSeconds: 0, data: writeText(value) }] })
}

async function update(talk: Talk, name: string, change: Pick<MessageWish, 'prerequisites' | 'updates'>): Promise<void> {
  const zone = talk.config.zone ?? (await findZone(talk, name))
  if (!isWithin(name, zone)) {
    throw new AppError(
      'misconfigured',
      `Updating ${name}: it is not in the zone ${zone}: correct the zone of this DNS connection`,
    )
  }
  const reply = await ask(talk, name, { opcode: OPCODE.update, question: { name: zone, type: TYPE.soa }, ...change })
  if (reply.rcode !== 'NOERROR') throw refusal(talk, name, reply.rcode)
}

/** The zone that holds the name: the owner of the SOA record in the answer, or beside a negative one (RFC 2308 §3). */
async function findZone(talk: Talk, name: string): Promise<string> {
  const reply = await ask(talk, name, { opcode: OPCODE.query, question: { name, type: TYPE.soa } })
  const records = [...(reply.answers ?? []), ...(reply.authorities ?? [])]
  const soa = records.find((record) => record.type === 'SOA' && isWithin(name, record.name))
  if (soa) return soa.name
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') throw refusal(talk, name, reply.rcode)
  const detail = `Updating ${name}: ${talk.config.server} names no zone for it: set the zone of this DNS connection`
  throw new AppError('misconfigured', detail)
}

async function ask(talk: Talk, name: string, wish: Omit<MessageWish, 'id'>): Promise<Reply> {
  const { config, kit, key, signal } = talk
  const request = signMessage(writeMessage({ id: randomInt(0x1_0000), ...wish }), key, kit.now())
  const address = await addressOf(talk)
  const raw = await exchange({ address, port: config.port }, request.message, signal)
  const verdict = verifyReply(raw, request, key, kit.now())
  const reply: Reply = dnsPacket.decode(raw)
  ensureTrusted(talk, name, verdict, reply.rcode)
  return reply
}

/** The address is looked up once and is the one that is dialled: an account must not reach the operator's own network this way. */
async function addressOf({ config, kit }: Talk): Promise<string> {
  const [address] = isIP(config.server) === 0 ? await kit.resolver.resolveAddresses(config.server) : [config.server]
  if (address !== undefined) {
    const refusal = kit.guardAddress(address)
    if (refusal === null) return address
    throw new AppError(
      'addressForbidden',
      `Updating DNS: ${config.server} has the address ${address}, which is ${refusal}: allow it with EVERCERT_ALLOW_ADDRESSES`,
    )
  }
  throw new AppError(
    'misconfigured',
    `Updating DNS: the server ${config.server} has no address: correct the server of this DNS connection`,
  )
}

/** A server that does not accept our signature says so unsigned; nothing else may be believed without one. */
function ensureTrusted({ config }: Talk, name: string, verdict: TsigVerdict, rcode: string | undefined): void {
  if (verdict.state === 'verified' && verdict.error === 0) return
  const what = `Updating ${name} at ${config.server}`
  const error = verdict.state === 'forged' ? 0 : verdict.error
  if (error === TSIG_ERROR.badTime) {
    throw new AppError('misconfigured', `${what}: the server's clock and ours differ too much (BADTIME): set both by NTP`)
  }
  if (error !== 0) {
    const word = error === TSIG_ERROR.badKey ? 'BADKEY' : error === TSIG_ERROR.badSignature ? 'BADSIG' : `TSIG error ${error}`
    const advice = `check name, algorithm and secret of the TSIG key ${config.keyName}`
    throw new AppError('credentialsRejected', `${what}: the server does not accept the key (${word}): ${advice}`)
  }
  if (verdict.state === 'unsigned' && (rcode === 'REFUSED' || rcode === 'NOTAUTH')) throw refused(what, config, rcode)
  throw new AppError(
    'upstreamUnavailable',
    `${what}: the reply is not signed by the key ${config.keyName}: check that this is the right server`,
  )
}

function refusal({ config }: Talk, name: string, rcode = 'no code'): AppError {
  const what = `Updating ${name} at ${config.server}`
  if (rcode === 'REFUSED') return refused(what, config, rcode)
  if (rcode === 'YXRRSET')
    return new AppError(
      'misconfigured',
      `${what}: the name is an alias (CNAME): remove it, or point the connection at its target`,
    )
  if (rcode === 'SERVFAIL') return new AppError('upstreamUnavailable', `${what}: the server failed (SERVFAIL): see its log`)
  return new AppError(
    'misconfigured',
    `${what}: the server answers ${rcode}: check that it is the primary of the zone and takes updates`,
  )
}

function refused(what: string, { keyName }: Config, rcode: string): AppError {
  return new AppError(
    'credentialsRejected',
    `${what}: the key ${keyName} may not do that (${rcode}): grant it TXT records of the name`,
  )
}

/** One time-out over everything; what is not ours already is an outage. */
async function within<Value>(
  config: Config,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    return await work(signal ? AbortSignal.any([signal, timeout]) : timeout)
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    if (cause instanceof AppError) throw cause
    const what = timeout.aborted
      ? `no answer within ${TIMEOUT_MS / 1000} s`
      : cause instanceof Error
        ? cause.message
        : 'unknown error'
    const detail = `Updating DNS at ${config.server} port ${config.port}: ${what}: check that the server is up and takes TCP`
    throw new AppError('upstreamUnavailable', detail, { cause })
  }
}

function isWithin(name: string, zone: string): boolean {
  const [inner, outer] = [name, zone].map((each) => `.${each.toLowerCase().replace(/\.$/, '')}`)
  return outer === '.' || inner!.endsWith(outer!)
}
