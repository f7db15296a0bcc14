/**
 * Readers of PEM, DER, CSRs and keys.
 *
 * @module
 */
import {
  createChainReader,
  createCsr,
  generateKey,
  loadKeyOf,
  loadPrivateKey,
  orderChain,
  parseCertificate,
  parseChain,
  parseCsr,
  parsePem,
  PkiError,
  toPem,
} from '@evercert/pki'
import { AppError } from '../../../packages/server/src/domain/errors.ts'
import { parseDomainName } from '../../../packages/server/src/domain/application/domain-names.ts'
import { createChain, createSelfSigned, type TestLeaf } from '../../harness/certificates.ts'
import { mutateBytes, mutateText } from '../mutate.ts'
import type { Random } from '../random.ts'
import { refusalsOf, type Target, type Verdict } from '../target.ts'

export async function pkiTargets(): Promise<Target[]> {
  const leaves = someLeaves()
  const key = await generateKey('p256')
  const csrs = await Promise.all(
    [['shop.example.com'], ['*.example.com', 'example.com']].map(async (names) =>
      Buffer.from(await createCsr({ key, names, commonName: names[0] ?? null })),
    ),
  )
  const pki = (read: () => unknown): Verdict => refusalsOf([PkiError], read)
  const pem = (random: Random): string => mutateText(random.pick(leaves).chainPem, random)
  return [
    { name: 'PEM blocks', share: 0.1, feed: (random) => pki(() => parsePem(pem(random))) },
    {
      name: 'PEM chains',
      share: 0.16,
      feed: (random) => pki(() => orderChain(random.chance(0.5) ? parseChain(pem(random)) : createChainReader()(pem(random)))),
    },
    {
      name: 'DER certificates',
      share: 0.18,
      feed: (random) => pki(() => parseCertificate(mutateBytes(random.pick(leaves).der, random))),
    },
    {
      name: 'private keys',
      share: 0.1,
      feed: (random) => {
        const leaf = random.pick(leaves)
        const text = mutateText(leaf.privateKeyPem, random)
        return pki(() => (random.chance(0.5) ? loadPrivateKey(text) : loadKeyOf(parseCertificate(leaf.der), text)))
      },
    },
    { name: 'CSRs', share: 0.1, feed: (random) => feedCsr(random.pick(csrs), random) },
    { name: 'domain names', share: 0.1, feed: (random) => refusalsOf([AppError], () => parseDomainName(mutateName(random))) },
  ]
}

async function feedCsr(csr: Buffer, random: Random): Promise<Verdict> {
  const text = random.chance(0.7)
    ? toPem(mutateBytes(csr, random), 'CERTIFICATE REQUEST')
    : mutateText(toPem(csr, 'CERTIFICATE REQUEST'), random)
  try {
    await parseCsr(text)
    return 'accepted'
  } catch (error) {
    if (error instanceof PkiError) return 'refused'
    throw error
  }
}

function mutateName(random: Random): string {
  return mutateText(
    random.pick(['www.example.com', '*.example.com', 'bücher.example', '例子.中国', 'xn--bcher-kva.example']),
    random,
  )
}

function someLeaves(): TestLeaf[] {
  const issuer = createChain()
  return [
    issuer.issue({ names: ['shop.example.com', 'www.shop.example.com'], policies: ['2.23.140.1.2.2'], organization: 'Example' }),
    issuer.issue({ names: ['*.example.com', '192.0.2.1', '2001:db8::1'], key: 'rsa2048' }),
    issuer.createIntermediate().issue({ key: 'p384' }),
    createSelfSigned({ names: [] }),
  ]
}
