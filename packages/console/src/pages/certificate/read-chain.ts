/**
 * What the certificates of a chain say, read in the browser to show it. The service has verified them.
 *
 * @module
 */
import { bitStringOf, childrenOf, expectTag, oidOf, readDer, TAG, type DerNode } from '@evercert/pki/der-reader'
import { derOf, instantOf, textOf } from '../upload/read-pem.ts'

export interface ChainLink {
  readonly pem: string
  readonly der: Uint8Array<ArrayBuffer>
  /** `CN=shop.example.com, O=Example`. */
  readonly subject: string
  readonly issuer: string
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** For instance `ECDSA P-256`; the identifier of the algorithm when it is another. */
  readonly key: string
}

const BLOCK = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g
const VERSION = 0xa0
const RSA = '1.2.840.113549.1.1.1'
const NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
}
const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'ECDSA P-256',
  '1.3.132.0.34': 'ECDSA P-384',
  '1.3.132.0.35': 'ECDSA P-521',
}

/** In the order of the text; what cannot be read is left out. */
export function readChain(pem: string): ChainLink[] {
  return [...pem.matchAll(BLOCK)].flatMap(([block, body = '']) => {
    try {
      return [readLink(`${block}\n`, Uint8Array.from(derOf(body)))]
    } catch {
      return []
    }
  })
}

function readLink(pem: string, der: Uint8Array<ArrayBuffer>): ChainLink {
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = childrenOf(expectTag(body, TAG.sequence))
  if (fields[0]?.tag === VERSION) fields.shift()
  const [, , issuer, validity, subject, spki] = fields
  const [notBefore, notAfter] = childrenOf(expectTag(validity, TAG.sequence))
  return {
    pem,
    der,
    subject: nameOf(expectTag(subject, TAG.sequence)),
    issuer: nameOf(expectTag(issuer, TAG.sequence)),
    notBefore: new Date(instantOf(notBefore)).toISOString(),
    notAfter: new Date(instantOf(notAfter)).toISOString(),
    key: keyOf(expectTag(spki, TAG.sequence)),
  }
}

function nameOf(name: DerNode): string {
  const parts = childrenOf(name).flatMap((set) =>
    childrenOf(set).map((pair) => {
      const [type, value] = childrenOf(pair)
      const id = oidOf(type)
      return `${NAMES[id] ?? id}=${value === undefined ? '' : textOf(value.content)}`
    }),
  )
  return parts.toReversed().join(', ')
}

function keyOf(spki: DerNode): string {
  const [algorithm, key] = childrenOf(spki)
  const [kind, curve] = childrenOf(expectTag(algorithm, TAG.sequence))
  const id = oidOf(kind)
  if (id === RSA) {
    const [modulus] = childrenOf(expectTag(readDer(bitStringOf(key)), TAG.sequence))
    const { content } = expectTag(modulus, TAG.integer)
    const bytes = content[0] === 0 ? content.length - 1 : content.length
    return `RSA ${bytes * 8}`
  }
  const curveId = curve === undefined ? id : oidOf(curve)
  return CURVES[curveId] ?? curveId
}
