/**
 * An agent beside a running Apache and a running HAProxy, configured as people do: Define, Include and wildcards; a folder of certificates
 * and a list of them. It finds them, makes them its sites, makes the key, installs, tests, reloads, looks, and takes back what is not served.
 */
import { spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TargetView } from '@evercert/contract'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRoot } from '../harness/certificates.ts'
import { accepts, freePort } from '../harness/ports.ts'
import { startProcess, type RunningProcess } from '../harness/process.ts'
import { buyAndApply } from './support/acme.ts'
import { openHouse, type House } from './support/house.ts'
import { waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const SITES = ['one.apache.test', 'two.apache.test', 'folder.haproxy.test', 'list.haproxy.test'] as const
type Site = (typeof SITES)[number]
const [ONE, TWO, FOLDER, LIST] = SITES

const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-servers-'))
const at = (...path: string[]): string => join(folder, ...path)
const [program, configPath] = [at('evercert-agent.cjs'), at('host', 'config.json')]
const apacheConfig = at('apache', 'apache2.conf')
const haproxyConfig = at('haproxy', 'haproxy.cfg')
const certificateOf: Readonly<Record<Site, string>> = {
  [ONE]: at('apache', 'tls', 'one.pem'),
  [TWO]: at('apache', 'tls', 'two.pem'),
  [FOLDER]: at('haproxy', 'certs', 'folder.pem'),
  [LIST]: at('haproxy', 'listed.pem'),
}
const ports = new Map<Site, number>()
const running: RunningProcess[] = []

let house: House
let certificateId: string

beforeAll(async () => {
  for (const path of ['apache/tls', 'apache/sites', 'haproxy/certs', 'host'])
    mkdirSync(at(path), { recursive: true, mode: 0o755 })
  const root = createRoot()
  const [apachePort, folderPort, listPort] = [await freePort(), await freePort(), await freePort()]
  for (const [site, port] of [
    [ONE, apachePort],
    [TWO, apachePort],
    [FOLDER, folderPort],
    [LIST, listPort],
  ] as const) {
    const { chainPem, privateKeyPem } = root.issue({ names: [site] })
    const isOneFile = site === FOLDER || site === LIST
    ports.set(site, port)
    writeFileSync(certificateOf[site], isOneFile ? chainPem + privateKeyPem : chainPem, { mode: 0o640 })
    if (!isOneFile) writeFileSync(certificateOf[site].replace('.pem', '.key'), privateKeyPem, { mode: 0o600 })
  }
  const other = root.issue({ names: ['other.haproxy.test'] })
  writeFileSync(at('haproxy', 'certs', 'other.pem'), other.chainPem + other.privateKeyPem)
  const port = String(await freePort())
  ;[house] = await Promise.all([
    openHouse({
      folder: at('house'),
      names: [...SITES],
      environment: { EVERCERT_PORT: port, EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` },
    }),
    startApache(apachePort),
    startHaproxy(folderPort, listPort),
  ])
})
afterAll(async () => {
  for (const one of running.toReversed()) await one.stop()
  await house.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function startApache(port: number): Promise<void> {
  const modules = '/usr/lib/apache2/modules'
  const load = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl'].map(
    (name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`,
  )
  writeFileSync(
    apacheConfig,
    `ServerRoot ${at('apache')}
Define tls ${at('apache', 'tls')}
DefaultRuntimeDir ${at('apache')}
PidFile ${at('apache', 'pid')}
ErrorLog ${at('apache', 'error.log')}
Mutex file:${at('apache')} default
${load.join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerName localhost
Listen 127.0.0.1:${port}
IncludeOptional sites/*.conf
Include more.conf
`,
  )
  const host = (name: Site, file: string): string => `<VirtualHost 127.0.0.1:${port}>
  ServerName ${name}
  SSLEngine on
  SSLCertificateFile \${tls}/${file}.pem
  SSLCertificateKeyFile \\
    \${tls}/${file}.key
</VirtualHost>
`
  writeFileSync(at('apache', 'sites', '1.conf'), host(ONE, 'one'))
  writeFileSync(at('apache', 'sites', '2.conf'), host(TWO, 'two'))
  writeFileSync(at('apache', 'sites', 'off.conf.disabled'), host(TWO, 'never'))
  mendApache()
  const args = ['-f', apacheConfig, '-D', 'FOREGROUND']
  running.push(
    await startProcess({ command: '/usr/sbin/apache2', args, debianPackage: 'apache2-bin', isReady: () => accepts(port) }),
  )
}

const mendApache = (): void => writeFileSync(at('apache', 'more.conf'), '# Nothing more.\n')
const breakApache = (): void => writeFileSync(at('apache', 'more.conf'), 'NoSuchDirective on\n')

async function startHaproxy(folderPort: number, listPort: number): Promise<void> {
  writeFileSync(
    at('haproxy', 'list.txt'),
    `# What is served, and for whom.\n${certificateOf[LIST]} [alpn h2,http/1.1] ${LIST} !no.${LIST}\n`,
  )
  writeFileSync(haproxyConfig, haproxyText(folderPort, listPort))
  const args = ['-W', '-f', haproxyConfig, '-p', at('haproxy', 'pid')]
  running.push(
    await startProcess({
      command: '/usr/sbin/haproxy',
      args,
      debianPackage: 'haproxy',
      isReady: async () => (await accepts(folderPort)) && accepts(listPort),
    }),
  )
}

const haproxyText = (folderPort: number, listPort: number, more = ''): string => `global
  maxconn 500
  crt-base ${at('haproxy')}
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend of_a_folder
  bind 127.0.0.1:${folderPort} ssl crt certs
  http-request return status 200
frontend of_a_list
  bind 127.0.0.1:${listPort} ssl crt-list ${at('haproxy', 'list.txt')}
  http-request return status 200
${more}`

const writeHaproxy = (more = ''): void =>
  writeFileSync(haproxyConfig, haproxyText(ports.get(FOLDER) ?? 0, ports.get(LIST) ?? 0, more))

/** `evercert-agent` on the host, as root would run it. */
const onHost = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args, '--config', configPath], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LANG: 'C' },
  })

const COMMANDS = {
  apache: {
    testCommand: ['/usr/sbin/apache2', '-f', apacheConfig, '-t'],
    reloadCommand: ['/usr/sbin/apache2', '-f', apacheConfig, '-k', 'graceful'],
  },
  // The usual test.
  haproxy: {
    reloadCommand: ['sh', '-c', `kill -USR2 "$(cat ${at('haproxy', 'pid')})"`],
  },
} as const

interface Config {
  readonly sites: Record<string, object>
}
const readConfig = (): Config => JSON.parse(readFileSync(configPath, 'utf8')) as Config

function configure(site: Site, change: object = {}): void {
  const config = readConfig()
  const commands = site === ONE || site === TWO ? COMMANDS.apache : COMMANDS.haproxy
  config.sites[site] = { ...config.sites[site], ...commands, ...change }
  writeFileSync(configPath, JSON.stringify(config, null, 2))
}

async function served(site: Site): Promise<string | null> {
  const seen = await probeAddress({
    address: '127.0.0.1',
    port: ports.get(site) ?? 0,
    serverName: site,
    timeoutMs: 4_000,
    trustedRootsPem: [],
    now: Date.now(),
  })
  return seen.reachable ? seen.chain[0].sha256 : null
}

const onDisk = (site: Site): string =>
  new X509Certificate(readFileSync(certificateOf[site])).fingerprint256.replaceAll(':', '').toLowerCase()

const addTarget = (site: Site): Promise<TargetView> =>
  house.call((client) => client.targets.create({ certificateId, name: site, kind: 'agent', config: { agent: 'web1', site } }))

function reach(id: string, state: string): Promise<NonNullable<TargetView['deployment']>> {
  return waitFor(`target ${id} to be ${state}`, async () => {
    const { items } = await house.call((client) => client.targets.list())
    const deployment = items.find((each) => each.id === id)?.deployment ?? null
    return deployment?.state === state ? deployment : null
  })
}

it('finds what Apache and HAProxy use, and makes it sites', async () => {
  const { token } = await house.call((client) => client.agents.createEnrolment({ name: 'web1' }))
  const { url } = house.service()
  writeFileSync(program, Buffer.from(await (await fetch(`${url}/agent/evercert-agent.cjs`)).arrayBuffer()), { mode: 0o755 })
  expect(onHost('enroll', '--server', url, '--token', token, '--state-folder', at('state')).stderr).toBe('')
  const discover = { nginx: [], apache: [apacheConfig], haproxy: [haproxyConfig] }
  writeFileSync(configPath, JSON.stringify({ ...readConfig(), discover }))
  const { findings } = JSON.parse(onHost('discover', '--json').stdout) as {
    findings: { certificatePath: string; domains: string[]; serverNames: string[] }[]
  }
  expect(findings.map(({ certificatePath, domains }) => [certificatePath, ...domains].join(' ')).toSorted()).toEqual(
    [
      ...SITES.map((site) => `${certificateOf[site]} ${site}`),
      `${at('haproxy', 'certs', 'other.pem')} other.haproxy.test`,
    ].toSorted(),
  )
  expect(onHost('adopt', '--all')).toMatchObject({ status: 0, stderr: '' })
  expect(Object.keys(readConfig().sites).toSorted()).toEqual([...SITES, 'other.haproxy.test'].toSorted())
  expect(readConfig().sites[LIST]).toMatchObject({ probe: { port: ports.get(LIST), serverName: LIST } })
  for (const site of SITES) configure(site)
  configure(ONE, { keyOnHost: true })
  const args = [program, 'run', '--config', configPath]
  running.push(
    await startProcess({
      command: process.execPath,
      args,
      debianPackage: 'nodejs',
      isReady: (logs) => logs.includes('agent web1'),
    }),
  )
})

it('makes one key on the host, with which Apache and HAProxy serve the certificate; neighbours stay as they are', async () => {
  const hostKey = { agent: 'web1', site: ONE }
  certificateId = await buyAndApply(house, { productId: 'evercert-private-dv-multi', domains: SITES, form: { hostKey } })
  const { sha256 } = await waitForIssuance(house, certificateId)
  const neighbour = await served(TWO)
  for (const site of [ONE, FOLDER] as const) {
    await reach((await addTarget(site)).id, 'applied')
    expect([site, onDisk(site), await served(site)]).toEqual([site, sha256, sha256])
  }
  expect(await served(TWO)).toBe(neighbour)
  expect(readdirSync(at('state', 'keys')).filter((name) => name.endsWith('.pem'))).toHaveLength(1)
  // What the agent keeps beside the files is none of HAProxy's business.
  expect(spawnSync('/usr/sbin/haproxy', ['-c', '-f', haproxyConfig]).status).toBe(0)
  const { findings } = JSON.parse(onHost('discover', '--json').stdout) as { findings: { certificatePath: string }[] }
  expect(findings).toHaveLength(SITES.length + 1)
})

it.each([
  ['Apache', TWO, breakApache, mendApache, 'NoSuchDirective'],
  ['HAProxy', LIST, () => writeHaproxy('  no_such_keyword on\n'), () => writeHaproxy(), 'no_such_keyword'],
] as const)(
  '%s whose configuration somebody broke is not reloaded and keeps its certificate; mended, it is deployed to; a reload without effect is taken back',
  async (_server, site, breakIt, mendIt, said) => {
    const before = await served(site)
    breakIt()
    const { id } = await addTarget(site)
    const { problem } = await reach(id, 'failed')
    mendIt()
    expect([problem?.includes(said), onDisk(site), await served(site)]).toEqual([true, before, before])

    configure(site, { reloadCommand: ['true'], probe: { port: ports.get(site), serverName: site, waitSeconds: 1 } })
    await house.call((client) => client.targets.deploy({ id }))
    const back = await reach(id, 'rolledBack')
    expect(back.problem).toContain(`serves certificate ${before?.slice(0, 16) ?? ''}`)
    expect([onDisk(site), await served(site)]).toEqual([before, before])

    configure(site, { probe: { port: ports.get(site), serverName: site } })
    await house.call((client) => client.targets.deploy({ id }))
    const { issuanceSha256 } = await reach(id, 'applied')
    expect([onDisk(site), await served(site)]).toEqual([issuanceSha256, issuanceSha256])
  },
)

it('tells what it did with each server, signed', async () => {
  const { items } = await house.call((client) => client.agents.list())
  const { work, publicKeySha256 } = await house.call((client) => client.agents.get({ id: items[0]?.id ?? '' }))
  expect(work.map(({ site, kind, report }) => `${kind} ${site}: ${report?.outcome ?? ''}`)).toEqual([
    `install ${LIST}: installed`,
    `install ${LIST}: rolledBack`,
    `install ${LIST}: refused`,
    `install ${TWO}: installed`,
    `install ${TWO}: rolledBack`,
    `install ${TWO}: refused`,
    `install ${FOLDER}: installed`,
    `install ${ONE}: installed`,
    `csr ${ONE}: csrMade`,
  ])
  const identity = JSON.parse(readFileSync(at('state', 'identity.json'), 'utf8')) as { publicKeyPem: string }
  expect(publicKeySha256).toBe(createHash('sha256').update(identity.publicKeyPem).digest('hex'))
})
