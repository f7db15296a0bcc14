/** Taking back goes before all that only waits, or looks for what is at fault in a batch. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import type { Gathering } from '../../src/ports/kit.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const authority = createChain()
const issue = () => authority.issue({ names: ['site.test'] })

let folder: string
let journal: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evercert-restore-first-'))
  journal = join(folder, 'journal')
  writeFileSync(journal, '')
  // The server refuses any other pair than the old one at this site.
  script('test', `printf t >> ${journal}; cmp -s ${pathOf('faulty')} ${join(folder, 'faulty.before')}`)
  script('reload', `printf R >> ${journal}`)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const pathOf = (name: string) => join(folder, `${name}.pem`)
const script = (name: string, body: string) => writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })

const soon: Gathering = { quietMs: () => 100, aside: (wait) => wait() }

/** A target whose files hold a pair already, on the one server of this folder. */
function aTarget(name: string, gathering: Gathering, onSwapped: () => void = () => {}) {
  const config = localFilesConfig.parse({
    certificatePath: pathOf(name),
    keyPath: join(folder, `${name}.key`),
    testCommand: [join(folder, 'test')],
    reloadCommand: [join(folder, 'reload')],
  })
  return localFilesTarget(config, { ...kitWithoutNetwork, gathering }, (step) => {
    if (step === 'swapped') onSwapped()
  })
}

function anOld(name: string): void {
  const old = issue()
  writeFileSync(pathOf(name), old.chainPem)
  writeFileSync(join(folder, `${name}.key`), old.privateKeyPem)
  writeFileSync(join(folder, `${name}.before`), old.chainPem)
}

const isOld = (name: string) => readFileSync(pathOf(name), 'utf8') === readFileSync(join(folder, `${name}.before`), 'utf8')

/** A target that has a pair that is to be taken back. */
async function aRefused(gathering: Gathering) {
  for (const name of ['refused', 'faulty']) anOld(name)
  const pair = issue()
  await aTarget('refused', soon).apply(pair)
  writeFileSync(journal, '')
  return { restore: () => aTarget('refused', gathering).restore(pair.sha256, null) }
}

test('it does not wait for those who gather before a reload, nor do they go with it', async () => {
  const crowd = { isComplete: false }
  const waitsForOthers: Gathering = { quietMs: () => (crowd.isComplete ? 0 : 30_000), aside: (wait) => wait() }
  const { restore } = await aRefused(waitsForOthers)
  anOld('other')
  const other = aTarget('other', waitsForOthers).apply(issue())
  await expect(restore()).resolves.toMatchObject({ changed: true, reloaded: true })
  expect([isOld('refused'), isOld('other'), readFileSync(journal, 'utf8')]).toEqual([true, true, 'R'])
  crowd.isComplete = true
  await expect(other).resolves.toMatchObject({ reloaded: true })
})

test('a batch that looks for what is at fault in it lets it pass', async () => {
  const { restore } = await aRefused(soon)
  const names = ['faulty', 'one', 'two', 'three']
  for (const name of names.slice(1)) anOld(name)
  const ended: string[] = []
  const swapped = Promise.withResolvers<void>()
  const batch = Promise.allSettled(names.map((name) => aTarget(name, soon, swapped.resolve).apply(issue()))).then((results) => {
    ended.push('batch')
    return results
  })
  await swapped.promise
  await restore()
  ended.push('restored')
  const results = await batch
  expect(ended).toEqual(['restored', 'batch'])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect(names.map(isOld)).toEqual([true, false, false, false])
  // As it is, all in place, all back; then it, before the halves: each of two, and the one at fault alone.
  expect(readFileSync(journal, 'utf8')).toMatch(/^tttRt+R$/)
})
