/**
 * Certificates of the built-in CA with their keys, so that a test can serve them itself.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import type { CertificateDetail } from '@evercert/contract'
import { createCsr, generateKey, toPem } from '@evercert/pki'
import { aForm, buyCertificate, obtain, PRIVATE_SINGLE, type OrderWish, type TestAccount } from './builders.ts'

export interface ServableCertificate {
  readonly detail: CertificateDetail
  readonly chainPem: string
  readonly leafPem: string
  readonly privateKeyPem: string
}

/** Bought, applied for with a key of the test, and issued. */
export async function aServableCertificate(
  account: TestAccount,
  name: string,
  wish: OrderWish = { productId: PRIVATE_SINGLE },
  kind: 'p256' | 'rsa2048' = 'p256',
): Promise<ServableCertificate> {
  const { id } = await buyCertificate(account, wish)
  const key = await generateKey(kind)
  const csrPem = toPem(await createCsr({ key, names: [name], commonName: name }), 'CERTIFICATE REQUEST')
  const detail = await obtain(account, id, aForm([name], { csrPem }))
  const chainPem = detail.chainPem ?? ''
  return { detail, chainPem, leafPem: new X509Certificate(chainPem).toString(), privateKeyPem: key.pkcs8Pem }
}
