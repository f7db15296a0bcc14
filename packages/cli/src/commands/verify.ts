/**
 * `evercert verify`: what every address of a host serves, judged here by TLS handshake. Needs no service.
 *
 * @module
 */
import { isIPv6 } from 'node:net'
import { parseChain, PkiError } from '@evercert/pki'
import { verifyHost, type AddressVerification, type HostVerification, type ServedCertificate } from '@evercert/pki/probe'
import { failure } from '../failure.ts'
import { formatOpensslDate } from '../format.ts'
import { pick } from '../language.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { readPem } from './upload.ts'

export interface VerifyOptions {
  readonly serverName?: string
  readonly ca?: string
  readonly expect?: string
}

const TIMEOUT_MS = 10_000
const CONCURRENCY = 16
const DEFAULT_PORT = 443

/** Exit code 1 as soon as one address does not serve a healthy (or the expected) certificate. */
export async function verifyCommand(session: Session, site: string, options: VerifyOptions): Promise<number> {
  const { host, port } = parseSite(site)
  const roots = options.ca === undefined ? [] : [await readRoots(options.ca)]
  const verification = await verifyHost({
    host,
    port,
    ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
    ...(options.expect === undefined ? {} : { expected: { sha256: parseFingerprint(options.expect) } }),
    trustedRootsPem: roots,
    concurrency: CONCURRENCY,
    timeoutMs: TIMEOUT_MS,
    now: session.shell.now(),
  })
  session.document(toDocument(verification))
  session.print(...formatVerification(session, verification))
  return verification.ok ? 0 : 1
}

/** @throws CliFailure `invalid` */
async function readRoots(path: string): Promise<string> {
  const pem = await readPem('--ca', path)
  try {
    if (parseChain(pem).length > 0) return pem
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
  }
  throw failure('invalid', `Reading --ca: ${path} holds no PEM certificate: give the root's PEM file.`)
}

/** `host`, `host:port`, `[2001:db8::1]:port`, a bare IPv6 address, or an https URL. @throws CliFailure `invalid` */
export function parseSite(site: string): { readonly host: string; readonly port: number } {
  const text = site.replace(/^https:\/\//i, '').replace(/\/.*$/, '')
  const match = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text)
  const bareIpv6 = match === null && isIPv6(text) ? text : null
  const host = bareIpv6 ?? match?.[1] ?? ''
  const port = Number(match?.[2] ?? DEFAULT_PORT)
  if (host !== '' && port >= 1 && port <= 65_535) return { host, port }
  throw failure('invalid', `Reading the site: "${site}" is not host or host:port: give one such as example.com:443.`, {
    cause: { en: `"${site}" is neither a host nor host:port.`, zh: `“${site}” 不是“主机”或“主机:端口”。` },
    remedy: { en: 'Give a host such as example.com or example.com:8443.', zh: '请填写如 example.com 或 example.com:8443。' },
  })
}

/** Lower-case hex; colons, as openssl prints them, are taken. @throws CliFailure `invalid` */
export function parseFingerprint(text: string): string {
  const hex = text.replaceAll(/[:\s]/g, '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hex)) return hex
  throw failure('invalid', `Reading --expect: "${text}" is no SHA-256 fingerprint: give 64 hex digits.`, {
    cause: { en: 'The fingerprint to expect is no SHA-256.', zh: '期望的指纹不是 SHA-256。' },
    remedy: { en: 'Give 64 hex digits, with or without colons.', zh: '请提供 64 位十六进制数字，可带冒号。' },
  })
}

function toDocument({ host, port, serverName, ok, unresolved, addresses }: HostVerification) {
  return { host, port, serverName, ok, unresolved, addresses: addresses.map((address) => toAddressDocument(address)) }
}

function toAddressDocument({ address, verdict, cause, remedy, observation }: AddressVerification) {
  if (!observation.reachable) {
    const { failure: reason, detail } = observation
    return { address, verdict, cause, remedy, sha256: null, notBefore: null, notAfter: null, chain: [], failure: reason, detail }
  }
  const [leaf] = observation.chain
  return {
    address,
    verdict,
    cause,
    remedy,
    sha256: leaf.sha256,
    notBefore: new Date(leaf.notBefore).toISOString(),
    notAfter: new Date(leaf.notAfter).toISOString(),
    names: leaf.names,
    trusted: observation.trusted,
    trustError: observation.trustError,
    tlsVersion: observation.tlsVersion,
    chain: observation.chain.map(({ sha256, subject, issuer }) => ({ sha256, subject, issuer })),
  }
}

function formatVerification(session: Session, verification: HostVerification): string[] {
  const { language, paint, say } = session
  if (verification.unresolved !== null) {
    const { cause, remedy } = verification.unresolved
    return [`${paint('red', '✖')} ${clean(pick(cause, language))}`, `  → ${clean(pick(remedy, language))}`]
  }
  const served = verification.addresses.filter(({ verdict }) => verdict === 'served').length
  const total = verification.addresses.length
  const summary = say(`${served} of ${total} addresses are in order`, `${total} 个地址中 ${served} 个正常`)
  return [
    ...verification.addresses.flatMap((address) => [...formatAddress(session, address), '']),
    paint(verification.ok ? 'green' : 'red', summary),
  ]
}

function formatAddress(session: Session, { address, verdict, cause, remedy, observation }: AddressVerification): string[] {
  const { paint, language, say } = session
  const good = verdict === 'served'
  const place = address.includes(':') ? `[${address}]:${observation.port}` : `${address}:${observation.port}`
  const heading = `${good ? paint('green', '✔') : paint('red', '✖')} ${paint('bold', place)}  ${paint(good ? 'green' : 'red', verdict)}`
  const advice = [`  ${clean(pick(cause, language))}`, ...(good ? [] : [`  → ${clean(pick(remedy, language))}`])]
  if (!observation.reachable) return [heading, ...advice]
  const [leaf] = observation.chain
  return [
    heading,
    `  notBefore=${formatOpensslDate(leaf.notBefore)}`,
    `  notAfter=${formatOpensslDate(leaf.notAfter)}`,
    `  SHA-256 ${leaf.sha256}`,
    ...observation.chain.map((certificate, depth) => `  ${depth} ${describe(certificate, say('issued by', '签发者'))}`),
    ...advice,
  ]
}

function describe({ subject, issuer }: ServedCertificate, by: string): string {
  return clean(`${subject || '–'}  (${by} ${issuer || '–'})`)
}
