/**
 * Verifies a host: every address behind it, because a single stale node is enough for visitors to see the old certificate.
 *
 * @module
 */
import { judgePair, type Judgement } from './judge.ts'
import type { Observation, ServedObservation } from './observation.ts'
import { probeAddress, probeOtherKey, probeOwnKey } from './probe.ts'
import { resolveAddresses, type AddressResolver } from './resolve.ts'
import type { EndpointProtocol } from './starttls/index.ts'
import type { Expectation } from './verdict.ts'
import type { Explanation } from './verdict-texts.ts'

export interface VerifyRequest {
  /** A DNS name or an IP literal. */
  readonly host: string
  readonly port: number
  /** Default: the host. */
  readonly serverName?: string
  /** Default `tls`. */
  readonly protocol?: EndpointProtocol
  /** Looks as well for a certificate with the other kind of key (RSA, ECDSA), by a second handshake. Default true; not where only one kind is expected. */
  readonly bothKeys?: boolean
  /** Without it, any healthy certificate will do. */
  readonly expected?: Omit<Expectation, 'serverName'>
  readonly resolver?: AddressResolver
  /** Told of each address as soon as it is judged. */
  readonly onVerdict?: (one: AddressVerification) => void
  /** Handshakes at the same time, at least 1. */
  readonly concurrency: number
  /** For each address. */
  readonly timeoutMs: number
  readonly trustedRootsPem?: readonly string[]
  /** Epoch milliseconds. */
  readonly now: number
  readonly signal?: AbortSignal
}

export interface AddressVerification extends Judgement {
  readonly address: string
  readonly observation: Observation
  /** The certificate that the server has besides, for the other kind of key; null when there is none, or nobody looked. */
  readonly other: (Judgement & { readonly observation: ServedObservation }) | null
}

export interface HostVerification {
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly protocol: EndpointProtocol
  /** In the resolver's order. */
  readonly addresses: readonly AddressVerification[]
  /** Why there is no address to dial; null when there is at least one. */
  readonly unresolved: Explanation | null
  /** There is an address, and each of them is `served`, with every certificate that it has. */
  readonly ok: boolean
}

/** Probes and judges every address of a host. A name that does not resolve is an outcome; rejects only when a trusted root is not PEM. */
export async function verifyHost(request: VerifyRequest): Promise<HostVerification> {
  const { host, port, protocol = 'tls', serverName = unbracket(host) } = request
  const found = await findAddresses(host, request.resolver)
  if ('unresolved' in found) return { host, port, serverName, protocol, addresses: [], unresolved: found.unresolved, ok: false }
  const addresses = await mapConcurrently(found.addresses, request.concurrency, async (address) => {
    const one = await verifyAddress(request, serverName, address)
    request.onVerdict?.(one)
    return one
  })
  return { host, port, serverName, protocol, addresses, unresolved: null, ok: addresses.every(isInOrder) }
}

/** Whether an address serves what it has to, with every certificate that it has. */
export function isInOrder({ verdict, other }: Pick<AddressVerification, 'verdict' | 'other'>): boolean {
  return verdict === 'served' && (other === null || other.verdict === 'served')
}

async function verifyAddress(request: VerifyRequest, serverName: string, address: string): Promise<AddressVerification> {
  const probed = { ...request, address, serverName }
  const onlyKey = request.expected?.onlyKey
  const observation = onlyKey === undefined ? await probeAddress(probed) : await probeOwnKey(probed, onlyKey)
  const second =
    observation.reachable && onlyKey === undefined && request.bothKeys !== false
      ? await probeOtherKey(probed, observation.chain[0].keyKind)
      : null
  const { first, other } = judgePair(observation, second, { ...request.expected, serverName }, request.now)
  return { address, observation, ...first, other: second === null || other === null ? null : { ...other, observation: second } }
}

type Found = { readonly addresses: readonly string[] } | { readonly unresolved: Explanation }

async function findAddresses(host: string, resolver: AddressResolver | undefined): Promise<Found> {
  try {
    const addresses = await resolveAddresses(host, resolver)
    return addresses.length > 0 ? { addresses } : { unresolved: noAddress(host) }
  } catch (error) {
    return { unresolved: resolverFailed(host, error instanceof Error ? error.message : String(error)) }
  }
}

function noAddress(host: string): Explanation {
  return {
    cause: { en: `${host} has no address in DNS.`, zh: `${host} 在 DNS 中没有地址记录。` },
    remedy: { en: 'Correct the name, or add its A or AAAA record.', zh: '请更正域名，或添加 A 或 AAAA 记录。' },
  }
}

function resolverFailed(host: string, detail: string): Explanation {
  return {
    cause: { en: `${host} could not be looked up in DNS (${detail}).`, zh: `无法查询 ${host} 的 DNS 记录（${detail}）。` },
    remedy: { en: 'Check the DNS resolver of this machine, then verify again.', zh: '请检查本机的 DNS 解析服务，然后重新验证。' },
  }
}

function unbracket(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}

async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, items.length)) }, lane))
  return results
}
