/**
 * Certbot: `live/<name>/` links to the current generation in `archive/<name>/` (`cert3.pem`, `chain3.pem`, `privkey3.pem`).
 *
 * Only the current generation is imported. Earlier ones that have not expired are superseded: no site serves them, and a list that
 * showed them would ask to renew what is renewed already. They are reported, and stay where they are.
 *
 * @module
 */
import { readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Estate } from './estate.ts'
import { firstSkipped, isMissing, notAnEstate, readText } from './files.ts'
import { skipped, type Item } from './found.ts'

export const certbot: Estate = {
  id: 'certbot',
  option: 'root',
  defaultFolder: () => '/etc/letsencrypt',
  read: readCertbot,
}

async function* readCertbot(root: string): AsyncGenerator<Item> {
  const names = await lineages(join(root, 'live'))
  if (names === null) throw notAnEstate('certbot', root, 'folder "live"')
  for (const name of names) {
    const live = join(root, 'live', name)
    const chain = await readText(root, join(live, 'fullchain.pem'))
    const key = await readText(root, join(live, 'privkey.pem'))
    if (typeof chain === 'string' && typeof key === 'string')
      yield { kind: 'found', origin: live, name, certificatePem: chain, privateKeyPem: key }
    else yield skipped(live, firstSkipped(chain, key) ?? 'incomplete')
    yield* earlierGenerations(root, name)
  }
}

async function lineages(live: string): Promise<string[] | null> {
  try {
    const entries = await readdir(live, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

async function* earlierGenerations(root: string, name: string): AsyncGenerator<Item> {
  const current = await realpath(join(root, 'live', name, 'cert.pem')).catch(() => null)
  const archive = join(root, 'archive', name)
  const files = await readdir(archive).catch(() => [])
  const generations = files.filter((file) => /^cert\d+\.pem$/.test(file)).toSorted(byGeneration)
  for (const file of generations)
    if (current !== null && basename(current) !== file) yield skipped(join(archive, file), 'superseded')
}

function byGeneration(a: string, b: string): number {
  return Number.parseInt(a.slice('cert'.length), 10) - Number.parseInt(b.slice('cert'.length), 10)
}
