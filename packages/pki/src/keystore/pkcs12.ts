/**
 * PKCS#12 files (RFC 7292) with one key and its chain, written byte by byte: `.pfx` for Tomcat and IIS.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { TAG, writeDer, writeOid } from '../der.ts'
import type { CertificateFacts } from '../certificate.ts'
import type { PrivateKey } from '../key.ts'
import { METHODS, writeInteger, writeMac, type Pkcs12Protection } from './protection.ts'

export interface KeystoreContent {
  readonly key: PrivateKey
  /** Leaf first, then its issuers. */
  readonly chain: readonly CertificateFacts[]
  /** What the entry is called in the keystore: printable ASCII. */
  readonly alias: string
  /** Printable ASCII: other characters have a different encoding in each reader. */
  readonly password: string
}

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const

/** The same content gives other bytes each time: salts are random. */
export async function createPkcs12(content: KeystoreContent, protection: Pkcs12Protection): Promise<Uint8Array> {
  const { key, chain, alias, password } = content
  const { encrypt } = METHODS[protection]
  const [leaf] = chain
  // Key and leaf belong together by this identifier, whatever it is; SHA-1 of the leaf is what OpenSSL and Windows write.
  const mark = attributes(alias, hash('sha1', leaf?.der ?? new Uint8Array(), 'buffer'))
  const certificates = chain.map((certificate, index) =>
    safeBag(OID.certBag, certificateBag(certificate), index === 0 ? mark : null),
  )
  const sealedCertificates = await encrypt(writeDer(TAG.sequence, ...certificates), password)
  const pkcs8 = key.keyObject.export({ type: 'pkcs8', format: 'der' })
  const sealedKey = await encrypt(pkcs8, password)
  const keyInfo = writeDer(TAG.sequence, sealedKey.algorithm, writeDer(TAG.octetString, sealedKey.ciphertext))
  const authenticatedSafe = writeDer(
    TAG.sequence,
    encryptedData(sealedCertificates),
    data(writeDer(TAG.sequence, safeBag(OID.shroudedKeyBag, keyInfo, mark))),
  )
  return writeDer(TAG.sequence, writeInteger(3), data(authenticatedSafe), writeMac(authenticatedSafe, password, protection))
}

function data(content: Uint8Array): Uint8Array {
  return writeDer(TAG.sequence, writeOid(OID.data), explicit0(writeDer(TAG.octetString, content)))
}

function encryptedData(sealed: { readonly algorithm: Uint8Array; readonly ciphertext: Uint8Array }): Uint8Array {
  const content = writeDer(TAG.sequence, writeOid(OID.data), sealed.algorithm, writeDer(TAG.context0, sealed.ciphertext))
  return writeDer(TAG.sequence, writeOid(OID.encryptedData), explicit0(writeDer(TAG.sequence, writeInteger(0), content)))
}

function certificateBag({ der }: CertificateFacts): Uint8Array {
  return writeDer(TAG.sequence, writeOid(OID.x509Certificate), explicit0(writeDer(TAG.octetString, der)))
}

function safeBag(oid: string, value: Uint8Array, mark: Uint8Array | null): Uint8Array {
  return writeDer(TAG.sequence, writeOid(oid), explicit0(value), ...(mark === null ? [] : [mark]))
}

function attributes(alias: string, localKeyId: Uint8Array): Uint8Array {
  const attribute = (oid: string, value: Uint8Array): Uint8Array =>
    writeDer(TAG.sequence, writeOid(oid), writeDer(TAG.set, value))
  const all = [
    attribute(OID.friendlyName, writeDer(TAG.bmpString, Buffer.from(alias, 'utf16le').swap16())),
    attribute(OID.localKeyId, writeDer(TAG.octetString, localKeyId)),
  ]
  // DER: the elements of a set stand in the order of their bytes (X.690 §11.6).
  return writeDer(TAG.set, ...all.toSorted((one, other) => Buffer.compare(one, other)))
}

function explicit0(content: Uint8Array): Uint8Array {
  return writeDer(TAG.contextConstructed0, content)
}
