import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseCsr } from '@evercert/pki'
import { afterAll, describe, expect, test } from 'vitest'
import { createSelfSigned } from '../../../test/harness/certificates.ts'
import { serveTls } from '../../pki/test/probe/servers.ts'
import { loadConfig, parseConfig } from '../src/config.ts'
import { removeUnfinished } from '../src/state.ts'
import { doWork, readWork } from '../src/work.ts'

const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-work-'))
const configs = mkdtempSync(join(tmpdir(), 'evercert-agent-config-'))
afterAll(() => {
  for (const each of [folder, configs]) rmSync(each, { recursive: true, force: true })
})
const en = (text: string): string => text

const mark = join(folder, 'was-run')
const site = {
  server: 'files',
  certificatePath: join(folder, 'site.pem'),
  keyPath: join(folder, 'site.key'),
  reloadCommand: ['touch', mark],
}
const config = parseConfig(JSON.stringify({ server: 'https://evercert.test', sites: { shop: site } }), 'config.json', en)

describe('what a service may not have', () => {
  const honest = {
    id: 'wrk_1',
    lease: 'lease',
    kind: 'install',
    site: 'shop',
    sha256: 'a'.repeat(64),
    chainPem: 'x',
    privateKeyPem: 'x',
  }

  test.each<[string, object, string]>([
    ['a site that is not configured', { site: 'other' }, 'no site other'],
    ['a site by the name of what every object has', { site: 'constructor' }, 'no site constructor'],
    ['a path for a site', { site: '../etc' }, 'can be no name'],
    ['a reload command of its own', { reloadCommand: ['touch', mark] }, 'reloadCommand, which no work may'],
    ['a test command of its own', { testCommand: ['sh', '-c', `touch ${mark}`] }, 'testCommand, which no work may'],
    ['a path of its own', { certificatePath: '/etc/passwd' }, 'certificatePath, which no work may'],
    ['a certificate with a CSR', { kind: 'csr' }, 'which no work may'],
    ['another kind of work', { kind: 'run', command: undefined }, 'no work of the kind run'],
    ['a field that is not of the work', { command: undefined }, 'command, which no work may'],
    ['work of an unknown kind', { kind: 'exec' }, 'no work of the kind exec'],
    ['something that is no certificate', {}, 'Checking the pair'],
    ['a fingerprint that is none', { sha256: `${'a'.repeat(63)};` }, 'no certificate'],
    ['a chain that is no text', { chainPem: 7 }, 'no chain'],
  ])('%s: refused, and nothing was touched', async (_what, change, said) => {
    const work = readWork({ work: { ...honest, ...change } })
    if (work === null) throw new Error('no work')
    const statement = await doWork(config, work)
    expect(statement).toMatchObject({ outcome: 'refused', install: null, restore: null })
    expect(statement.problem).toContain(said)
    expect([existsSync(mark), readdirSync(folder)]).toEqual([false, []])
  })

  test('work that cannot be reported on is not begun', () => {
    expect(readWork({ work: null })).toBeNull()
    for (const work of [undefined, 7, { ...honest, id: '../../x' }, { ...honest, lease: 'a\nb' }]) {
      expect(() => readWork({ work })).toThrow('the service')
    }
  })
})

describe('a key that is made here', () => {
  const stateFolder = join(configs, 'state')
  const own = { ...config, stateFolder }
  const keys = (): string[] => readdirSync(join(stateFolder, 'keys')).toSorted()
  const order = (id: string, change: object = {}) => ({
    id,
    lease: `l${keyCount++}`,
    raw: { id, lease: 'l', kind: 'csr', site: 'shop', domains: ['shop.example'], key: 'p256', ...change },
  })
  let keyCount = 0
  const spkiOf = async (pem = ''): Promise<string> => (await parseCsr(pem)).spkiSha256
  afterAll(() => rmSync(stateFolder, { recursive: true, force: true }))

  test.each<[string, object, string]>([
    ['a key of a kind that there is not', { key: 'dsa' }, 'kind dsa'],
    ['a name that is no domain', { domains: ['a b'] }, 'no domain'],
    ['no name', { domains: [] }, 'no domain'],
    ['more names than a certificate has', { domains: Array.from({ length: 251 }, () => 'a.example') }, 'no domain'],
    ['a site that is not here', { site: 'other' }, 'no site other'],
    ['a path', { keyPath: '/etc/shadow' }, 'keyPath, which no work may'],
  ])('not for %s', async (_what, change, said) => {
    expect(await doWork(own, order('wrk_no', change))).toMatchObject({
      outcome: 'refused',
      problem: expect.stringContaining(said) as string,
    })
    expect(existsSync(stateFolder)).toBe(false)
  })

  test('is kept before its CSR is told, and is the same for the same work after a crash at any moment; other work has another', async () => {
    const first = await doWork(own, order('wrk_1'))
    expect(first).toMatchObject({
      outcome: 'csrMade',
      problem: null,
      csrPem: expect.stringContaining('CERTIFICATE REQUEST') as string,
    })
    const spki = await spkiOf(first.csrPem)
    expect(keys()).toEqual([`${spki}.pem`, 'wrk_1.made'].toSorted())
    expect(statSync(join(stateFolder, 'keys', `${spki}.pem`)).mode & 0o777).toBe(0o600)
    // It died before the report was on disk: the service gives the same work again.
    expect(await spkiOf((await doWork(own, order('wrk_1'))).csrPem)).toBe(spki)
    // It died between the note and the key: nobody had heard of that key, and there is one again.
    rmSync(join(stateFolder, 'keys', `${spki}.pem`))
    const anew = await spkiOf((await doWork(own, order('wrk_1'))).csrPem)
    expect(anew).not.toBe(spki)
    expect(keys()).toEqual([`${anew}.pem`, 'wrk_1.made'].toSorted())
    const other = await spkiOf((await doWork(own, order('wrk_2', { key: 'p384', domains: ['*.shop.example'] }))).csrPem)
    expect(new Set([spki, anew, other]).size).toBe(3)
  })
})

test('what was being written by who died goes, and by whom nobody knows after an hour; of who lives it stays', () => {
  const stateFolder = mkdtempSync(join(configs, 'unfinished-'))
  const old = new Date(Date.now() - 2 * 3_600_000)
  for (const part of ['keys', 'outbox', 'begun']) mkdirSync(join(stateFolder, part))
  const unfinished = (path: string, pid?: number) => `${path}${pid === undefined ? '' : `.${pid}`}.0123456789ab.unfinished`
  const { pid: dead } = spawnSync('true')
  const left = [
    unfinished('identity.json', dead),
    unfinished('keys/k.pem', dead),
    unfinished('begun/w.json', process.pid),
    unfinished('outbox/w.json'),
    unfinished('outbox/old.json', process.ppid),
  ]
  const kept = ['keys/k.pem', 'outbox/w.json', unfinished('keys/new.pem', process.ppid), unfinished('keys/new.pem')]
  for (const name of [...left, ...kept]) {
    writeFileSync(join(stateFolder, name), '')
    if (/outbox|k[.]pem$/.test(name)) utimesSync(join(stateFolder, name), old, old)
  }
  removeUnfinished(stateFolder)
  expect(left.filter((name) => existsSync(join(stateFolder, name)))).toEqual([])
  expect(kept.filter((name) => existsSync(join(stateFolder, name)))).toEqual(kept)
})

describe('the configuration', () => {
  const write = (text: object, mode = 0o644): string => {
    const path = join(mkdtempSync(join(configs, 'one-')), 'config.json')
    writeFileSync(path, JSON.stringify(text))
    chmodSync(path, mode)
    return path
  }
  const good = { server: 'https://evercert.test', sites: { shop: site } }

  test('of which others could change what is run is refused', () => {
    expect(loadConfig(write(good), en).sites['shop']?.reloadCommand).toEqual(['touch', mark])
    expect(() => loadConfig(write(good, 0o664), en)).toThrow('others than root may change')
    const inOpenFolder = write(good)
    chmodSync(join(inOpenFolder, '..'), 0o777)
    expect(() => loadConfig(inOpenFolder, en)).toThrow('others than root may change')
  })

  test.each<[string, object]>([
    ['plain http beyond this machine', { ...good, server: 'http://evercert.test' }],
    ['a setting that there is not', { ...good, shell: true }],
    ['a command as one text', { ...good, sites: { shop: { ...site, reloadCommand: 'nginx -s reload' } } }],
    ['a relative path', { ...good, sites: { shop: { ...site, keyPath: 'site.key' } } }],
    ['one file twice', { ...good, sites: { shop: { ...site, keyPath: site.certificatePath } } }],
    ['a name that is none', { ...good, sites: { '../x': site } }],
    ['a server that there is not', { ...good, sites: { shop: { ...site, server: 'iis' } } }],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseConfig(JSON.stringify(text), 'config.json', en)).toThrow('Reading config.json: ')
  })
})

test.each<[string, 'none' | 'another' | 'same' | 'beside', boolean]>([
  ['nobody can see what is served', 'none', true],
  ['another one is served', 'another', true],
  ['it is served', 'same', false],
  ['it is served for its kind of key, beside one that is preferred', 'beside', false],
])('a pair that is in the files already, when %s: reloaded alone: %s', async (_what, probing, reloaded) => {
  const place = mkdtempSync(join(configs, 'held-'))
  const [held, another] = [createSelfSigned(probing === 'beside' ? { key: 'rsa2048' } : {}), createSelfSigned()]
  const { chainPem, privateKeyPem, sha256 } = held
  const paths = { certificatePath: join(place, 'site.pem'), keyPath: join(place, 'site.key') }
  writeFileSync(paths.certificatePath, chainPem)
  writeFileSync(paths.keyPath, privateKeyPem)
  const both = { cert: [another.chainPem, chainPem], key: [another.privateKeyPem, privateKeyPem] }
  const server = await serveTls(probing === 'same' ? held : another, probing === 'beside' ? both : {})
  const probe = { port: server.port, serverName: 'shop.example', waitSeconds: 1 }
  const shop = { server: 'files', ...paths, reloadCommand: ['touch', join(place, 'ran')], ...(probing !== 'none' && { probe }) }
  const text = JSON.stringify({ server: 'https://evercert.test', stateFolder: join(place, 'state'), sites: { shop } })
  const raw = { id: 'wrk_1', lease: 'l', kind: 'install', site: 'shop', sha256, chainPem, privateKeyPem }
  const order = (id: string, more: object = {}) =>
    doWork(parseConfig(text, 'config.json', en), { id, lease: 'l', raw: { ...raw, id, ...more } })
  const installed = (again: boolean) => ({
    outcome: 'installed',
    install: { changed: false, previousSha256: sha256, reloaded: again },
  })
  expect(await order('wrk_1')).toMatchObject(installed(reloaded))
  expect(existsSync(join(place, 'ran'))).toBe(reloaded)
  // Another order for the same: where nobody can see anything, once is enough.
  expect(await order('wrk_2')).toMatchObject(installed(probing === 'another'))
  // Unless somebody asks for it.
  const asked = await order('wrk_3', { again: true })
  expect(asked).toMatchObject(installed(true))
  expect(asked.install?.log.join('\n')).toMatch(/Asked for anew.*reloading the server.*Ran the reload command/s)
  await server.close()
})
