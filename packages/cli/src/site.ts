/**
 * Sites as people write them.
 *
 * @module
 */
import { isIPv6 } from 'node:net'
import { DEFAULT_PORTS, ENDPOINT_PROTOCOLS, type EndpointProtocol } from '@evercert/pki/probe'
import { wrongUsage } from './failure.ts'

export interface Site {
  readonly host: string
  readonly port: number
  readonly protocol: EndpointProtocol
}

/**
 * `host`, `host:port`, `[2001:db8::1]:port`, a bare IPv6 address, or an URL such as `https://example.com` or `smtp://mail.example.com:587`.
 *
 * @param protocol where the text says none; default `tls`
 * @throws CliFailure `invalid`
 */
export function parseSite(site: string, protocol: EndpointProtocol = 'tls'): Site {
  const [, scheme, rest = ''] = /^(?:([a-z0-9]+):\/\/)?(.*)$/i.exec(site) ?? []
  const spoken = scheme === undefined ? protocol : protocolOf(scheme.toLowerCase())
  const place = spoken === null ? null : parsePlace(rest.replace(/\/.*$/, ''), DEFAULT_PORTS[spoken])
  if (spoken !== null && place !== null) return { ...place, protocol: spoken }
  throw wrongUsage('invalid', `Reading the site: "${site}" is not host or host:port: give one such as example.com:443.`, {
    cause: { en: `"${site}" is neither a host nor host:port.`, zh: `“${site}” 不是“主机”或“主机:端口”。` },
    remedy: { en: 'Give a host such as example.com or example.com:8443.', zh: '请填写如 example.com 或 example.com:8443。' },
  })
}

function parsePlace(text: string, defaultPort: number): { readonly host: string; readonly port: number } | null {
  if (isIPv6(text)) return { host: text, port: defaultPort }
  const [, host = '', digits] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = Number(digits ?? defaultPort)
  return isHost(host) && port >= 1 && port <= 65_535 ? { host, port } : null
}

/** What could be a name or an address at all; whether there is such a one, the DNS says. */
function isHost(host: string): boolean {
  if (host === '' || /[\s@?#\\%]/.test(host)) return false
  const ascii = URL.parse(`https://${host}/`)?.hostname.replace(/\.$/, '')
  if (ascii === undefined) return false
  return ascii.startsWith('[') || (ascii.length <= 253 && ascii.split('.').every((label) => label !== '' && label.length <= 63))
}

function protocolOf(scheme: string): EndpointProtocol | null {
  if (scheme === 'https') return 'tls'
  return ENDPOINT_PROTOCOLS.find((protocol) => protocol === scheme) ?? null
}
