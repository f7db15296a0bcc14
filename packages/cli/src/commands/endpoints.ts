/**
 * `evercert endpoints`: what clients connect to, and what was seen there.
 *
 * @module
 */
import type { EndpointView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { canonicalHost, type EndpointProtocol } from '@evercert/pki/probe'
import { failure } from '../failure.ts'
import { findCertificate, ofCertificate } from '../find-certificate.ts'
import { formatInstant } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { parseAddress, readAddress } from '../parse-address.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { removed } from './contacts.ts'
import { formatEndpoints } from './show.ts'

export interface EndpointListOptions {
  readonly certificate?: string
}

export const listEndpointsCommand = listCommand({
  load: async (client, { certificate }: EndpointListOptions) => ofCertificate(client, certificate, await client.endpoints.list()),
  none: ['No endpoint.', '没有站点。'],
  format: formatRows,
})

export interface AddEndpointOptions {
  readonly certificate: string
  readonly serverName?: string
  readonly protocol?: EndpointProtocol
}

export async function addEndpointCommand(session: Session, site: string, options: AddEndpointOptions): Promise<number> {
  const { host, port } = parseAddress('<host[:port]>', site)
  const { serverName, protocol } = options
  const client = await session.client()
  const { id: certificateId } = await findCertificate(client, options.certificate)
  const endpoint = await client.endpoints.create({
    certificateId,
    host,
    ...(port !== null && { port }),
    ...(serverName !== undefined && { serverName }),
    ...(protocol !== undefined && { protocol }),
  })
  session.document(endpoint)
  session.print(...formatRows(session, [endpoint]))
  return 0
}

/** Has the service look now, and shows each verdict as it arrives. Exits with 1 unless every address serves the certificate. */
export async function proveEndpointsCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id } = await findCertificate(client, wanted)
  if (session.json) await client.certificates.verify({ id })
  else await watchProbe(session, client, id)
  const certificate = await client.certificates.get({ id })
  const { endpoints } = certificate
  session.document(certificate)
  if (endpoints.length === 0) throw nothingToProve(certificate.name)
  session.print(...formatEndpoints(session, endpoints))
  return endpoints.every(({ verdict }) => verdict === 'served') ? 0 : 1
}

/** A line for each address, as soon as its verdict is there. */
async function watchProbe(session: Session, client: Client, id: string): Promise<void> {
  const { paint, say, language } = session
  for await (const event of await client.certificates.probe({ id })) {
    if (event.kind === 'begun' && event.endpoints > 0)
      session.print(
        say(`Probing ${event.endpoints} endpoint${event.endpoints === 1 ? '' : 's'} …`, `正在探测 ${event.endpoints} 个站点……`),
      )
    if (event.kind !== 'address') continue
    const { verdict, address } = event
    const said = paint(verdict === 'served' ? 'green' : 'red', wordFor('verdict', verdict, language))
    session.print(`  ${clean(siteOf(event))}  ${address}  ${said}`)
  }
}

function nothingToProve(name: string) {
  return failure(
    'invalid',
    {
      en: `Proving ${clean(name)}: it has no endpoint: add one with "evercert endpoints add".`,
      zh: `探测 ${clean(name)}：该证书没有站点。`,
    },
    {
      cause: { en: 'The certificate has no endpoint to look at.', zh: '该证书没有可探测的站点。' },
      remedy: {
        en: 'Add one: evercert endpoints add <host[:port]> --certificate <certificate>.',
        zh: '请先添加：evercert endpoints add <主机[:端口]> --certificate <证书>。',
      },
    },
  )
}

export async function removeEndpointCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id } = await findEndpoint(client, wanted)
  return removed(session, await client.endpoints.remove({ id }))
}

/** @param wanted its id, or `host:port` in any spelling when there is one alone; with `/rsa` or `/ecdsa` behind it the one of two that is for this kind of key */
async function findEndpoint(client: Client, wanted: string): Promise<EndpointView> {
  const { items } = await client.endpoints.list()
  const [, site = wanted, kind = null] = /^(.+)\/(rsa|ecdsa)$/.exec(wanted) ?? []
  const found = items.filter((each) => each.id === wanted || (isAt(each, site) && (kind === null || each.keyKind === kind)))
  const [only] = found
  if (only === undefined)
    throw failure('notFound', {
      en: `Looking up endpoint ${clean(wanted)}: there is none: see evercert endpoints list.`,
      zh: `查找站点 ${clean(wanted)}：不存在，请查看 “evercert endpoints list”。`,
    })
  if (found.length === 1) return only
  const ids = found.map(({ id, keyKind }) => (keyKind === null ? id : `${id} (${KIND_NAMES[keyKind]})`)).join(', ')
  throw failure(
    'invalid',
    {
      en: `Looking up endpoint ${clean(wanted)}: there are several: name one by its id: ${ids}.`,
      zh: `查找站点 ${clean(wanted)}：有多个相符。`,
    },
    {
      cause: { en: 'Several endpoints have this host and port.', zh: '有多个站点使用该主机与端口。' },
      remedy: {
        en: `Name one by its id, or add /rsa or /ecdsa to the name: ${ids}.`,
        zh: `请使用编号，或在名称后加 /rsa、/ecdsa：${ids}。`,
      },
    },
  )
}

/** A host may be written in capitals, with its final dot, as an IDN, or as a longer form of the address. */
function isAt(endpoint: EndpointView, wanted: string): boolean {
  if (siteOf(endpoint) === wanted) return true
  const asked = readAddress(wanted)
  const host = asked === null ? null : canonicalHost(asked.host)
  return host !== null && host === canonicalHost(endpoint.host) && asked?.port === endpoint.port
}

const KIND_NAMES = { rsa: 'RSA', ecdsa: 'ECDSA' } as const

function siteOf({ host, port }: Pick<EndpointView, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function formatRows({ say, paint, columns, language }: Session, endpoints: readonly EndpointView[]): string[] {
  const header = [
    say('SITE', '站点'),
    say('PROTOCOL', '协议'),
    say('SERVER NAME', '域名'),
    say('KEY', '密钥'),
    say('VERDICT', '结论'),
    say('PROBED', '探测时间'),
    say('CERTIFICATE', '证书'),
    say('ID', '编号'),
  ]
  const rows = endpoints.map((endpoint) => {
    const { verdict, serverName, protocol, keyKind } = endpoint
    return [
      { text: siteOf(endpoint) },
      { text: protocol },
      { text: serverName },
      { text: keyKind === null ? '' : KIND_NAMES[keyKind] },
      {
        text: verdict === null ? say('not probed yet', '尚未探测') : wordFor('verdict', verdict, language),
        colour: verdict === 'served' ? ('green' as const) : verdict === null ? ('dim' as const) : ('red' as const),
      },
      { text: formatInstant(endpoint.probedAt) },
      { text: endpoint.certificateId },
      { text: endpoint.id, colour: 'dim' as const },
    ]
  })
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}
