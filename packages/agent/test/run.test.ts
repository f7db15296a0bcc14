import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, verify } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createChain } from '../../../test/harness/certificates.ts'
import { enroll } from '../src/enroll.ts'
import { run } from '../src/run.ts'
import { commandLine, isLean, unitText } from '../src/unit.ts'
import { drawIdentity, keepBegun, storeIdentity } from '../src/state.ts'

interface Asked {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** A service that was stolen, or is broken: it answers as the test says. */
async function aService(
  answer: (
    asked: Asked,
  ) => { readonly status: number; readonly body: object } | Promise<{ readonly status: number; readonly body: object }>,
) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'] }
      asked.push(one)
      void Promise.resolve(answer(one)).then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('a service that wants a command run gets a signed refusal, again until it takes it; nothing is run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-run-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const mark = join(folder, 'was-run')
  const work = { id: 'wrk_1', lease: 'l', kind: 'install', site: 'shop', sha256: 'a'.repeat(64), chainPem: '', privateKeyPem: '' }
  const ending = new AbortController()
  let reports = 0
  const service = await aService(({ path }) => {
    if (path.endsWith('/observe')) return { status: 400, body: { code: 'invalid', detail: 'no\u001B[2Jthing' } }
    if (path.endsWith('/poll')) return { status: 200, body: { work: { ...work, reloadCommand: ['touch', mark] } } }
    reports += 1
    if (reports === 1) return { status: 503, body: { code: 'storageUnavailable', detail: 'away' } }
    ending.abort()
    return { status: 200, body: { taken: true } }
  })
  const identity = drawIdentity(service.url)
  const stateFolder = join(folder, 'state')
  storeIdentity(stateFolder, { ...identity, id: 'agt_1', name: 'web1' })
  const site = {
    server: 'files',
    certificatePath: join(folder, 'a.pem'),
    keyPath: join(folder, 'a.key'),
    reloadCommand: ['touch', mark],
  }
  const configPath = join(folder, 'config.json')
  const discover = { nginx: [], apache: [], haproxy: [] }
  writeFileSync(configPath, JSON.stringify({ server: service.url, stateFolder, discover, sites: { shop: site } }), {
    mode: 0o644,
  })
  const lines: string[] = []
  await run({ configPath, say: (en) => en, log: (line) => void lines.push(line), signal: ending.signal })

  const delivered = service.asked.filter(({ path }) => path.endsWith('/report')).map(({ body }) => body)
  expect(delivered).toHaveLength(2)
  expect(delivered[1]).toEqual(delivered[0])
  const { statement = '', signature = '' } = delivered[0] as Readonly<Record<string, string>>
  const isBy = (key: string) => verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64url'))
  const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  expect([isBy(identity.publicKeyPem), isBy(stranger)]).toEqual([true, false])
  expect(JSON.parse(statement)).toMatchObject({ workId: 'wrk_1', lease: 'l', outcome: 'refused' })
  expect([existsSync(mark), existsSync(site.certificatePath), readdirSync(join(stateFolder, 'outbox'))]).toEqual([
    false,
    false,
    [],
  ])
  expect(lines.join('\n')).toContain('does not take what was found on this host: no [2Jthing')
  expect(lines.join('\n')).toContain('reloadCommand, which no work may')
})

test('what waits for one server is done together and reloads it once; what is done is told meanwhile, and the report begins with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-batch-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const reload = join(folder, 'reload')
  const go = join(folder, 'go')
  writeFileSync(reload, `#!/bin/sh\nprintf x >> ${folder}/reloads\nuntil [ -e ${go} ]; do sleep 0.02; done\n`, { mode: 0o755 })
  const authority = createChain()
  const names = ['a', 'b', 'c']
  const works = names.map((name) => {
    const { sha256, chainPem, privateKeyPem } = authority.issue({ names: [`${name}.test`] })
    return { id: `wrk_${name}`, lease: 'l', kind: 'install', site: name, sha256, chainPem, privateKeyPem }
  })
  const ending = new AbortController()
  const reported: string[] = []
  const told = new Map<string, string[]>()
  const service = await aService(({ path, body }) => {
    if (path.endsWith('/observe')) return { status: 200, body: {} }
    if (path.endsWith('/poll')) {
      const holding = (body['holding'] ?? []) as readonly string[]
      return { status: 200, body: { work: works.find(({ id }) => !holding.includes(id)) ?? null } }
    }
    if (path.endsWith('/log')) {
      const { workId, from, lines } = body as { workId: string; from: number; lines: string[] }
      const known = told.get(workId) ?? []
      told.set(workId, [...known, ...lines.slice(known.length - from)])
      // Nobody lets the reload go on before the swap of each was told.
      if (names.every((name) => told.get(`wrk_${name}`)?.some((line) => line.includes('Swapped in')) === true))
        writeFileSync(go, '')
      return { status: 200, body: { told: told.get(workId)?.length ?? 0 } }
    }
    reported.push(String(body['statement']))
    if (reported.length === names.length) ending.abort()
    return { status: 200, body: { taken: true } }
  })
  const stateFolder = join(folder, 'state')
  storeIdentity(stateFolder, { ...drawIdentity(service.url), id: 'agt_1', name: 'web1' })
  const sites = Object.fromEntries(
    names.map((name) => [
      name,
      {
        server: 'files',
        certificatePath: join(folder, `${name}.pem`),
        keyPath: join(folder, `${name}.key`),
        reloadCommand: [reload],
      },
    ]),
  )
  const configPath = join(folder, 'config.json')
  const discover = { nginx: [], apache: [], haproxy: [] }
  writeFileSync(configPath, JSON.stringify({ server: service.url, stateFolder, discover, sites }), { mode: 0o644 })
  await run({ configPath, say: (en) => en, log: () => {}, signal: ending.signal })
  expect(readFileSync(join(folder, 'reloads'), 'utf8')).toBe('x')
  const statements = reported.map((text) => JSON.parse(text) as { workId: string; outcome: string; install: { log: string[] } })
  expect(statements.map(({ outcome }) => outcome)).toEqual(['installed', 'installed', 'installed'])
  for (const { workId, install } of statements) {
    const lines = told.get(workId) ?? []
    expect(lines.length).toBeGreaterThan(0)
    expect(install.log.slice(0, lines.length)).toEqual(lines)
  }
})

test('what was noted of work that is called off goes when there is no work, and not while it is away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-begun-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const stateFolder = join(folder, 'state')
  const notes = () => readdirSync(join(stateFolder, 'begun'))
  const ending = new AbortController()
  const seen: (readonly string[])[] = []
  const said: string[] = []
  const service = await aService(({ path }) => {
    if (!path.endsWith('/poll')) return { status: 200, body: {} }
    seen.push(notes())
    if (seen.length === 3) ending.abort()
    return seen.length === 1 ? { status: 503, body: { code: 'storageUnavailable' } } : { status: 200, body: { work: null } }
  })
  storeIdentity(stateFolder, { ...drawIdentity(service.url), id: 'agt_1', name: 'web1' })
  keepBegun(stateFolder, 'wrk_1', { held: null, served: null, said: 'nobody answered' })
  const configPath = join(folder, 'config.json')
  const discover = { nginx: [], apache: [], haproxy: [] }
  writeFileSync(configPath, JSON.stringify({ server: service.url, stateFolder, discover, sites: {} }), { mode: 0o644 })
  await run({ configPath, say: (en) => en, log: (line) => said.push(line), signal: ending.signal })
  expect(said.filter((line) => line.includes('unit --command'))).toHaveLength(1)
  expect(seen).toEqual([['wrk_1.json'], ['wrk_1.json'], []])
})

test('a host whose configuration is another one, or cannot be kept, sends nothing; its folder for the state is that of its configuration', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-enroll-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const service = await aService(() => ({ status: 200, body: { id: 'agt_1', name: 'web1' } }))
  const [configPath, own, other] = ['config.json', 'own', 'other'].map((name) => join(folder, name)) as [string, string, string]
  const options = { configPath, server: service.url, token: 't', caFile: null, stateFolder: null, start: false, env: {} }
  const en = (text: string): string => text
  writeFileSync(configPath, JSON.stringify({ server: service.url, stateFolder: own, sites: {} }), { mode: 0o644 })
  await expect(enroll({ ...options, stateFolder: other }, en)).rejects.toThrow(`names ${service.url} and ${own}`)
  await expect(enroll({ ...options, caFile: join(folder, 'missing.pem') }, en)).rejects.toThrow('nothing was sent')
  const beneathFile = join(configPath, 'config.json')
  await expect(enroll({ ...options, configPath: beneathFile, stateFolder: other }, en)).rejects.toThrow('nothing was sent')
  expect(service.asked).toEqual([])
  const before = readFileSync(configPath, 'utf8')
  await enroll(options, en)
  expect(service.asked).toHaveLength(1)
  expect(readdirSync(own)).toEqual(['identity.json'])
  expect(readFileSync(configPath, 'utf8')).toBe(before)
})

test('where there is no systemd the agent is started by the very line of its unit', () => {
  const facts = {
    node: process.execPath,
    program: '/usr/local/bin/evercert-agent',
    configPath: '/etc/evercert-agent/config.json',
  }
  const [environment, start] = ['Environment', 'ExecStart'].map(
    (setting) => new RegExp(`^${setting}=(.+)$`, 'm').exec(unitText(facts))?.[1],
  )
  expect(commandLine(facts)).toBe(`${environment} ${start}`)
  const asked = commandLine({ ...facts, program: '-p' }).replace(/"-p" run .*$/, '-p "JSON.stringify(process.execArgv)"')
  const { stdout } = spawnSync('sh', ['-c', asked], { encoding: 'utf8' })
  expect(isLean(JSON.parse(stdout) as string[])).toBe(true)
  expect(isLean([])).toBe(false)
})
