/**
 * What CAs say, changed on its way: lists, responses, issuers. Nothing that was changed in what is signed is believed.
 *
 * @module
 */
import { join } from 'node:path'
import { readCertificateBag } from '@evercert/pki'
import {
  createOcspRequest,
  ensureCrlAnswers,
  findInCrl,
  isIssuedByDer,
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

/** @param folder of a CA that OpenSSL keeps */
export async function revocationTargets(folder: string): Promise<Target[]> {
  const ca = await createOpensslCa({ folder: join(folder, 'ca') })
  const leaf = await ca.issue({ name: 'shop.example.com', crlUrl: CRL_URL, ocspUrl: 'http://ca.example', issuerUrl: CRL_URL })
  const empty = await ca.crl()
  const responses = [await ca.respond(leaf, '-ndays', '2'), await ca.respond(leaf, '-ndays', '2', 'delegated')]
  await ca.revoke(leaf, 'keyCompromise')
  responses.push(await ca.respond(leaf, '-ndays', '2'))
  const lists = [empty, await ca.crl(), await ca.crl('-crlexts', 'elsewhere')]
  const asked = { leaf: leaf.der, issuer: ca.der }
  const serials = new Set([serialHexOf(leaf.der)])

  const feedList = async (random: Random): Promise<Verdict> => {
    const bytes = sometimesChanged(random.pick(lists), random)
    return refusalOf(async () => {
      const crl = readCrl(bytes)
      await findInCrl(crl, serials)
      await ensureCrlAnswers(crl, { ...asked, urls: [CRL_URL], now: Date.now() })
      ensureKnown(crl.signed.toBeSigned.whole, lists)
    })
  }
  const feedResponse = (random: Random): Promise<Verdict> => {
    const bytes = sometimesChanged(random.pick(responses), random)
    return refusalOf(async () => void (await readOcspResponse(bytes, asked, Date.now())))
  }
  const feedCertificate = (random: Random): Verdict => {
    const bytes = sometimesChanged(random.pick([leaf.der, ca.der]), random)
    readRevocationSources(bytes)
    const [first] = readCertificateBag(bytes)
    if (first === undefined) return 'refused'
    createOcspRequest({ leaf: first, issuer: ca.der })
    isIssuedByDer(leaf.der, first)
    return 'accepted'
  }
  return [
    { name: 'CRLs', share: 0.03, feed: feedList },
    { name: 'OCSP responses', share: 0.02, feed: feedResponse },
    { name: 'issuers', share: 0.01, feed: feedCertificate },
  ]
}

/** Of what is signed next to nothing is taken that was changed: some of it comes as it is. */
function sometimesChanged(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  return random.chance(0.2) ? copy : mutateBytes(copy, random)
}

async function refusalOf(read: () => Promise<void>): Promise<Verdict> {
  try {
    await read()
    return 'accepted'
  } catch (error) {
    if (error instanceof RevocationError) return 'refused'
    throw error
  }
}

function ensureKnown(signed: Uint8Array, lists: readonly Uint8Array[]): void {
  if (!lists.some((list) => Buffer.from(list).includes(Buffer.from(signed))))
    throw new Error('a list is believed that the CA did not sign')
}
