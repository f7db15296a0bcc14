/** What a release is made of, compared with the lock file itself. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { makeSbom, refusedLicences } from '../../scripts/sbom.ts'

const ROOT = join(import.meta.dirname, '../..')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** `name@version` of what our packages need, as it lies in node_modules: found as Node finds it, without npm's word. */
function installedForProduction(): string[] {
  const found = new Map<string, string>()
  const visit = (folder: string): void => {
    const {
      name,
      version,
      dependencies = {},
      optionalDependencies = {},
    } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
    if (found.has(folder)) return
    found.set(folder, `${name}@${version}`)
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const module = findModule(each, folder)
      if (module === null && !(each in optionalDependencies)) throw new Error(`${each}, which ${name} needs, is not installed`)
      if (module !== null) visit(realpathSync(module))
    }
  }
  for (const each of readdirSync(join(ROOT, 'packages'))) visit(join(ROOT, 'packages', each))
  return [...new Set([...found].filter(([folder]) => folder.includes('node_modules')).map(([, each]) => each))].toSorted()
}

function findModule(name: string, from: string): string | null {
  const candidate = join(from, 'node_modules', name)
  if (existsSync(candidate)) return candidate
  return from === dirname(from) ? null : findModule(name, dirname(from))
}

test('the SBOM has every production dependency, with version and licence, nothing of development alone, and is the same each time', () => {
  const sbom = makeSbom()
  expect(JSON.stringify(makeSbom())).toBe(JSON.stringify(sbom))
  const listed = new Set(sbom.components.map(({ name, version }) => `${name}@${version}`))
  const needed = installedForProduction()
  expect(needed.length).toBeGreaterThan(200)
  expect(needed.filter((each) => !listed.has(each))).toEqual([])
  const names = new Set(sbom.components.map(({ name }) => name))
  expect(['oxlint', 'playwright-core', 'prettier', 'knip'].filter((name) => names.has(name))).toEqual([])
  expect(sbom.metadata.component.name).toBe('evercert-workspace')
  expect(refusedLicences(sbom.components)).toEqual([])
})

test('a licence that is not accepted, or not known, is named', () => {
  const component = (name: string, ...licenses: NonNullable<Parameters<typeof refusedLicences>[0][number]['licenses']>) => ({
    name,
    version: '1.0.0',
    licenses,
  })
  expect(
    refusedLicences([
      component('a', { license: { id: 'MIT' } }),
      component('b', { license: { id: 'GPL-3.0-only' } }),
      component('c', { expression: '(GPL-2.0-only OR Apache-2.0)' }),
      component('d', { expression: '(MIT AND AGPL-3.0-only)' }),
      component('e', { license: { name: 'see LICENSE' } }),
      { name: 'f', version: '1.0.0' },
    ]),
  ).toEqual(['b@1.0.0: GPL-3.0-only', 'd@1.0.0: (MIT AND AGPL-3.0-only)', 'e@1.0.0: see LICENSE', 'f@1.0.0: no licence'])
})
