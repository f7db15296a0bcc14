/**
 * From a proved order and a CSR to a certificate. What is signed depends only on the stored order and the CSR, so that an
 * interrupted signature can be made again.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { parseCsr, PkiError, toPem } from '@evercert/pki'
import { capNotAfter, type ValidityRule } from '../../../domain/entitlement/validity-caps.ts'
import { AppError } from '../../../domain/errors.ts'
import { DAY_MS } from '../../../domain/time.ts'
import type { BuiltinOrder } from '../../../ports/kit.ts'
import { createSerialHex, type Authority } from './authority.ts'
import { leafExtensions, leafName, signCertificate } from './certificate.ts'
import { childrenOf } from './der.ts'
import { namesOf } from './orders.ts'

export interface ValidityLimits {
  readonly rule: ValidityRule
  /** Whole days; counts for a private CA only. */
  readonly maxDays: number
  /** Epoch milliseconds. */
  readonly issuerNotAfter: number
}

/** What goes into the order before anything is signed. */
export type SigningIntent = Pick<BuiltinOrder, 'serialHex' | 'csrSha256' | 'notBefore' | 'notAfter'>

/** Where the authority publishes its certificate and its CRL. */
export interface Publication {
  readonly issuerUrl: string
  readonly crlUrl: string
}

/** @throws AppError `badCsr`: unreadable, weak, wrongly signed, or for other names than the order's */
export async function checkCsr(order: BuiltinOrder, csrDer: Uint8Array): Promise<void> {
  const { names } = await readCsr(order, csrDer)
  const wanted = namesOf(order)
  const missing = wanted.filter((name) => !names.includes(name))
  const surplus = names.filter((name) => !wanted.includes(name))
  if (missing.length === 0 && surplus.length === 0) return
  const differences = [...missing.map((name) => `${name} is missing`), ...surplus.map((name) => `${name} was not ordered`)]
  throw new AppError(
    'badCsr',
    `Finalizing ${order.id}: the CSR has other names than the order (${differences.join(', ')}): make a new CSR`,
  )
}

export function csrSha256(csrDer: Uint8Array): string {
  return createHash('sha256').update(csrDer).digest('hex')
}

/** Draws the serial and fixes the validity. @throws AppError `caRejected` when nothing is left of the time asked for */
export function decideIntent(order: BuiltinOrder, csrDer: Uint8Array, limits: ValidityLimits, now: number): SigningIntent {
  const notBefore = Math.floor(now / 1000) * 1000
  const cap = capNotAfter(limits.rule, notBefore) ?? notBefore + limits.maxDays * DAY_MS - 1000 // both ends count, RFC 5280 §4.1.2.5
  const notAfter = Math.min(order.notAfter, cap, limits.issuerNotAfter)
  if (notAfter <= notBefore) {
    throw new AppError('caRejected', `Finalizing ${order.id}: the validity asked for is already over: ask for a later notAfter`)
  }
  return { serialHex: createSerialHex(), csrSha256: csrSha256(csrDer), notBefore, notAfter }
}

/**
 * Signs what the order's record says.
 *
 * @param order in state `signing`
 * @returns PEM, leaf and intermediate
 */
export async function signLeaf(
  authority: Authority,
  order: BuiltinOrder,
  csrDer: Uint8Array,
  publication: Publication,
): Promise<string> {
  if (order.serialHex === null || order.notBefore === null) throw new RangeError(`order ${order.id} has no intent to sign`)
  const names = namesOf(order)
  const spki = publicKeyOf(csrDer)
  const name = leafName(names[0] ?? '', order.subject)
  const leaf = await signCertificate({
    signer: authority.signer,
    subject: { name, spki },
    validity: { notBefore: order.notBefore, notAfter: order.notAfter },
    serialHex: order.serialHex,
    extensions: leafExtensions({
      names,
      hasSubject: childrenOf(name).length > 0,
      certificateType: order.subject?.certificateType ?? 'DV',
      spki,
      authorityKeyId: authority.signer.keyId,
      ...publication,
    }),
  })
  return toPem(leaf, 'CERTIFICATE') + authority.intermediatePem
}

async function readCsr(order: BuiltinOrder, csrDer: Uint8Array): Promise<{ readonly names: readonly string[] }> {
  try {
    return await parseCsr(csrDer)
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
    throw new AppError('badCsr', `Finalizing ${order.id}: ${cause.message}`, { cause })
  }
}

/** SubjectPublicKeyInfo of a CSR that was checked (RFC 2986 §4.1). */
function publicKeyOf(csrDer: Uint8Array): Uint8Array {
  const [info] = childrenOf(csrDer)
  const spki = info && childrenOf(info)[2]
  if (!spki) throw new RangeError('a CSR has a public key')
  return spki
}
