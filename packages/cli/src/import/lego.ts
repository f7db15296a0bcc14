/**
 * lego: `certificates/<name>.crt` (leaf and chain) and `<name>.key`; a wildcard's name begins with `_`.
 *
 * @module
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Estate } from './estate.ts'
import { firstSkipped, notAnEstate, readText } from './files.ts'
import { orRefuse } from './folders.ts'
import { CURRENT_ALONE, skipped, type Item } from './found.ts'

export const lego: Estate = {
  id: 'lego',
  option: 'path',
  defaultFolder: (env) => env['LEGO_PATH'] ?? '.lego',
  read: readLego,
}

async function* readLego(path: string): AsyncGenerator<Item> {
  const folder = join(path, 'certificates')
  const files = await orRefuse(folder, readdir(folder))
  if (files === null) throw notAnEstate('lego', path, 'folder "certificates"')
  const names = files
    .filter((file) => file.endsWith('.crt') && !file.endsWith('.issuer.crt'))
    .map((file) => file.slice(0, -'.crt'.length))
  for (const name of names.toSorted()) {
    const origin = join(folder, `${name}.crt`)
    const leaf = await readText(path, origin)
    const key = await readText(path, join(folder, `${name}.key`))
    if (typeof leaf !== 'string' || typeof key !== 'string') yield skipped(origin, firstSkipped(leaf, key) ?? 'incomplete')
    else
      yield {
        kind: 'found',
        origin,
        name: name.replace(/^_\./, '*.'),
        certificatePem: await withIssuer(path, leaf, join(folder, `${name}.issuer.crt`)),
        privateKeyPem: key,
        lineage: CURRENT_ALONE,
      }
  }
}

/** With `--no-bundle` the chain is in a file of its own. */
async function withIssuer(root: string, leaf: string, issuerFile: string): Promise<string> {
  if (leaf.split('-----BEGIN CERTIFICATE-----').length > 2) return leaf
  const issuer = await readText(root, issuerFile)
  return typeof issuer === 'string' ? `${leaf.trimEnd()}\n${issuer}` : leaf
}
