/**
 * The certificates of the built-in CA: root, intermediate and leaf (RFC 5280; the leaf's profile follows BR 7.1.2.7).
 *
 * @module
 */
import { createHash, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { CaSubject } from '../../../ports/ca.ts'
import * as der from './der.ts'
import type { Der } from './der.ts'

/** Who signs: its name and key identifier as they stand in its own certificate. */
export interface Signer {
  readonly name: Der
  readonly keyId: Buffer
  readonly privateKey: KeyObject
}

export interface Subject {
  readonly name: Der
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
}

/** Inclusive at both ends, epoch milliseconds (RFC 5280 §4.1.2.5). */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

export interface CertificateWish {
  readonly signer: Signer
  readonly subject: Subject
  readonly validity: Validity
  /** Hex, positive. */
  readonly serialHex: string
  readonly extensions: readonly Der[]
}

export interface LeafExtensions {
  /** A-labels, wildcards with `*.`. */
  readonly names: readonly string[]
  readonly hasSubject: boolean
  /** How the applicant was validated: the policy that the certificate asserts. */
  readonly certificateType: 'DV' | CaSubject['certificateType']
  readonly spki: Uint8Array
  readonly authorityKeyId: Buffer
  /** Where the intermediate and its CRL are published. */
  readonly issuerUrl: string
  readonly crlUrl: string
}

const OID = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  region: '2.5.4.8',
  organisation: '2.5.4.10',
  businessCategory: '2.5.4.15',
  jurisdictionCountry: '1.3.6.1.4.1.311.60.2.1.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  domainValidated: '2.23.140.1.2.1',
  organisationValidated: '2.23.140.1.2.2',
  extendedValidation: '2.23.140.1.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
} as const

const VERSION_3 = der.explicit(0, der.integer(2))
const MAX_COMMON_NAME = 64 // RFC 5280 appendix A.1, ub-common-name
const DIGITAL_SIGNATURE = der.bitString(Buffer.from([0x80]), 7)
const KEY_CERT_SIGN_AND_CRL_SIGN = der.bitString(Buffer.from([0x06]), 1)

const signAsync = promisify(sign)

/** @returns DER */
export async function signCertificate({ signer, subject, validity, serialHex, extensions }: CertificateWish): Promise<Der> {
  const toBeSigned = der.sequence(
    VERSION_3,
    der.integer(Buffer.from(serialHex, 'hex')),
    signatureAlgorithm(signer.privateKey),
    signer.name,
    der.sequence(der.time(validity.notBefore), der.time(validity.notAfter)),
    subject.name,
    subject.spki,
    der.explicit(3, der.sequence(...extensions)),
  )
  return signed(toBeSigned, signer.privateKey)
}

/** The common wrapping of certificates and CRLs. Signs off the main thread. */
export async function signed(toBeSigned: Der, privateKey: KeyObject): Promise<Der> {
  const digest = isP384(privateKey) ? 'sha384' : 'sha256'
  const signature = await signAsync(digest, toBeSigned, privateKey)
  return der.sequence(toBeSigned, signatureAlgorithm(privateKey), der.bitString(signature))
}

export function signatureAlgorithm(privateKey: KeyObject): Der {
  return der.sequence(der.objectId(isP384(privateKey) ? OID.ecdsaWithSha384 : OID.ecdsaWithSha256))
}

export function authorityName(organisation: string, commonName: string): Der {
  return der.sequence(relativeName(OID.organisation, organisation), relativeName(OID.commonName, commonName))
}

/**
 * The organisation, if there is one, and the first name. A name that is too long for a common name stays out, and then a DV certificate
 * has no subject at all: the names are in the subjectAltName. Countries are PrintableString (RFC 5280 appendix A.1).
 */
export function leafName(firstName: string, subject: CaSubject | null): Der {
  const commonName = firstName.length <= MAX_COMMON_NAME ? [relativeName(OID.commonName, firstName)] : []
  return der.sequence(...(subject === null ? [] : organisationName(subject)), ...commonName)
}

function organisationName({ organisation, country, region, city, registration }: CaSubject): readonly Der[] {
  const registered =
    registration === null
      ? []
      : [
          relativeName(OID.businessCategory, registration.businessCategory),
          printableName(OID.jurisdictionCountry, registration.country),
          printableOrUtf8Name(OID.serialNumber, registration.number),
        ]
  return [
    ...registered,
    printableName(OID.country, country),
    relativeName(OID.region, region),
    relativeName(OID.locality, city),
    relativeName(OID.organisation, organisation),
  ]
}

/** @param pathLength how many CAs may follow below; null for any number */
export function authorityExtensions(spki: Uint8Array, pathLength: number | null): readonly Der[] {
  const isCa = pathLength === null ? [der.boolean(true)] : [der.boolean(true), der.integer(pathLength)]
  return [
    extension(OID.basicConstraints, der.sequence(...isCa), true),
    extension(OID.keyUsage, KEY_CERT_SIGN_AND_CRL_SIGN, true),
    extension(OID.subjectKeyIdentifier, der.octetString(keyIdOf(spki))),
  ]
}

/** What an intermediate has besides: its issuer's key, and what its leaves, server certificates, may assert of the applicant. */
export function intermediateExtensions(rootKeyId: Buffer): readonly Der[] {
  return [authorityKeyIdentifier(rootKeyId), extendedKeyUsage(), policy(...Object.values(POLICIES))]
}

export function leafExtensions(wish: LeafExtensions): readonly Der[] {
  const names = wish.names.map((name) => der.implicit(2, name))
  return [
    extension(OID.basicConstraints, der.sequence(), true),
    extension(OID.keyUsage, DIGITAL_SIGNATURE, true),
    extendedKeyUsage(),
    extension(OID.subjectKeyIdentifier, der.octetString(keyIdOf(wish.spki))),
    authorityKeyIdentifier(wish.authorityKeyId),
    extension(OID.authorityInfoAccess, der.sequence(der.sequence(der.objectId(OID.caIssuers), der.implicit(6, wish.issuerUrl)))),
    extension(OID.subjectAltName, der.sequence(...names), !wish.hasSubject), // critical without subject, RFC 5280 §4.2.1.6
    policy(POLICIES[wish.certificateType]),
    extension(
      OID.crlDistributionPoints,
      der.sequence(der.sequence(der.explicit(0, der.explicit(0, der.implicit(6, wish.crlUrl))))),
    ),
  ]
}

/** Of a certificate that signs itself and stands in for another. */
export function temporaryExtensions(name: string, spki: Uint8Array): readonly Der[] {
  return [
    extension(OID.basicConstraints, der.sequence(), true),
    extension(OID.keyUsage, DIGITAL_SIGNATURE, true),
    extendedKeyUsage(),
    extension(OID.subjectKeyIdentifier, der.octetString(keyIdOf(spki))),
    extension(OID.subjectAltName, der.sequence(der.implicit(2, name))),
  ]
}

export function authorityKeyIdentifier(keyId: Buffer): Der {
  return extension(OID.authorityKeyIdentifier, der.sequence(der.implicit(0, keyId)))
}

export function extension(oid: string, value: Der, isCritical = false): Der {
  return der.sequence(der.objectId(oid), ...(isCritical ? [der.boolean(true)] : []), der.octetString(value))
}

/** 160 bits of SHA-256 over the public key (RFC 7093 §2, method 1). */
export function keyIdOf(spki: Uint8Array): Buffer {
  const [, publicKey] = der.childrenOf(spki)
  if (!publicKey) throw new RangeError('a public key has two parts')
  return createHash('sha256').update(der.contentOf(publicKey).subarray(1)).digest().subarray(0, 20)
}

function extendedKeyUsage(): Der {
  return extension(OID.extendedKeyUsage, der.sequence(der.objectId(OID.serverAuth)))
}

const POLICIES = { DV: OID.domainValidated, OV: OID.organisationValidated, EV: OID.extendedValidation } as const

function policy(...oids: readonly string[]): Der {
  return extension(OID.certificatePolicies, der.sequence(...oids.map((oid) => der.sequence(der.objectId(oid)))))
}

function printableName(oid: string, text: string): Der {
  return der.set(der.sequence(der.objectId(oid), der.printableString(text)))
}

/** PrintableString is what X.520 wants of a serial number; register numbers outside its alphabet are no less true. */
function printableOrUtf8Name(oid: string, text: string): Der {
  return /^[A-Za-z0-9 '()+,\-./:=?]+$/.test(text) ? printableName(oid, text) : relativeName(oid, text)
}

function relativeName(oid: string, text: string): Der {
  return der.set(der.sequence(der.objectId(oid), der.utf8String(text)))
}

function isP384(privateKey: KeyObject): boolean {
  return privateKey.asymmetricKeyDetails?.namedCurve === 'secp384r1'
}
