/**
 * Archives and files as `evercert upload --from` reads them: hostile paths, types and sizes, and bytes that were changed.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { loadPrivateKey, parseCertificate, parsePem, PkiError } from '@evercert/pki'
import { CliFailure } from '../../../packages/cli/src/failure.ts'
import { pairFiles, type SourceFile } from '../../../packages/cli/src/import/pair-files.ts'
import { openSource } from '../../../packages/cli/src/import/source.ts'
import type { Item } from '../../../packages/cli/src/import/found.ts'
import { makeTar, makeTarGz, makeZip, type ArchiveEntry } from '../../harness/archives.ts'
import { createPkcs12 } from '../../../packages/pki/src/keystore/pkcs12.ts'
import { createChain } from '../../harness/certificates.ts'
import { mutateBytes, mutateText } from '../mutate.ts'
import type { Random } from '../random.ts'
import { refusalsOf, type Target, type Verdict } from '../target.ts'

const PATHS = [
  'a.pem',
  '../a.pem',
  '/etc/a.pem',
  'C:\\a.pem',
  '..\\..\\a.pem',
  '',
  'a/../../b.key',
  `${'x/'.repeat(40)}a.crt`,
  'a\u0000b',
  '\u202Efdp.key',
]
const MAKERS = [
  ['zip', makeZip],
  ['tar', makeTar],
  ['tar.gz', makeTarGz],
] as const

/** @param folder where the archive that is read lies; nothing else may appear in it */
export async function archiveTargets(folder: string): Promise<Target[]> {
  const issuer = createChain()
  const leaves = Array.from({ length: 4 }, (_, index) => issuer.issue({ names: [`site-${index}.example.com`] }))
  const pfx = await somePfx()
  const bombs = someBombs()
  const entry = (random: Random): ArchiveEntry => {
    const leaf = random.pick(leaves)
    const content = random.pick([leaf.chainPem, leaf.privateKeyPem, mutateText(leaf.chainPem, random), mutateBytes(pfx, random)])
    return {
      path: random.pick(PATHS),
      content,
      kind: random.chance(0.1) ? 'link' : 'file',
      ...(random.chance(0.1) && { claimedSize: random.pick([0, 1, 100_000, 2 ** 31 - 1]) }),
    }
  }
  const entries = (random: Random): ArchiveEntry[] => {
    const { chainPem, privateKeyPem } = random.pick(leaves)
    const pair = [
      { path: 'good.pem', content: chainPem },
      { path: 'good.key', content: privateKeyPem },
    ]
    return [...Array.from({ length: random.below(4) }, () => entry(random)), ...(random.chance(0.5) ? pair : [])]
  }
  const read = async (extension: string, bytes: Buffer): Promise<Verdict> => {
    const path = join(folder, `input.${extension}`)
    writeFileSync(path, bytes)
    try {
      return await drain(await openSource(path, { done: 0, total: 0 }))
    } catch (error) {
      if (error instanceof CliFailure) return 'refused'
      throw error
    } finally {
      rmSync(path)
    }
  }
  return [
    {
      name: 'archives',
      share: 0.04,
      feed: (random) => {
        const [extension, make] = random.pick(MAKERS)
        const whole = make(entries(random))
        return read(extension, random.chance(0.6) ? mutateBytes(whole, random) : whole)
      },
    },
    {
      name: 'bombs',
      share: 0.002,
      feed: (random) => {
        const [extension, bytes] = random.pick(bombs)
        return read(extension, random.chance(0.5) ? mutateBytes(bytes, random) : bytes)
      },
    },
    {
      name: 'PFX',
      share: 0.028,
      // No reader takes it: whoever sends one is told so, whatever is in it.
      feed: (random) => {
        const bytes = mutateBytes(pfx, random)
        const text = bytes.toString(random.pick(['latin1', 'utf8', 'base64']))
        const readers = [() => parsePem(text), () => loadPrivateKey(text), () => parseCertificate(bytes)]
        const verdict = refusalsOf([PkiError], random.pick(readers))
        return random.chance(0.2) ? drain(pairFiles(listOf([{ path: 'site.pfx', content: bytes }]))) : verdict
      },
    },
    {
      name: 'loose files',
      share: 0.03,
      feed: (random) => drain(pairFiles(listOf(entries(random)))),
    },
  ]
}

async function somePfx(): Promise<Buffer> {
  const issuer = createChain()
  const leaf = issuer.issue({ names: ['shop.example.com'] })
  const chain = [parseCertificate(leaf.der), parseCertificate(issuer.der)]
  const content = { key: loadPrivateKey(leaf.privateKeyPem), chain, alias: 'shop', password: 'password' }
  return Buffer.from(await createPkcs12(content, 'aes256'))
}

const BOMB_BYTES = 8 * 1024 * 1024

/** Small files that would fill memory or a disk: one that unpacks large and lies about it, many in one, and one inside the other. */
function someBombs(): [extension: string, bytes: Buffer][] {
  const zeros = Buffer.alloc(BOMB_BYTES)
  const liar = { path: 'a.pem', content: zeros, claimedSize: 10 }
  const zip = makeZip([liar])
  const many = Array.from({ length: 1000 }, (_, index) => ({ path: `${index}.pem`, content: '-----BEGIN' }))
  return [
    ['zip', zip],
    ['zip', makeZip([{ path: 'a.pem', content: zeros }])],
    ['zip', makeZip(many)],
    [
      'zip',
      makeZip([
        { path: 'inner.zip', content: zip },
        { path: 'a.pem', content: zip },
      ]),
    ],
    ['tar.gz', gzipSync(zeros)],
    ['tar.gz', makeTarGz([{ path: 'a.pem', content: zeros }])],
    ['tar.gz', makeTarGz([liar])],
    ['tar.gz', makeTarGz(many)],
    ['tar.gz', gzipSync(gzipSync(zeros))],
  ]
}

// oxlint-disable-next-line require-await -- a list stands for a folder
async function* listOf(entries: readonly ArchiveEntry[]): AsyncGenerator<SourceFile> {
  for (const { path, content = '' } of entries) yield { kind: 'file', path, text: content.toString() }
}

async function drain(items: AsyncIterable<Item>): Promise<Verdict> {
  let found = 0
  for await (const item of items) if (item.kind === 'found') found += 1
  return found > 0 ? 'accepted' : 'refused'
}
