/**
 * An agent on a host: server, agent and nginx, each a real process. It is enrolled by the command that the service prints, finds and adopts what
 * nginx serves, and installs a renewed certificate; what must not happen does not.
 */
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TargetView } from '@evercert/contract'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { createRoot } from '../harness/certificates.ts'
import { startNginx, type Nginx } from '../harness/nginx.ts'
import { freePort } from '../harness/ports.ts'
import { startProcess, type RunningProcess } from '../harness/process.ts'
import { buyAndApply } from './support/acme.ts'
import { runEvercert } from './support/evercert.ts'
import { openHouse, type House } from './support/house.ts'
import { waitForClose, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const SITE = 'shop.evercert.test'
/** Virtual hosts of the one nginx, each with files of its own. */
const HOSTS = ['shop', 'broken', 'lazy', 'slow'] as const
type Host = (typeof HOSTS)[number]

const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-'))
const at = (...path: string[]): string => join(folder, ...path)
const [program, configPath] = [at('evercert-agent.cjs'), at('host', 'config.json')]
const nameOf = (host: Host): string => (host === 'shop' ? SITE : `${host}.evercert.test`)
const filesOf = (host: Host) => ({ certificatePath: at('tls', `${host}.pem`), keyPath: at('tls', `${host}.key`) })

let house: House
let nginx: Nginx
let agent: RunningProcess
let certificateId: string

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
      names: [SITE],
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
  spawnSync(process.execPath, [program, ...args, '--config', configPath], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LANG: 'C' },
  })

/** As its systemd unit does. */
function startAgent(): Promise<RunningProcess> {
  const line = /^ExecStart=(.+)$/m.exec(onHost('unit').stdout)?.[1] ?? ''
  const [command = '', ...args] = line.split(' ').map((word) => word.replaceAll('"', ''))
  return startProcess({ command, args, debianPackage: 'nodejs', isReady: (logs) => logs.includes('agent web1') })
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

const keysOnHost = (): string[] => readdirSync(at('state', 'keys')).filter((name) => name.endsWith('.pem'))

async function addTarget(host: Host): Promise<TargetView> {
  return house.call((client) =>
    client.targets.create({ certificateId, name: `web1-${host}`, kind: 'agent', config: { agent: 'web1', site: nameOf(host) } }),
  )
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

it('installs a certificate whose key was made on the host, and its renewal by itself with another such key; both are served', async () => {
  const { id: productId } = await findProduct(house.service().client)
  // The host takes no key from outside.
  configure('shop', { keyOnHost: true })
  const made = onHost('csr', nameOf('shop'), '--domain', SITE)
  const csrId = /--csr-id (\S+)/.exec(made.stdout)?.[1] ?? ''
  expect({ csrId, stderr: made.stderr }).toMatchObject({ csrId: expect.stringMatching(/^csr_/) as string, stderr: '' })
  const oldId = await buyAndApply(house, { productId, domains: [SITE], form: { csrId } })
  await waitForIssuance(house, oldId)
  certificateId = oldId
  const { id } = await addTarget('shop')
  const first = await reach(id, 'applied')
  expect(await served('shop')).toBe(first.deployment?.issuanceSha256)
  expect(keysOnHost()).toHaveLength(1)
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
  expect(keysOnHost()).toHaveLength(2)
  const { items } = await house.call((client) => client.csrs.list())
  expect(items).toMatchObject([
    { hasKey: false, usedByCertificateId: certificateId },
    { hasKey: false, usedByCertificateId: oldId },
  ])
  const spki = createHash('sha256').update(
    createPublicKey(readFileSync(filesOf('shop').keyPath)).export({ type: 'spki', format: 'der' }),
  )
  expect(items[0]?.spkiSha256).toBe(spki.digest('hex'))
  // With all of Node's own file that it touched (43 MiB), at its highest, after a key, two deployments and their handshakes.
  const status = readFileSync(`/proc/${agent.pid}/status`, 'utf8')
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  expect(mebibytes('VmHWM')).toBeLessThan(60)
  expect(mebibytes('RssAnon')).toBeLessThan(20)
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

it('a revoked agent is answered no more, and deployments say so', async () => {
  expect((await evercert('agent', 'revoke', 'web1')).code).toBe(0)
  await waitFor('the agent to notice', () => Promise.resolve(agent.logs().includes('does not know this agent') ? true : null))
  const refused = await addTarget('slow').catch((error: unknown) => error)
  expect(String(refused)).toContain('no active agent')
})
