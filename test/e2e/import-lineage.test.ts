/** Generations of one name, as certbot and lego leave them in their folders, taken over by the `evercert` command: once, again, and after a renewal. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startEvercert, type Evercert } from '../../bench/support/evercert.ts'
import { createChain, type TestLeaf } from '../harness/certificates.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DAY_MS = 86_400_000
const run = promisify(execFile)
const authority = createChain({ notBefore: Date.now() - 400 * DAY_MS, notAfter: Date.now() + 4000 * DAY_MS })

let base: string
let evercert: Evercert
let folder: string
let folders = 0

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'evercert-lineage-'))
  evercert = await startEvercert({ dataDir: join(base, 'data') })
})
beforeEach(async () => {
  folder = join(base, String((folders += 1)))
  await mkdir(folder)
})
afterAll(async () => {
  await evercert?.process.stop()
  await rm(base, { recursive: true, force: true, maxRetries: 3 })
})

const leafOf = (domain: string, daysLeft: number): TestLeaf => {
  const notAfter = Date.now() + daysLeft * DAY_MS
  return authority.issue({ names: [domain], notBefore: notAfter - 90 * DAY_MS, notAfter })
}

interface Document {
  readonly stored: readonly { readonly name: string; readonly sha256: string; readonly renewsCertificateId: string | null }[]
  readonly present: readonly { readonly name: string }[]
  readonly refused: readonly unknown[]
  readonly skipped: readonly { readonly code: string }[]
}

async function importFrom(tool: string, ...args: readonly string[]): Promise<Document> {
  const env = { ...process.env, EVERCERT_DATA_DIR: join(base, 'data'), EVERCERT_URL: evercert.url, LANG: 'C.UTF-8', LC_ALL: '' }
  const program = join(ROOT, 'packages/cli/bin/main.mjs')
  const { stdout } = await run(process.execPath, [program, 'import', tool, ...args, '--json'], { env })
  return JSON.parse(stdout) as Document
}

const countsOf = ({ stored, present, refused, skipped }: Document) =>
  [stored, present, refused, skipped].map(({ length }) => length)

async function putGeneration(name: string, number: number, leaf: TestLeaf): Promise<void> {
  const archive = join(folder, 'archive', name)
  const live = join(folder, 'live', name)
  await Promise.all([mkdir(archive, { recursive: true }), mkdir(live, { recursive: true })])
  const parts = { cert: leaf.pem, fullchain: leaf.chainPem, privkey: leaf.privateKeyPem }
  for (const [part, text] of Object.entries(parts)) {
    await writeFile(join(archive, `${part}${number}.pem`), text)
    await rm(join(live, `${part}.pem`), { force: true })
    await symlink(`../../archive/${name}/${part}${number}.pem`, join(live, `${part}.pem`))
  }
}

/** From the oldest to the newest, as the list has them. */
async function lineageOf(domain: string) {
  const { items } = await evercert.client.certificates.list({ domain, sort: 'expiry', limit: 100 })
  return items.map(({ id, sha256, renewsCertificateId, renewedByCertificateId }) => ({
    id,
    sha256,
    renewsCertificateId,
    renewedByCertificateId,
  }))
}

async function expectLineage(domain: string, leaves: readonly TestLeaf[]): Promise<void> {
  const lineage = await lineageOf(domain)
  expect(lineage.map(({ sha256 }) => sha256)).toEqual(leaves.map(({ sha256 }) => sha256))
  expect(lineage.map(({ renewsCertificateId }) => renewsCertificateId)).toEqual(
    [null, ...lineage.map(({ id }) => id)].slice(0, -1),
  )
  expect(lineage.map(({ renewedByCertificateId }) => renewedByCertificateId)).toEqual([
    ...lineage.slice(1).map(({ id }) => id),
    null,
  ])
}

it('three generations of certbot come under one another; again nothing changes; what certbot renews later follows them', async () => {
  const domain = 'shop.example.com'
  const leaves = [leafOf(domain, 10), leafOf(domain, 40), leafOf(domain, 70)] as const
  await putGeneration('shop', 1, leafOf(domain, -20))
  for (const [index, leaf] of leaves.entries()) await putGeneration('shop', index + 2, leaf)
  expect(countsOf(await importFrom('certbot', '--root', folder, '--dry-run'))).toEqual([3, 0, 0, 1])
  expect(await lineageOf(domain)).toEqual([])
  expect(countsOf(await importFrom('certbot', '--root', folder))).toEqual([3, 0, 0, 1])
  await expectLineage(domain, leaves)
  expect(countsOf(await importFrom('certbot', '--root', folder))).toEqual([0, 3, 0, 1])
  await expectLineage(domain, leaves)
  const next = leafOf(domain, 89)
  await putGeneration('shop', 5, next)
  const later = await importFrom('certbot', '--root', folder)
  expect(countsOf(later)).toEqual([1, 3, 0, 1])
  await expectLineage(domain, [...leaves, next])
})

it('of a lineage whose newest was imported alone before, earlier generations stay out; an archive that was tidied is followed by its name', async () => {
  const domain = 'blog.example.com'
  const leaves = [leafOf(domain, 10), leafOf(domain, 40), leafOf(domain, 70)] as const
  await evercert.client.certificates.upload({
    name: 'blog',
    certificatePem: leaves[1].chainPem,
    privateKeyPem: leaves[1].privateKeyPem,
  })
  await putGeneration('blog', 1, leaves[0])
  await putGeneration('blog', 2, leaves[1])
  expect(countsOf(await importFrom('certbot', '--root', folder))).toEqual([0, 1, 0, 1])
  await rm(join(folder, 'archive'), { recursive: true })
  await putGeneration('blog', 3, leaves[2])
  expect(countsOf(await importFrom('certbot', '--root', folder))).toEqual([1, 0, 0, 0])
  await expectLineage(domain, leaves.slice(1))
})

it('what keeps its current generation alone is followed by name and domains; of other domains it stands alone', async () => {
  const domain = 'wiki.example.com'
  const put = async (leaf: TestLeaf): Promise<void> => {
    await mkdir(join(folder, 'certificates'), { recursive: true })
    await writeFile(join(folder, 'certificates', `${domain}.crt`), leaf.chainPem)
    await writeFile(join(folder, 'certificates', `${domain}.key`), leaf.privateKeyPem)
  }
  // Two of them expire on the same day.
  const leaves = [leafOf(domain, 20), leafOf(domain, 80), leafOf(domain, 80.001)] as const
  for (const leaf of leaves) {
    await put(leaf)
    expect(countsOf(await importFrom('lego', '--path', folder))).toEqual([1, 0, 0, 0])
  }
  await expectLineage(domain, leaves)
  await put(leafOf('docs.example.com', 85))
  expect((await importFrom('lego', '--path', folder)).stored).toMatchObject([{ renewsCertificateId: null }])
  await expectLineage(domain, leaves)
})

it('what follows a certificate whose renewal is ordered is kept, alone', async () => {
  const domain = 'mail.example.com'
  const [first, second] = [leafOf(domain, 10), leafOf(domain, 70)]
  await putGeneration('mail', 1, first)
  expect(countsOf(await importFrom('certbot', '--root', folder))).toEqual([1, 0, 0, 0])
  const [old] = await lineageOf(domain)
  await evercert.client.orders.place({ productId: 'evercert-private-dv-single', renewsCertificateId: old?.id ?? '' })
  await putGeneration('mail', 2, second)
  const { stored, refused } = await importFrom('certbot', '--root', folder)
  expect(stored).toMatchObject([{ sha256: second.sha256, renewsCertificateId: null }])
  expect(refused).toEqual([])
})
