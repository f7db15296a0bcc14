/**
 * `evercert verify`: what every address of a host serves, judged here by TLS handshake. Needs no service.
 *
 * @module
 */
import { parseChain, PkiError } from '@evercert/pki'
import {
  isInOrder,
  verifyHost,
  type AddressVerification,
  type EndpointProtocol,
  type HostVerification,
  type ServedCertificate,
} from '@evercert/pki/probe'
import { wrongUsage } from '../failure.ts'
import { formatOpensslDate } from '../format.ts'
import { pick } from '../language.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { parseSite, type Site } from '../site.ts'
import { toDocument } from '../verification-document.ts'
import { readPem } from './upload.ts'
import { verifyMany, type VerifyManyOptions } from './verify-many.ts'
import { wordFor } from '../words.ts'

export interface VerifyOptions extends VerifyManyOptions {
  readonly serverName?: string
  readonly ca?: string
  readonly expect?: string
  readonly protocol?: EndpointProtocol
}

const TIMEOUT_MS = 10_000
const CONCURRENCY = 16

/** Exit code 1 as soon as one address does not serve a healthy (or the expected) certificate; 64 for what cannot be looked at. */
export async function verifyCommand(session: Session, site: string | undefined, options: VerifyOptions): Promise<number> {
  const roots = options.ca === undefined ? [] : [await readRoots(options.ca)]
  const common = {
    ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
    ...(options.expect === undefined ? {} : { expected: { sha256: parseFingerprint(options.expect) } }),
    trustedRootsPem: roots,
    concurrency: CONCURRENCY,
    timeoutMs: TIMEOUT_MS,
  }
  const look = (one: Site) => verifyHost({ ...common, ...one, now: session.shell.now() })
  if (options.from !== undefined) {
    if (site === undefined) return verifyMany(session, options, look)
    throw wrongUsage('invalid', {
      en: 'Reading the command line: a site and --from are both given: give one of them.',
      zh: '读取命令行：同时给出了站点与 --from，请只使用其中一个。',
    })
  }
  if (site === undefined)
    throw wrongUsage('invalid', {
      en: 'Reading the command line: no site is given: name one, or a file with --from.',
      zh: '读取命令行：未给出站点，请指定一个，或用 --from 指定文件。',
    })
  const verification = await look(parseSite(site, options.protocol))
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
  throw wrongUsage('invalid', {
    en: `Reading --ca: ${path} holds no PEM certificate: give the root's PEM file.`,
    zh: `读取 --ca：${path} 中没有 PEM 证书，请提供根证书的 PEM 文件。`,
  })
}

/** Lower-case hex; colons, as openssl prints them, are taken. @throws CliFailure `invalid` */
export function parseFingerprint(text: string): string {
  const hex = text.replaceAll(/[:\s]/g, '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hex)) return hex
  throw wrongUsage(
    'invalid',
    {
      en: `Reading --expect: "${text}" is no SHA-256 fingerprint: give 64 hex digits.`,
      zh: `读取 --expect：“${text}” 不是 SHA-256 指纹。`,
    },
    {
      cause: { en: 'The fingerprint to expect is no SHA-256.', zh: '期望的指纹不是 SHA-256。' },
      remedy: { en: 'Give 64 hex digits, with or without colons.', zh: '请提供 64 位十六进制数字，可带冒号。' },
    },
  )
}

function formatVerification(session: Session, verification: HostVerification): string[] {
  const { language, paint, say } = session
  if (verification.unresolved !== null) {
    const { cause, remedy } = verification.unresolved
    return [`${paint('red', '✖')} ${clean(pick(cause, language))}`, `  → ${clean(pick(remedy, language))}`]
  }
  const served = verification.addresses.filter(isInOrder).length
  const total = verification.addresses.length
  const summary = say(`${served} of ${total} addresses are in order`, `${total} 个地址中 ${served} 个正常`)
  return [
    ...verification.addresses.flatMap((address) => [
      ...formatAddress(session, address),
      ...(address.other === null ? [] : formatAddress(session, { ...address, ...address.other, other: null })),
      '',
    ]),
    paint(verification.ok ? 'green' : 'red', summary),
  ]
}

function formatAddress(session: Session, { address, verdict, cause, remedy, observation }: AddressVerification): string[] {
  const { paint, language, say } = session
  const good = verdict === 'served'
  const place = address.includes(':') ? `[${address}]:${observation.port}` : `${address}:${observation.port}`
  const kind = observation.reachable ? `  ${observation.chain[0].keyKind.toUpperCase()}` : ''
  const heading = `${good ? paint('green', '✔') : paint('red', '✖')} ${paint('bold', place)}  ${paint(good ? 'green' : 'red', wordFor('verdict', verdict, language))}${kind}`
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
