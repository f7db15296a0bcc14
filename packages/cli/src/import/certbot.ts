/**
 * Certbot: `live/<name>/` links to the current generation in `archive/<name>/` (`cert3.pem`, `chain3.pem`, `privkey3.pem`).
 *
 * Earlier generations that have not expired come with it, so that the list has them under one another. What has expired stays where it is,
 * and its fingerprint tells whether it is what came before.
 *
 * @module
 */
import { readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseCertificate, type CertificateFacts } from '@evercert/pki'
import type { Estate } from './estate.ts'
import { firstSkipped, notAnEstate, readText } from './files.ts'
import { listFolders, orRefuse, type Listed } from './folders.ts'
import { skipped, type Found, type Item, type Skipped } from './found.ts'

export const certbot: Estate = {
  id: 'certbot',
  option: 'root',
  defaultFolder: () => '/etc/letsencrypt',
  read: readCertbot,
}

async function* readCertbot(root: string, now: number): AsyncGenerator<Item> {
  const folder = join(root, 'live')
  const listed = await orRefuse(folder, listFolders(root, folder))
  if (listed === null) throw notAnEstate('certbot', root, 'folder "live"')
  yield* listed.left
  yield* await withoutLive(root, listed)
  for (const name of listed.names) {
    const live = join(root, 'live', name)
    const chain = await readText(root, join(live, 'fullchain.pem'))
    const key = await readText(root, join(live, 'privkey.pem'))
    const { left, earlier, expiredSha256 } = await readGenerations(root, name, now)
    if (typeof chain === 'string' && typeof key === 'string') {
      const lineage = { earlier, expiredSha256 }
      yield { kind: 'found', origin: live, name, certificatePem: chain, privateKeyPem: key, lineage }
    } else {
      yield skipped(live, firstSkipped(chain, key) ?? 'incomplete')
      yield* earlier.map(({ origin }) => skipped(origin, 'superseded'))
    }
    yield* left
  }
}

/** Lineages that certbot renews and that have no folder: somebody moved or deleted it. */
async function withoutLive(root: string, { names, left }: Listed): Promise<Skipped[]> {
  const folder = join(root, 'renewal')
  const files = await readdir(folder).catch(() => [])
  const told = new Set([...names, ...left.map(({ origin }) => basename(origin))])
  return files
    .filter((file) => file.endsWith('.conf') && !told.has(file.slice(0, -'.conf'.length)))
    .toSorted()
    .map((file) => skipped(join(folder, file), 'incomplete'))
}

/** All but the current one. */
interface Generations {
  readonly earlier: Found[]
  readonly left: Skipped[]
  expiredSha256: string | null
}

async function readGenerations(root: string, name: string, now: number): Promise<Generations> {
  const read: Generations = { earlier: [], left: [], expiredSha256: null }
  const target = await realpath(join(root, 'live', name, 'cert.pem')).catch(() => null)
  const current = target === null ? null : numberOf(basename(target))
  if (current === null) return read
  const archive = join(root, 'archive', name)
  const files = await readdir(archive).catch(() => [])
  const numbers = files.map(numberOf).filter((number): number is number => number !== null && number !== current)
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const found = number < current ? await readGeneration(root, { archive, name, number }) : null
    if (found !== null && found.leaf.notAfter > now) read.earlier.push(found.item)
    else {
      read.left.push(skipped(join(archive, `cert${number}.pem`), 'superseded'))
      if (found !== null && read.earlier.length === 0) read.expiredSha256 = found.leaf.sha256
    }
  }
  return read
}

function numberOf(file: string): number | null {
  const digits = /^cert(\d{1,9})\.pem$/.exec(file)?.[1]
  return digits === undefined ? null : Number.parseInt(digits, 10)
}

interface Generation {
  readonly archive: string
  readonly name: string
  readonly number: number
}

/** Null when a part of it is missing or damaged: another has taken its place. */
async function readGeneration(
  root: string,
  { archive, name, number }: Generation,
): Promise<{ readonly item: Found; readonly leaf: CertificateFacts } | null> {
  const certificatePem = await readText(root, join(archive, `fullchain${number}.pem`))
  const privateKeyPem = await readText(root, join(archive, `privkey${number}.pem`))
  if (typeof certificatePem !== 'string' || typeof privateKeyPem !== 'string') return null
  try {
    const leaf = parseCertificate(certificatePem)
    return { item: { kind: 'found', origin: join(archive, `cert${number}.pem`), name, certificatePem, privateKeyPem }, leaf }
  } catch {
    return null
  }
}
