/**
 * The keys and certificates of one built-in CA: a root that signs once, and an intermediate that signs leaves and CRLs.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import { generateKey, type PrivateKey, toPem } from '@evercert/pki'
import { addCalendarYears } from '../../../domain/time.ts'
import type { BuiltinAuthority, BuiltinCaStore } from '../../../ports/kit.ts'
import * as certificate from './certificate.ts'
import type { Signer, Subject } from './certificate.ts'
import { childrenOf, type Der } from './der.ts'

/** The intermediate, ready to sign. */
export interface Authority {
  readonly signer: Signer
  readonly intermediatePem: string
  /** Epoch milliseconds: no leaf outlives its issuer. */
  readonly notAfter: number
}

export interface AuthorityWish {
  readonly authorityId: string
  readonly organisation: string
  /** Epoch milliseconds. */
  readonly now: number
}

const ROOT_YEARS = 20
const INTERMEDIATE_YEARS = 10
const LONGEST_SHOWN_ORGANISATION = 40 // leaves room for the rest of a common name of at most 64 characters

/** Idempotent: the store keeps what was made first. */
export async function loadAuthority(store: BuiltinCaStore, wish: AuthorityWish): Promise<Authority> {
  return readAuthority(await store.loadOrCreateAuthority(wish.authorityId, () => makeAuthority(wish)))
}

export function readAuthority(stored: BuiltinAuthority): Authority {
  const intermediate = new X509Certificate(stored.intermediatePem)
  const spki = intermediate.publicKey.export({ type: 'spki', format: 'der' })
  const signer = {
    name: subjectOf(intermediate),
    keyId: certificate.keyIdOf(spki),
    privateKey: createPrivateKey(stored.intermediateKeyPkcs8Pem),
  }
  return { signer, intermediatePem: stored.intermediatePem, notAfter: intermediate.validToDate.getTime() }
}

/** At least 64 random bits (BR 7.1), positive and without leading zeros: 127 bits, the first octet never zero. */
export function createSerialHex(): string {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x3f) | 0x40
  return octets.toString('hex')
}

async function makeAuthority({ organisation, now }: AuthorityWish): Promise<BuiltinAuthority> {
  const [rootKey, intermediateKey] = await Promise.all([generateKey('p384'), generateKey('p256')])
  const shown = organisation.slice(0, LONGEST_SHOWN_ORGANISATION)
  // Two authorities never share a name, here or in another installation, or serial numbers would be ambiguous (RFC 5280 §4.1.2.2).
  const tag = rootKey.spkiSha256.slice(0, 8)
  const rootSubject = subjectFor(rootKey, certificate.authorityName(organisation, `${shown} Root CA ${tag}`))
  const root: Signer = { name: rootSubject.name, keyId: certificate.keyIdOf(rootSubject.spki), privateKey: rootKey.keyObject }
  const subject = subjectFor(intermediateKey, certificate.authorityName(organisation, `${shown} CA ${tag}`))
  const rootDer = await certificate.signCertificate({
    signer: root,
    subject: rootSubject,
    validity: yearsFrom(now, ROOT_YEARS),
    serialHex: createSerialHex(),
    extensions: certificate.authorityExtensions(rootSubject.spki, null),
  })
  const intermediateDer = await certificate.signCertificate({
    signer: root,
    subject,
    validity: yearsFrom(now, INTERMEDIATE_YEARS),
    serialHex: createSerialHex(),
    extensions: [...certificate.authorityExtensions(subject.spki, 0), ...certificate.intermediateExtensions(root.keyId)],
  })
  return {
    rootPem: toPem(rootDer, 'CERTIFICATE'),
    rootKeyPkcs8Pem: rootKey.pkcs8Pem,
    intermediatePem: toPem(intermediateDer, 'CERTIFICATE'),
    intermediateKeyPkcs8Pem: intermediateKey.pkcs8Pem,
  }
}

function subjectFor(key: PrivateKey, name: Der): Subject {
  return { name, spki: createPublicKey(key.keyObject).export({ type: 'spki', format: 'der' }) }
}

function yearsFrom(now: number, years: number): certificate.Validity {
  const notBefore = Math.floor(now / 1000) * 1000
  return { notBefore, notAfter: addCalendarYears(notBefore, years) - 1000 }
}

/** The subject as it is encoded: a leaf's issuer must be the same octets (RFC 5280 §4.1.2.4). */
function subjectOf(certificate: X509Certificate): Der {
  const [toBeSigned] = childrenOf(certificate.raw)
  const subject = toBeSigned && childrenOf(toBeSigned)[5]
  if (!subject) throw new RangeError('a certificate has a subject')
  return subject
}
