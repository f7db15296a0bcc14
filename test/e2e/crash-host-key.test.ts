/**
 * Kill -9 of the service around the CSR of a key that an agent makes on its host: before it is asked for, when it was asked for and nobody has
 * told the agent, and when it arrived and is not yet the application's. One key is made, one CSR used, and the renewal is served with it.
 */
import { spawnSync } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { createRoot } from '../harness/certificates.ts'
import type { KillPoint } from '../harness/crash-service.ts'
import { startNginx, type Nginx } from '../harness/nginx.ts'
import { freePort } from '../harness/ports.ts'
import { startProcess, type RunningProcess } from '../harness/process.ts'
import { buy } from './support/acme.ts'
import { nameOf, pointsOf } from './support/crash-case.ts'
import { openHouse, type House } from './support/house.ts'
import { longRun } from './support/long.ts'
import { apply, orderRenewal, waitForClose } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const POINTS = longRun(
  [...pointsOf(['askForCsr'], ['intended', 'recorded']), ...pointsOf(['prepareCsr'], ['done'])],
  ({ step }) => step === 'askForCsr',
)
const CASE_TIMEOUT_MS = 120_000
const HOST = 'web1.evercert.test'
/** Each point has a certificate, and a virtual host of the one nginx. */
const siteOf = (point: KillPoint): string => `${nameOf(point).replace(' ', '-').toLowerCase()}.evercert.test`
const SITES = POINTS.map(siteOf)

const folder = mkdtempSync(join(tmpdir(), 'evercert-crash-host-key-'))
const at = (...path: string[]): string => join(folder, ...path)
const [program, configPath] = [at('evercert-agent.cjs'), at('host', 'config.json')]
const filesOf = (site: string) => ({ certificatePath: at('tls', `${site}.pem`), keyPath: at('tls', `${site}.key`) })
/** The old certificates by site. */
const oldIds = new Map<string, string>()

let house: House
let nginx: Nginx
let agent: RunningProcess

beforeAll(async () => {
  for (const name of ['tls', 'host']) mkdirSync(at(name), { mode: 0o755 })
  const root = createRoot()
  for (const site of SITES) {
    const there = root.issue({ names: [site] })
    writeFileSync(filesOf(site).certificatePath, there.chainPem)
    writeFileSync(filesOf(site).keyPath, there.privateKeyPem, { mode: 0o640 })
  }
  const [first = '', ...others] = SITES
  const port = String(await freePort())
  ;[nginx, house] = await Promise.all([
    startNginx({
      ...filesOf(first),
      serverName: first,
      virtualHosts: others.map((serverName) => ({ serverName, ...filesOf(serverName) })),
    }),
    openHouse({
      folder: at('house'),
      names: SITES,
      // The agent finds it at the same place after a restart.
      environment: { EVERCERT_PORT: port, EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` },
      clockOffsetMs: issuedAtFor(Date.now()) - Date.now(),
    }),
  ])
  house.dns.add(HOST, 'A', '127.0.0.1')
  agent = await enrol()
  await Promise.all(SITES.map(async (site) => oldIds.set(site, await installOld(site))))
  await house.setClock(0)
})
afterAll(async () => {
  await agent?.stop()
  await house.close()
  await nginx.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** `evercert-agent` on the host, as root would run it. */
function onHost(...args: string[]): void {
  const env = { PATH: process.env['PATH'], LANG: 'C' }
  const { status, stderr } = spawnSync(process.execPath, [program, ...args, '--config', configPath], { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`evercert-agent ${args.join(' ')}: ${stderr}`)
}

async function enrol(): Promise<RunningProcess> {
  const { url } = house.service()
  const { token } = await house.call((client) => client.agents.createEnrolment({ name: 'web1' }))
  writeFileSync(program, Buffer.from(await (await fetch(`${url}/agent/evercert-agent.cjs`)).arrayBuffer()), { mode: 0o755 })
  onHost('enroll', '--server', url, '--token', token, '--state-folder', at('state'))
  const { testCommand, reloadCommand } = nginx
  const site = { server: 'nginx', testCommand, reloadCommand, keyOnHost: true }
  const sites = Object.fromEntries(SITES.map((name) => [name, { ...filesOf(name), ...site }]))
  writeFileSync(configPath, JSON.stringify({ ...(JSON.parse(readFileSync(configPath, 'utf8')) as object), sites }))
  return startProcess({
    command: process.execPath,
    args: [program, 'run', '--config', configPath],
    debianPackage: 'nodejs',
    isReady: (logs) => logs.includes('agent web1'),
  })
}

/** A certificate with a key of the host, installed and seen there. */
async function installOld(site: string): Promise<string> {
  const { id: productId } = await house.call(findProduct)
  const { id } = await buy(house, { productId, domains: [site], form: { hostKey: { agent: 'web1', site } } })
  await house.call((client) =>
    client.targets.create({ certificateId: id, name: site, kind: 'agent', config: { agent: 'web1', site } }),
  )
  await house.call((client) =>
    client.endpoints.create({ certificateId: id, host: HOST, serverName: site, port: nginx.httpsPort }),
  )
  await waitFor('the old certificate to be served', async () => {
    const { servedAt } = await house.call((client) => client.certificates.get({ id }))
    return servedAt
  })
  return id
}

const keysOnHost = (): number => readdirSync(at('state', 'keys')).filter((name) => name.endsWith('.pem')).length

async function served(site: string): Promise<string | null> {
  const request = { address: '127.0.0.1', port: nginx.httpsPort, serverName: site, timeoutMs: 4_000, trustedRootsPem: [] }
  const seen = await probeAddress({ ...request, now: Date.now() })
  return seen.reachable ? seen.chain[0].sha256 : null
}

it.each(POINTS.map((point) => [nameOf(point), point] as const))(
  'is killed at %s: one key is made, one CSR used, and the renewal is served with it',
  // A certificate renews once: a second try of the test would find it done.
  { retry: 0, timeout: CASE_TIMEOUT_MS },
  async (_name, point) => {
    const site = siteOf(point)
    const oldId = oldIds.get(site) ?? ''
    const keys = keysOnHost()
    const ends = house.ends.length
    await house.service().arm(point, 'SIGKILL')
    const newId = await orderRenewal(house, oldId)
    await apply(house, newId)
    await house.restarted(ends + 1)
    const fresh = await waitForClose(house, newId)

    expect(house.ends.slice(ends)).toEqual(['SIGKILL'])
    expect(await served(site)).toBe(fresh.sha256)
    expect(keysOnHost()).toBe(keys + 1)
    const { items: csrs } = await house.call((client) => client.csrs.list())
    const used = csrs.filter(({ usedByCertificateId }) => usedByCertificateId === newId)
    const key = createPublicKey(readFileSync(filesOf(site).keyPath)).export({ type: 'spki', format: 'der' })
    expect(used).toMatchObject([{ hasKey: false, spkiSha256: createHash('sha256').update(key).digest('hex') }])
    // None was made in vain: each CSR that the service has is that of a certificate.
    expect(csrs.filter(({ usedByCertificateId }) => usedByCertificateId === null)).toEqual([])
    const { items: agents } = await house.call((client) => client.agents.list())
    const { work } = await house.call((client) => client.agents.get({ id: agents[0]?.id ?? '' }))
    const asked = work.filter((each) => each.kind === 'csr' && each.site === site)
    // The old certificate's and the renewal's.
    expect(asked.map(({ report }) => report?.outcome)).toEqual(['csrMade', 'csrMade'])
    const audit = await waitFor('the renewal to come to rest', async () => {
      const seen = await house.service().audit(oldId)
      return seen.atRest ? seen : null
    })
    expect(audit).toMatchObject({
      renewals: ['closed'],
      charges: [-10_000],
      certificates: 1,
      applications: ['issued'],
      builtinOrders: ['issued'],
      // Which of the two comes first, the agent's report or the handshake that proves it, is chance.
      deployments: [expect.stringMatching(/^(applied|proved)$/)],
      transitions: { issued: 1, closed: 1 },
    })
  },
)
