/**
 * acme.sh: `<domain>/` for RSA and `<domain>_ecc/` for elliptic curves, each with `fullchain.cer` and `<domain>.key`. The layout is
 * that of its documentation.
 *
 * @module
 */
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Estate } from './estate.ts'
import { firstSkipped, notAnEstate, readText } from './files.ts'
import { listFolders, orRefuse } from './folders.ts'
import { CURRENT_ALONE, skipped, type Item } from './found.ts'

const ECC = '_ecc'

export const acmeSh: Estate = {
  id: 'acme.sh',
  option: 'home',
  defaultFolder: (env) => env['LE_WORKING_DIR'] ?? join(env['HOME'] ?? homedir(), '.acme.sh'),
  read: readAcmeSh,
}

async function* readAcmeSh(home: string): AsyncGenerator<Item> {
  const listed = await orRefuse(home, listFolders(home, home))
  if (listed === null) throw notAnEstate('acme.sh', home, 'such folder')
  yield* listed.left
  const names = new Set(listed.names)
  for (const folder of listed.names) {
    const domain = folder.endsWith(ECC) ? folder.slice(0, -ECC.length) : folder
    const files = await readdir(join(home, folder)).catch(() => null)
    if (files === null) yield skipped(join(home, folder), 'unreadable')
    if (files === null || !files.includes(`${domain}.conf`)) continue // accounts, hooks, deploy scripts
    const origin = join(home, folder)
    const chain = await readText(home, join(origin, 'fullchain.cer'))
    const key = await readText(home, join(origin, `${domain}.key`))
    if (typeof chain !== 'string' || typeof key !== 'string') {
      yield skipped(origin, firstSkipped(chain, key) ?? 'incomplete')
      continue
    }
    // Both kinds of one domain stand side by side there, and need two names here.
    const name = folder.endsWith(ECC) && names.has(domain) ? `${domain} (ECC)` : domain
    yield { kind: 'found', origin, name, certificatePem: chain, privateKeyPem: key, lineage: CURRENT_ALONE }
  }
}
