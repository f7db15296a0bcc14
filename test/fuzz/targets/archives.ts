/**
 * Archives and files as `evercert upload --from` reads them: hostile paths, types and sizes, and bytes that were changed.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliFailure } from '../../../packages/cli/src/failure.ts'
import { pairFiles, type SourceFile } from '../../../packages/cli/src/import/pair-files.ts'
import { openSource } from '../../../packages/cli/src/import/source.ts'
import type { Item } from '../../../packages/cli/src/import/found.ts'
import { makeTar, makeTarGz, makeZip, type ArchiveEntry } from '../../harness/archives.ts'
import { createChain } from '../../harness/certificates.ts'
import { mutateBytes, mutateText } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target, Verdict } from '../target.ts'

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
export function archiveTargets(folder: string): Target[] {
  const issuer = createChain()
  const leaves = Array.from({ length: 4 }, (_, index) => issuer.issue({ names: [`site-${index}.example.com`] }))
  const entry = (random: Random): ArchiveEntry => {
    const leaf = random.pick(leaves)
    const content = random.pick([
      leaf.chainPem,
      leaf.privateKeyPem,
      mutateText(leaf.chainPem, random),
      '0\u0082\u0001\u0002\u0003',
    ])
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
  return [
    {
      name: 'archives',
      share: 0.04,
      feed: async (random) => {
        const [extension, make] = random.pick(MAKERS)
        const whole = make(entries(random))
        const path = join(folder, `input.${extension}`)
        writeFileSync(path, random.chance(0.6) ? mutateBytes(whole, random) : whole)
        try {
          return await drain(await openSource(path, { done: 0, total: 0 }))
        } catch (error) {
          if (error instanceof CliFailure) return 'refused'
          throw error
        } finally {
          rmSync(path)
        }
      },
    },
    {
      name: 'loose files',
      share: 0.03,
      feed: (random) => drain(pairFiles(listOf(entries(random)))),
    },
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
