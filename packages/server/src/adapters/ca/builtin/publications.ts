/**
 * What the built-in CA publishes over HTTP: its certificates, and the list of those it revoked (RFC 5280 §5).
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { AppError } from '../../../domain/errors.ts'
import { DAY_MS } from '../../../domain/time.ts'
import type { BuiltinAuthority, BuiltinCaStore } from '../../../ports/kit.ts'
import { readAuthority } from './authority.ts'
import { authorityKeyIdentifier, extension, signatureAlgorithm, signed } from './certificate.ts'
import * as der from './der.ts'
import type { Der } from './der.ts'

/** The certificates of one authority. `intermediateDer` is what `/ca/<authorityId>.crt` serves (`application/pkix-cert`). */
export interface AuthorityCertificates {
  readonly rootPem: string
  readonly intermediatePem: string
  readonly intermediateDer: Uint8Array
}

type Revocation = Awaited<ReturnType<BuiltinCaStore['listRevoked']>>[number]

const NEXT_UPDATE_MS = 7 * DAY_MS // BR 4.9.7: at most ten days
const OID = { crlNumber: '2.5.29.20', reasonCode: '2.5.29.21' } as const
const VERSION_2 = der.integer(1)
const UNSPECIFIED = 0

/** @throws AppError `notFound` when there is no such authority yet: it is made with its first order */
export async function authorityCertificates(store: BuiltinCaStore, authorityId: string): Promise<AuthorityCertificates> {
  const { rootPem, intermediatePem } = await findAuthority(store, authorityId)
  return { rootPem, intermediatePem, intermediateDer: new Uint8Array(new X509Certificate(intermediatePem).raw) }
}

/**
 * The CRL of one authority, DER (`application/pkix-crl`), signed anew; its number is the time.
 *
 * @param now epoch milliseconds
 * @throws AppError `notFound` when there is no such authority yet
 */
export async function createCrl(store: BuiltinCaStore, authorityId: string, now: number): Promise<Uint8Array> {
  const { signer } = readAuthority(await findAuthority(store, authorityId))
  const revoked = await store.listRevoked(authorityId)
  const toBeSigned = der.sequence(
    VERSION_2,
    signatureAlgorithm(signer.privateKey),
    signer.name,
    der.time(now),
    der.time(now + NEXT_UPDATE_MS),
    ...(revoked.length === 0 ? [] : [der.sequence(...revoked.map(toEntry))]), // absent when empty, RFC 5280 §5.1.2.6
    der.explicit(0, der.sequence(authorityKeyIdentifier(signer.keyId), extension(OID.crlNumber, der.integer(now)))),
  )
  return new Uint8Array(await signed(toBeSigned, signer.privateKey))
}

function toEntry({ serialHex, revokedAt, reason }: Revocation): Der {
  const serial = der.integer(Buffer.from(serialHex, 'hex'))
  // `unspecified` is said by leaving the reason out, RFC 5280 §5.3.1.
  const extensions = reason === UNSPECIFIED ? [] : [der.sequence(extension(OID.reasonCode, der.enumerated(reason)))]
  return der.sequence(serial, der.time(revokedAt), ...extensions)
}

function findAuthority(store: BuiltinCaStore, authorityId: string): Promise<BuiltinAuthority> {
  return store.loadOrCreateAuthority(authorityId, async () => {
    throw new AppError('notFound', `Built-in CA ${authorityId}: there is no such authority: check the address`)
  })
}
