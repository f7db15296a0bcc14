/**
 * Caddy: `certificates/<issuer>/<name>/<name>.crt` (leaf and chain), `.key`, `.json`; a wildcard's name begins with `wildcard_`.
 *
 * @module
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Estate } from './estate.ts'
import { firstSkipped, notAnEstate, readText } from './files.ts'
import { listFolders, orRefuse, type Listed } from './folders.ts'
import { CURRENT_ALONE, skipped, type Item } from './found.ts'

export const caddy: Estate = {
  id: 'caddy',
  option: 'data',
  defaultFolder: (env) => join(env['XDG_DATA_HOME'] ?? join(env['HOME'] ?? homedir(), '.local/share'), 'caddy'),
  read: readCaddy,
}

async function* readCaddy(data: string): AsyncGenerator<Item> {
  const certificates = join(data, 'certificates')
  const issuers = await orRefuse(certificates, listFolders(data, certificates))
  if (issuers === null) throw notAnEstate('Caddy', data, 'folder "certificates"')
  yield* issuers.left
  const taken = new Set<string>()
  for (const issuer of issuers.names) {
    const sites = await listOrTell(data, join(certificates, issuer))
    yield* sites.left
    for (const site of sites.names) {
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
  for (const authority of (await listOrTell(data, join(data, 'pki', 'authorities'))).names)
    yield skipped(join(data, 'pki', 'authorities', authority), 'certificateAuthority')
}

async function listOrTell(root: string, folder: string): Promise<Listed> {
  try {
    return (await listFolders(root, folder)) ?? { names: [], left: [] }
  } catch {
    return { names: [], left: [skipped(folder, 'unreadable')] }
  }
}
