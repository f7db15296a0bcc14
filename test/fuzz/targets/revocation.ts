/**
 * Readers of what CAs say of certificates: lists, OCSP responses, and issuers' certificates where a certificate says that they are.
 *
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCertificateBag } from '@evercert/pki'
import {
  ensureCrlAnswers,
  findInCrl,
  readCrl,
  readOcspResponse,
  readRevocationSources,
  RevocationError,
  serialHexOf,
} from '@evercert/pki/revocation'
import { createOpensslCa } from '../../harness/openssl-ca.ts'
import { mutateBytes } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target, Verdict } from '../target.ts'

const CRL_URL = 'http://ca.example/own.crl'

/** @param folder for the CA that makes what is changed */
export async function revocationTargets(folder: string): Promise<Target[]> {
  const at = join(folder, 'ca')
  mkdirSync(at)
  const ca = await createOpensslCa({ folder: at })
  const where = { crlUrl: CRL_URL, ocspUrl: 'http://ca.example/ocsp', issuerUrl: 'http://ca.example/ca.crt' }
  const leaf = await ca.issue({ name: 'revoked.example', ...where })
  await ca.revoke(leaf, 'keyCompromise')
  const list = Buffer.from(await ca.crl())
  const response = Buffer.from(await ca.respond(leaf, '-nmin', '30'))
  const now = Date.now()
  const serial = serialHexOf(leaf.der)

  // Some stay as they are: a reader that takes nothing would pass here.
  const changed = (input: Buffer, random: Random): Buffer => (random.chance(0.1) ? input : mutateBytes(input, random))

  const feedList = (random: Random): Promise<Verdict> =>
    outcomeOf(async () => {
      const crl = readCrl(changed(list, random))
      await findInCrl(crl, new Set([serial])) // also where the signature would have ended it
      await ensureCrlAnswers(crl, { issuer: ca.der, urls: [CRL_URL], now })
    })
  const feedResponse = (random: Random): Promise<Verdict> =>
    outcomeOf(async () => {
      await readOcspResponse(changed(response, random), { leaf: leaf.der, issuer: ca.der }, now)
    })
  const feedAnswer = (random: Random): Verdict => {
    const input = random.chance(0.5) ? Buffer.from(ca.der) : Buffer.from(ca.pem)
    readRevocationSources(changed(Buffer.from(leaf.der), random))
    return readCertificateBag(changed(input, random)).length > 0 ? 'accepted' : 'refused'
  }
  return [
    { name: 'CRLs', share: 0.03, feed: feedList },
    { name: 'OCSP responses', share: 0.03, feed: feedResponse },
    { name: 'AIA answers', share: 0.02, feed: feedAnswer },
  ]
}

async function outcomeOf(read: () => Promise<void>): Promise<Verdict> {
  try {
    await read()
    return 'accepted'
  } catch (error) {
    if (error instanceof RevocationError) return 'refused'
    throw error
  }
}
