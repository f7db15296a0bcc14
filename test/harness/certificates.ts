/**
 * Throw-away CAs and certificates for tests, written byte by byte over node:crypto. On purpose independent of `packages/pki`, so that
 * a mistake there cannot hide itself, and able to make what no CA would sign: expired, not yet valid, weak or nameless certificates.
 *
 * @module
 */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

const DAY_MS = 86_400_000

type KeyKind = 'p256' | 'p384' | 'rsa2048' | 'rsa1024'

/** What may be said of a certificate to be made; everything has a default. Instants are epoch milliseconds. */
export interface CertificateWish {
  readonly commonName?: string
  /** Default: none. */
  readonly organization?: string
  /** Default: yesterday. */
  readonly notBefore?: number
  /** Default: 90 days from now. */
  readonly notAfter?: number
  readonly key?: KeyKind
}

export interface LeafWish extends CertificateWish {
  /** DNS names and IP addresses for the subjectAltName; default `['localhost', '127.0.0.1', '::1']`. Empty leaves the extension out. */
  readonly names?: readonly string[]
  /** Object identifiers of certificate policies; default none. */
  readonly policies?: readonly string[]
}

interface TestCertificate {
  readonly der: Buffer
  readonly pem: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string
  /** PKCS#8. */
  readonly privateKeyPem: string
}

export interface TestLeaf extends TestCertificate {
  /** Leaf first, then intermediates, without the root. */
  readonly chainPem: string
  /** The root that ends the chain. */
  readonly rootPem: string
}

export interface TestAuthority extends TestCertificate {
  readonly rootPem: string
  issue(wish?: LeafWish): TestLeaf
  createIntermediate(wish?: CertificateWish): TestAuthority
}

/** A self-signed root. */
export function createRoot(wish: CertificateWish = {}): TestAuthority {
  const signer = createSigner(wish.commonName ?? `Test Root ${randomBytes(4).toString('hex')}`, wish)
  const certificate = build(signer, signer, wish, authorityExtensions())
  return authority(signer, certificate, certificate.pem, '')
}

/** A root and one intermediate, the usual shape: issue leaves from what is returned. */
export function createChain(wish: CertificateWish = {}): TestAuthority {
  return createRoot().createIntermediate(wish)
}

/** A server certificate that signed itself. */
export function createSelfSigned(wish: LeafWish & { readonly isCa?: boolean } = {}): TestLeaf {
  const signer = createSigner(wish.commonName ?? 'self-signed.test', wish)
  const basics = wish.isCa === true ? TRUE : Buffer.alloc(0)
  const certificate = build(signer, signer, wish, [...leafExtensions(wish.names, basics), ...policyExtension(wish.policies)])
  return { ...certificate, chainPem: certificate.pem, rootPem: certificate.pem }
}

interface Signer {
  readonly name: Buffer
  readonly privateKey: KeyObject
  readonly spki: Buffer
  readonly keyId: Buffer
}

function authority(signer: Signer, certificate: TestCertificate, rootPem: string, above: string): TestAuthority {
  const isRoot = certificate.pem === rootPem
  const chainAbove = isRoot ? '' : certificate.pem + above
  return {
    ...certificate,
    rootPem,
    issue: (wish = {}) => {
      const subject = createSigner(wish.commonName ?? wish.names?.[0] ?? 'localhost', wish)
      const leaf = build(signer, subject, wish, [...leafExtensions(wish.names), ...policyExtension(wish.policies)])
      return { ...leaf, chainPem: leaf.pem + chainAbove, rootPem }
    },
    createIntermediate: (wish = {}) => {
      const subject = createSigner(wish.commonName ?? `Test Intermediate ${randomBytes(4).toString('hex')}`, wish)
      return authority(subject, build(signer, subject, wish, authorityExtensions()), rootPem, chainAbove)
    },
  }
}

function createSigner(commonName: string, { key = 'p256', organization }: CertificateWish): Signer {
  const privateKey = createKey(key)
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return { name: distinguishedName(commonName, organization), privateKey, spki, keyId: createHash('sha1').update(spki).digest() }
}

function createKey(kind: KeyKind): KeyObject {
  if (kind === 'rsa2048') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  if (kind === 'rsa1024') return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  return generateKeyPairSync('ec', { namedCurve: kind === 'p384' ? 'P-384' : 'P-256' }).privateKey
}

// X.509 (RFC 5280 §4.1), only as much as the tests need.

function build(issuer: Signer, subject: Signer, wish: CertificateWish, extensions: readonly Buffer[]): TestCertificate {
  const algorithm = issuer.privateKey.asymmetricKeyType === 'rsa' ? SHA256_WITH_RSA : ECDSA_WITH_SHA256
  const now = Date.now()
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    issuer.name,
    sequence(time(wish.notBefore ?? now - DAY_MS), time(wish.notAfter ?? now + 90 * DAY_MS)),
    subject.name,
    subject.spki,
    tagged(0xa3, sequence(...extensions, extension('2.5.29.14', octets(subject.keyId)), authorityKeyId(issuer.keyId))),
  )
  const der = sequence(toBeSigned, algorithm, bits(sign('sha256', toBeSigned, issuer.privateKey)))
  return {
    der,
    pem: toPem('CERTIFICATE', der),
    sha256: createHash('sha256').update(der).digest('hex'),
    privateKeyPem: subject.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function authorityExtensions(): Buffer[] {
  const keyCertSignAndCrlSign = Buffer.from([0x03, 0x02, 0x01, 0x06])
  return [extension('2.5.29.19', sequence(TRUE), CRITICAL), extension('2.5.29.15', keyCertSignAndCrlSign, CRITICAL)]
}

function leafExtensions(
  names: readonly string[] = ['localhost', '127.0.0.1', '::1'],
  basics: Buffer = Buffer.alloc(0),
): Buffer[] {
  const serverAuth = extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1')))
  const basic = extension('2.5.29.19', sequence(basics), CRITICAL)
  return names.length === 0
    ? [basic, serverAuth]
    : [basic, serverAuth, extension('2.5.29.17', sequence(...names.map(generalName)))]
}

function authorityKeyId(keyId: Buffer): Buffer {
  return extension('2.5.29.35', sequence(tagged(0x80, keyId)))
}

function generalName(name: string): Buffer {
  if (isIPv4(name)) return tagged(0x87, Buffer.from(name.split('.').map(Number)))
  if (isIPv6(name)) return tagged(0x87, ipv6Bytes(name))
  return tagged(0x82, Buffer.from(name, 'ascii'))
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const before = groups(head)
  const after = groups(tail)
  const all = address.includes('::')
    ? [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
    : before
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

function distinguishedName(commonName: string, organization?: string): Buffer {
  const attribute = (oid: string, text: string): Buffer =>
    tagged(0x31, sequence(objectId(oid), tagged(0x0c, Buffer.from(text, 'utf8'))))
  return sequence(...(organization === undefined ? [] : [attribute('2.5.4.10', organization)]), attribute('2.5.4.3', commonName))
}

function policyExtension(policies: readonly string[] = []): Buffer[] {
  return policies.length === 0 ? [] : [extension('2.5.29.32', sequence(...policies.map((oid) => sequence(objectId(oid)))))]
}

function extension(oid: string, value: Buffer, critical: Buffer = Buffer.alloc(0)): Buffer {
  return sequence(objectId(oid), critical, octets(value))
}

// DER (X.690), only as much as the certificates need.

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content])
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value)
}

function octets(value: Buffer): Buffer {
  return tagged(0x04, value)
}

function bits(value: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), value)
}

function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const is2050OrLater = Number(digits.slice(0, 4)) >= 2050
  return is2050OrLater ? tagged(0x18, Buffer.from(digits)) : tagged(0x17, Buffer.from(digits.slice(2)))
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] =>
    value < 0x80 ? [value] : [...base128(value >> 7).map((byte) => byte | 0x80), value & 0x7f]
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

const TRUE = Buffer.from([0x01, 0x01, 0xff])
const CRITICAL = TRUE
const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const SHA256_WITH_RSA = sequence(objectId('1.2.840.113549.1.1.11'), Buffer.from([0x05, 0x00]))
