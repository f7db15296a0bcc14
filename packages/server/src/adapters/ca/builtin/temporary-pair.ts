/**
 * A certificate that stands in for one that is not there: signed by its own key, kept nowhere.
 *
 * @module
 */
import { createPublicKey } from 'node:crypto'
import { generateKey, toPem } from '@evercert/pki'
import { DAY_MS, HOUR_MS } from '../../../domain/time.ts'
import { createSerialHex } from './authority.ts'
import * as certificate from './certificate.ts'

const DAYS = 30

/**
 * Nobody is to trust it; with it there is a handshake at all.
 *
 * @param name a DNS name
 * @param now epoch milliseconds
 */
export async function createTemporaryPair(name: string, now: number): Promise<{ certificatePem: string; keyPem: string }> {
  const key = await generateKey('p256')
  const spki = createPublicKey(key.keyObject).export({ type: 'spki', format: 'der' })
  const subject = { name: certificate.leafName(name, null), spki }
  const notBefore = Math.floor(now / 1000) * 1000 - HOUR_MS
  const der = await certificate.signCertificate({
    signer: { name: subject.name, keyId: certificate.keyIdOf(spki), privateKey: key.keyObject },
    subject,
    validity: { notBefore, notAfter: notBefore + DAYS * DAY_MS },
    serialHex: createSerialHex(),
    extensions: certificate.temporaryExtensions(name, spki),
  })
  return { certificatePem: toPem(der, 'CERTIFICATE'), keyPem: key.pkcs8Pem }
}
