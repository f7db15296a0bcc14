/**
 * Caddy: `certificates/<issuer>/<name>/<name>.crt` (leaf and chain), `.key`, `.json`; a wildcard's name begins with `wildcard_`.
 *
 * @module
 */
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Estate } from './estate.ts'
import { firstSkipped, isMissing, notAnEstate, readText } from './files.ts'
import { CURRENT_ALONE, skipped, type Item } from './found.ts'

export const caddy: Estate = {
  id: 'caddy',
  option: 'data',
  defaultFolder: (env) => join(env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? homedir(), '.local/share'), 'caddy'),
  read: readCaddy,
}

async function* readCaddy(data: string): AsyncGenerator<Item> {
  const issuers = await foldersOf(join(data, 'certificates'))
  if (issuers === null) throw notAnEstate('Caddy', data, 'folder "certificates"')
  const taken = new Set<string>()
  for (const issuer of issuers) {
    for (const site of (await foldersOf(join(data, 'certificates', issuer))) ?? []) {
      const origin = join(data, 'certificates', issuer, site)
      const chain = await readText(data, join(origin, `${site}.crt`))
      const key = await readText(data, join(origin, `${site}.key`))
      if (typeof chain !== 'string' || typeof key !== 'string') {
        yield skipped(origin, firstSkipped(chain, key) ?? 'incomplete')
        continue
      }
      const domain = site.replace(/^wildcard_\./, '*.')
      // A site that had two issuers has two folders.
      const name = taken.has(domain) ? `${domain} (${issuer})` : domain
      taken.add(domain)
      yield { kind: 'found', origin, name, certificatePem: chain, privateKeyPem: key, lineage: CURRENT_ALONE }
    }
  }
  for (const authority of (await foldersOf(join(data, 'pki', 'authorities'))) ?? [])
    yield skipped(join(data, 'pki', 'authorities', authority), 'certificateAuthority')
}

async function foldersOf(folder: string): Promise<string[] | null> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted()
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
