/**
 * An agent on a host: server, agent and nginx, each a real process. It is enrolled by the command that the service prints, finds and adopts what
 * nginx serves, and installs a renewed certificate; what must not happen does not.
 */
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TargetView } from '@evercert/contract'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { createRoot } from '../harness/certificates.ts'
import { startNginx, type Nginx } from '../harness/nginx.ts'
import { freePort } from '../harness/ports.ts'
import { startProcess, type RunningProcess } from '../harness/process.ts'
import { startTlsServer } from '../harness/tls-servers.ts'
import { buyAndApply } from './support/acme.ts'
import { runEvercert } from './support/evercert.ts'
import { openHouse, type House } from './support/house.ts'
import { waitForClose, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const SITE = 'shop.evercert.test'
const OTHER = 'other.evercert.test'
/** Virtual hosts of the one nginx, each with files of its own. */
const HOSTS = ['shop', 'broken', 'lazy', 'slow'] as const
type Host = (typeof HOSTS)[number]
/** Files that nginx includes on a large host. */
const INCLUDED = 400

const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-'))
const at = (...path: string[]): string => join(folder, ...path)
const [program, configPath] = [at('evercert-agent.cjs'), at('host', 'config.json')]
const nameOf = (host: Host): string => (host === 'shop' ? SITE : `${host}.evercert.test`)
const filesOf = (host: Host) => ({ certificatePath: at('tls', `${host}.pem`), keyPath: at('tls', `${host}.key`) })

let house: House
let nginx: Nginx
let agent: RunningProcess
let certificateId: string
const memory = { ofFewSites: 0 }

beforeAll(async () => {
  mkdirSync(at('tls'))
  mkdirSync(at('host'), { mode: 0o755 })
  const root = createRoot()
  for (const host of HOSTS) {
    const old = root.issue({ names: [nameOf(host)] })
    writeFileSync(filesOf(host).certificatePath, old.chainPem)
    writeFileSync(filesOf(host).keyPath, old.privateKeyPem, { mode: 0o640 })
  }
  const virtualHosts = HOSTS.slice(1).map((host) => ({ serverName: nameOf(host), ...filesOf(host) }))
  const port = String(await freePort())
  ;[nginx, house] = await Promise.all([
    startNginx({ ...filesOf('shop'), serverName: SITE, virtualHosts }),
    openHouse({
      folder: at('house'),
      names: [SITE, OTHER],
      // The agent finds it at the same place after a restart.
      environment: { EVERCERT_PORT: port, EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` },
      clockOffsetMs: issuedAtFor(Date.now()) - Date.now(),
    }),
  ])
  house.dns.add('web1.evercert.test', 'A', '127.0.0.1')
})
afterAll(async () => {
  await agent?.stop()
  await house.close()
  await nginx.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const evercert = (...args: string[]) =>
  runEvercert({ url: house.service().url, tokenFile: at('house', 'data', 'operator.token') }, args)

/** `evercert-agent` on the host, as root would run it. */
const onHost = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args, ...(args.includes('--config') ? [] : ['--config', configPath])], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LANG: 'C' },
  })

/** As its systemd unit does. */
function startAgent(): Promise<RunningProcess> {
  const unit = onHost('unit').stdout
  const wordsOf = (name: string) => (new RegExp(`^${name}=(.+)$`, 'm').exec(unit)?.[1] ?? '').split(' ')
  const [command = '', ...args] = wordsOf('ExecStart').map((word) => word.replaceAll('"', ''))
  const env = Object.fromEntries(wordsOf('Environment').map((setting) => setting.split('=')))
  return startProcess({ command, args, env, debianPackage: 'nodejs', isReady: (logs) => logs.includes('agent web1') })
}

async function served(host: Host): Promise<string | null> {
  const facts = {
    address: '127.0.0.1',
    port: nginx.httpsPort,
    serverName: nameOf(host),
    timeoutMs: 4_000,
    trustedRootsPem: [],
    now: Date.now(),
  }
  const seen = await probeAddress(facts)
  return seen.reachable ? seen.chain[0].sha256 : null
}

const onDisk = (host: Host): string =>
  new X509Certificate(readFileSync(filesOf(host).certificatePath)).fingerprint256.replaceAll(':', '').toLowerCase()

/** Of the agent's process, with the pages of Node's own file (45 MB of it). */
function megabytes(name: 'VmHWM' | 'VmRSS'): number {
  const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8')
  return (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024) / 1_000_000
}

const keysOnHost = (): string[] =>
  (existsSync(at('state', 'keys')) ? readdirSync(at('state', 'keys')) : []).filter((name) => name.endsWith('.pem'))

async function addTarget(host: Host): Promise<TargetView> {
  return house.call((client) =>
    client.targets.create({ certificateId, name: `web1-${host}`, kind: 'agent', config: { agent: 'web1', site: nameOf(host) } }),
  )
}

/** As it was before a try that failed. */
async function forgetShop(): Promise<void> {
  await house.setClock(issuedAtFor(Date.now()) - Date.now())
  const { items } = await house.call((client) => client.targets.list())
  for (const { id, name } of items) if (name === 'web1-shop') await house.call((client) => client.targets.remove({ id }))
}

function reach(id: string, state: string): Promise<TargetView> {
  return waitFor(`target ${id} to be ${state}`, async () => {
    const { items } = await house.call((client) => client.targets.list())
    const target = items.find((each) => each.id === id)
    return target?.deployment?.state === state ? target : null
  })
}

/** What root writes into the agent's configuration. */
function configure(host: Host, change: object): void {
  const config = JSON.parse(readFileSync(configPath, 'utf8')) as { sites: Record<string, object> }
  const { testCommand, reloadCommand } = nginx
  config.sites[nameOf(host)] = { ...config.sites[nameOf(host)], testCommand, reloadCommand, ...change }
  writeFileSync(configPath, JSON.stringify(config, null, 2))
}

/** A reload that says that it began, and goes on when it may. */
function waitingReload(name: string): readonly string[] {
  const wait = `while [ ! -e ${at(`${name}-go-on`)} ]; do sleep 0.05; done`
  return ['/bin/sh', '-c', `echo run >> ${at(`${name}-runs`)}; ${wait}; exec ${nginx.reloadCommand.join(' ')}`]
}
const reloadBegan = (name: string): Promise<unknown> =>
  waitFor('the reload to begin', () => Promise.resolve(existsSync(at(`${name}-runs`)) ? true : null))

it('is enrolled by one line, once, and finds and adopts what nginx serves', async () => {
  const { code, stdout } = await evercert('agent', 'enroll', 'web1')
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('curl -gfsS ') as string })
  expect((await evercert('agent', 'enroll', 'web2')).code).toBe(0)
  expect((await evercert('agent', 'enrolments')).stdout).toMatch(/web2[^]*web1/)
  expect((await evercert('agent', 'withdraw', 'web2')).stdout).toContain('lets nobody in')
  expect((await evercert('agent', 'enrolments')).stdout).not.toContain('web2')
  const [, url = '', sha256, token = ''] = /curl -gfsS (\S+) .*echo "(\w+) .*--token (\S+)/.exec(stdout) ?? []
  const file = Buffer.from(await (await fetch(url)).arrayBuffer())
  expect(createHash('sha256').update(file).digest('hex')).toBe(sha256)
  writeFileSync(program, file, { mode: 0o755 })

  const enroll = (...more: string[]) => onHost('enroll', '--server', house.service().url, '--token', token, ...more)
  const enrolled = enroll('--state-folder', at('state'))
  expect(enrolled).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('agent web1') as string })
  rmSync(at('second'), { recursive: true, force: true })
  const again = enroll('--state-folder', at('second'), '--config', at('second.json'))
  expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('it was used') as string })

  const config = JSON.parse(readFileSync(configPath, 'utf8')) as object
  writeFileSync(configPath, JSON.stringify({ ...config, discover: { nginx: [nginx.configPath], apache: [], haproxy: [] } }))
  const { findings } = JSON.parse(onHost('discover', '--json').stdout) as {
    findings: { certificatePath: string; serverNames: string[] }[]
  }
  expect(findings.map(({ serverNames }) => serverNames)).toEqual(HOSTS.map((host) => [nameOf(host)]))
  expect(onHost('adopt', filesOf('shop').certificatePath).stdout).toContain('--kind agent')
  expect(onHost('adopt', '--all').status).toBe(0)
  configure('shop', {})
  configure('broken', {})
  configure('lazy', { reloadCommand: ['true'], probe: { port: nginx.httpsPort, serverName: nameOf('lazy'), waitSeconds: 1 } })
  configure('slow', { reloadCommand: waitingReload('slow') })
  agent = await startAgent()
  await waitFor('the agent to tell of its sites', async () => {
    const { items } = await house.call((client) => client.agents.list())
    return items[0]?.siteCount === HOSTS.length ? true : null
  })
  expect((await evercert('agent', 'show', 'web1')).stdout).toContain(filesOf('lazy').certificatePath)
})

it('installs a certificate whose key was made on the host, and its renewal by itself with another such key; both are served', async ({
  task,
}) => {
  const tries = task.result?.retryCount ?? 0
  if (tries > 0) await forgetShop()
  const which = String(tries)
  const before = { keys: keysOnHost().length }
  const { id: productId } = await findProduct(house.service().client)
  // The host takes no key from outside.
  configure('shop', { keyOnHost: true })
  const made = onHost('csr', nameOf('shop'), '--domain', SITE)
  const csrId = /--csr-id (\S+)/.exec(made.stdout)?.[1] ?? ''
  expect({ csrId, stderr: made.stderr }).toMatchObject({ csrId: expect.stringMatching(/^csr_/) as string, stderr: '' })
  const oldId = await buyAndApply(house, { productId, domains: [SITE], form: { csrId }, which })
  await waitForIssuance(house, oldId)
  certificateId = oldId
  const { id } = await addTarget('shop')
  const first = await reach(id, 'applied')
  expect(await served('shop')).toBe(first.deployment?.issuanceSha256)
  expect(keysOnHost()).toHaveLength(before.keys + 1)
  await house.call((client) =>
    client.endpoints.create({ certificateId, host: 'web1.evercert.test', serverName: SITE, port: nginx.httpsPort }),
  )
  await house.call((client) =>
    client.management.start({ id: certificateId, spendingLimit: { amountMinor: 1_000_000, currency: 'CNY' } }),
  )
  await house.setClock(0)
  certificateId = await waitFor('the certificate to renew by itself', async () => {
    const { renewedByCertificateId } = await house.call((client) => client.certificates.get({ id: oldId }))
    return renewedByCertificateId
  })
  const renewed = await waitForClose(house, certificateId)
  expect(await served('shop')).toBe(renewed.sha256)
  expect(keysOnHost()).toHaveLength(before.keys + 2)
  const { items } = await house.call((client) => client.csrs.list())
  expect(items.slice(0, 2)).toMatchObject([
    { hasKey: false, usedByCertificateId: certificateId },
    { hasKey: false, usedByCertificateId: oldId },
  ])
  const spki = createHash('sha256').update(
    createPublicKey(readFileSync(filesOf('shop').keyPath)).export({ type: 'spki', format: 'der' }),
  )
  expect(items[0]?.spkiSha256).toBe(spki.digest('hex'))
  memory.ofFewSites = megabytes('VmHWM')
})

it('needs less than 60 MB at its highest, after a key, two deployments and their handshakes', () => {
  expect(memory.ofFewSites).toBeGreaterThan(0)
  expect(memory.ofFewSites).toBeLessThan(60)
})

it('refuses when the configuration of nginx is broken already: nothing is reloaded, and the report says what nginx says', async () => {
  const before = await served('broken')
  nginx.appendConfig('no_such_directive on;')
  const { deployment } = await reach((await addTarget('broken')).id, 'failed')
  nginx.mendConfig()
  expect(deployment?.problem).toContain('no_such_directive')
  expect([onDisk('broken'), await served('broken')]).toEqual([before, before])
})

it('finishes after its restart what it was killed in the middle of', async () => {
  configure('broken', { reloadCommand: waitingReload('broken') })
  const { items } = await house.call((client) => client.targets.list())
  const id = items.find(({ name }) => name === 'web1-broken')?.id ?? ''
  await house.call((client) => client.targets.deploy({ id }))
  await reloadBegan('broken')
  await agent.kill()
  writeFileSync(at('broken-go-on'), '')
  agent = await startAgent()
  const { deployment } = await reach(id, 'applied')
  expect(deployment?.log.join('\n')).toContain('interrupted before its reload')
  expect(await served('broken')).toBe(deployment?.issuanceSha256)
  expect(readFileSync(at('broken-runs'), 'utf8')).toBe('run\nrun\n')
})

it('takes back what a reload without effect left, and says what is served', async () => {
  const before = await served('lazy')
  const { deployment } = await reach((await addTarget('lazy')).id, 'rolledBack')
  expect(deployment?.problem).toContain(`serves certificate ${before?.slice(0, 16) ?? ''}`)
  expect([onDisk('lazy'), await served('lazy')]).toEqual([before, before])
})

it('takes it back also when it was killed between the reload and the look', async () => {
  const before = await served('lazy')
  rmSync(at('lazy-ran'), { force: true })
  configure('lazy', { reloadCommand: ['touch', at('lazy-ran')] })
  const { items } = await house.call((client) => client.targets.list())
  const id = items.find(({ name }) => name === 'web1-lazy')?.id ?? ''
  await house.call((client) => client.targets.deploy({ id }))
  await waitFor('the reload', () => Promise.resolve(existsSync(at('lazy-ran')) ? true : null))
  await agent.kill()
  expect(onDisk('lazy')).not.toBe(before)
  agent = await startAgent()
  await reach(id, 'rolledBack')
  expect([onDisk('lazy'), await served('lazy')]).toEqual([before, before])
  await waitFor('the note to go', () => Promise.resolve(readdirSync(at('state', 'begun')).length === 0 ? true : null))
})

it('goes on while the service is away, and reports afterwards, once', async () => {
  const { id, certificateId: of } = await addTarget('slow')
  await reloadBegan('slow')
  const { pid } = JSON.parse(readFileSync(at('house', 'data', 'service.json'), 'utf8')) as { pid: number }
  process.kill(pid, 'SIGKILL')
  writeFileSync(at('slow-go-on'), '')
  await house.restarted(1)
  const { deployment } = await reach(id, 'applied')
  expect(await served('slow')).toBe(deployment?.issuanceSha256)
  expect(readFileSync(at('slow-runs'), 'utf8')).toBe('run\n')
  expect(agent.logs()).toContain('the sites of this host are not affected')
  const { history } = await house.call((client) => client.certificates.get({ id: of }))
  expect(
    history.some(({ subject, to, detail }) => subject === 'agent_work' && to === 'reported' && detail?.includes('slow')),
  ).toBe(true)
})

/** A large host: hundreds of included files, each with a certificate of its own, half of them RSA. nginx itself reads all of it. */
function growHost(): void {
  mkdirSync(at('large'))
  const root = createRoot()
  const leaves = (['rsa2048', 'p256'] as const).map((key) => root.issue({ names: ['large.evercert.test'], key }))
  for (let index = 0; index < INCLUDED; index += 1) {
    const [leaf, name] = [leaves[index % 2], `site${index}`]
    writeFileSync(at('large', `${name}.pem`), leaf?.chainPem ?? '')
    writeFileSync(at('large', `${name}.key`), leaf?.privateKeyPem ?? '', { mode: 0o640 })
    writeFileSync(
      at('large', `${name}.conf`),
      `# ${'A site as people describe them. '.repeat(10)}
server {
  listen 127.0.0.1:${nginx.httpsPort} ssl;
  server_name ${name}.evercert.test www.${name}.evercert.test;
  ssl_certificate ${at('large', `${name}.pem`)};
  ssl_certificate_key ${at('large', `${name}.key`)};
  location / { return 200 "ok\\n"; }
}
`,
    )
  }
  nginx.appendConfig(`include ${at('large')}/*.conf;`)
}

/** Applied, all of them there when the agent asks. */
async function deployTo(sites: readonly string[], certificateIds: readonly string[]): Promise<void> {
  process.kill(agent.pid, 'SIGSTOP')
  const made = sites.map((site, index) =>
    house.call((client) =>
      client.targets.create({
        certificateId: certificateIds[index % certificateIds.length] ?? '',
        name: `many-${site}`,
        kind: 'agent',
        config: { agent: 'web1', site },
      }),
    ),
  )
  const ids = new Set((await Promise.all(made)).map(({ id }) => id))
  await sleep(500) // each is on its way
  process.kill(agent.pid, 'SIGCONT')
  await waitFor('all of them to be applied', async () => {
    const { items } = await house.call((client) => client.targets.list())
    const open = items.filter((each) => ids.has(each.id) && each.deployment?.state !== 'applied')
    const failed = open.find(({ deployment }) => deployment?.state === 'failed' || deployment?.state === 'rolledBack')
    if (failed !== undefined) throw new Error(failed.deployment?.problem ?? failed.name)
    return open.length === 0 ? true : null
  })
}

it('needs little memory at its highest on a large host, all of it adopted, with much work at once and keys of both kinds', async () => {
  const haproxy = at('tls', 'haproxy.pem')
  writeFileSync(haproxy, readFileSync(filesOf('lazy').certificatePath, 'utf8') + readFileSync(filesOf('lazy').keyPath, 'utf8'))
  const proxy = await startTlsServer('haproxy', { certificatePath: haproxy, keyPath: haproxy })
  onTestFinished(() => proxy.stop())
  const productId = 'evercert-private-dv-multi'
  const bought = [
    { domains: [SITE], form: { key: 'rsa2048' } },
    { domains: [SITE, OTHER], form: { key: 'p256' } },
  ] as const
  const ids = await Promise.all(bought.map((each) => buyAndApply(house, { productId, ...each })))
  for (const id of ids) await waitForIssuance(house, id)

  growHost()
  await agent.stop()
  expect(onHost('adopt', '--all')).toMatchObject({ status: 0, stderr: '' })
  const config = JSON.parse(readFileSync(configPath, 'utf8')) as { sites: Record<string, object> }
  const { testCommand, reloadCommand } = nginx
  for (const name of Object.keys(config.sites).filter((each) => each.startsWith('site'))) {
    const probe = { port: nginx.httpsPort, serverName: name }
    config.sites[name] = { ...config.sites[name], testCommand, reloadCommand, probe }
  }
  const ofProxy = { testCommand: proxy.testCommand, reloadCommand: proxy.reloadCommand }
  config.sites['proxy'] = { server: 'haproxy', pemPath: haproxy, ...ofProxy, probe: { port: proxy.port, serverName: SITE } }
  for (const name of ['files1', 'files2', 'files3'])
    config.sites[name] = { server: 'files', certificatePath: at('tls', `${name}.pem`), keyPath: at('tls', `${name}.key`) }
  writeFileSync(configPath, JSON.stringify(config, null, 2))
  expect(Object.keys(config.sites)).toHaveLength(HOSTS.length + INCLUDED + 4)

  const sites = [...Array.from({ length: 20 }, (_, index) => `site${index}.evercert.test`), 'proxy', 'files1', 'files2', 'files3']
  agent = await startAgent()
  await waitFor('the agent to tell of its sites', async () => {
    const { items } = await house.call((client) => client.agents.list())
    return items[0]?.siteCount === Object.keys(config.sites).length ? true : null
  })
  await deployTo(sites, ids)
  expect(megabytes('VmRSS')).toBeLessThan(60)
  // For some hundredths of a second, when all of it begins at once on a busy machine: 58.3 to 60.3 were seen.
  expect(megabytes('VmHWM')).toBeLessThan(62)
})

it('a revoked agent is answered no more, and deployments say so', async () => {
  expect((await evercert('agent', 'revoke', 'web1')).code).toBe(0)
  await waitFor('the agent to notice', () => Promise.resolve(agent.logs().includes('does not know this agent') ? true : null))
  const refused = await addTarget('slow').catch((error: unknown) => error)
  expect(String(refused)).toContain('no active agent')
})
