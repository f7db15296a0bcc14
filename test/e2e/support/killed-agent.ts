/**
 * One piece of work after the other for an agent that is killed over it: a service and a certificate for all, an agent and an nginx for each lane.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { probeAddress } from '@evercert/pki/probe'
import { createRoot, type TestLeaf } from '../../harness/certificates.ts'
import { startNginx, type Nginx } from '../../harness/nginx.ts'
import { freePort } from '../../harness/ports.ts'
import { buyAndApply } from './acme.ts'
import { enrolAgent, type AgentProcess, type Death } from './agent-process.ts'
import { openHouse, type House } from './house.ts'
import type { Lane } from './pool.ts'
import { waitForIssuance } from './renewal.ts'
import { waitFor } from './wait-for.ts'

/** What becomes of the work when nothing interrupts it: installed, taken back for three reasons, or a key of the host. */
export const KINDS = ['installed', 'notServed', 'testFails', 'reloadFails', 'key'] as const
export type Kind = (typeof KINDS)[number]

export interface Case {
  readonly kind: Kind
  /** Null: nothing interrupts it. */
  readonly death: Death | null
}

export interface Sight {
  /** `old` and `new` are the pairs; anything else says what is wrong. */
  readonly onDisk: string
  readonly served: string
  /** Whether nginx would start with the files as they are. */
  readonly isLoadable: boolean
}

export interface Outcome {
  readonly changes: readonly string[]
  /** While the agent was dead. */
  readonly atDeath: Sight | null
  readonly atEnd: Sight
  /** Of the deployment; of a key `issued`. */
  readonly state: string
  readonly problem: string
  /** What the agent reported of it. */
  readonly reports: readonly string[]
  /** In the folder of keys, by this work. */
  readonly newKeyFiles: readonly string[]
  /** Whether the key of the CSR that the service has is among them. */
  readonly hasKey: boolean
  /** Of the swap and of the agent's own files. */
  readonly leftovers: readonly string[]
}

const DOMAIN = 'crash.evercert.test'
const ENDS_WITHIN_MS = 15_000

export interface Shop {
  readonly folder: string
  readonly house: House
  readonly certificateId: string
  readonly newSha256: string
}

/** The service, and the certificate that is installed everywhere. */
export async function openShop(folder: string): Promise<Shop> {
  const port = String(await freePort())
  const environment = { EVERCERT_PORT: port, EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` }
  const house = await openHouse({ folder: join(folder, 'house'), names: [DOMAIN], environment })
  const certificateId = await buy(house, 'to install')
  const { sha256 } = await waitForIssuance(house, certificateId)
  return { folder, house, certificateId, newSha256: sha256 ?? '' }
}

function buy(house: House, which: string, site?: { readonly agent: string; readonly site: string }): Promise<string> {
  const form = site === undefined ? {} : { hostKey: site }
  return buyAndApply(house, { productId: 'evercert-private-dv-multi', domains: [DOMAIN], which, form })
}

interface Host {
  readonly shop: Shop
  readonly name: string
  readonly folder: string
  readonly nginx: Nginx
  readonly agent: AgentProcess
  readonly old: TestLeaf
}

const siteOf = (kind: Kind): string => `${kind.toLowerCase()}.evercert.test`
const filesOf = (folder: string, kind: Kind) => ({
  certificatePath: join(folder, 'tls', siteOf(kind), 'site.pem'),
  keyPath: join(folder, 'tls', siteOf(kind), 'site.key'),
})

async function openHost(shop: Shop, name: string): Promise<Host> {
  const folder = join(shop.folder, name)
  for (const path of ['host', 'tls']) mkdirSync(join(folder, path), { recursive: true, mode: 0o755 })
  const old = createRoot().issue({ names: [DOMAIN] })
  writeFileSync(join(folder, 'old.pem'), old.chainPem)
  for (const kind of KINDS) writeOld({ folder, old }, kind)
  const [first, ...others] = KINDS.map((kind) => ({ serverName: siteOf(kind), ...filesOf(folder, kind) }))
  if (first === undefined) throw new Error('no site')
  const nginx = await startNginx({ ...first, virtualHosts: others })
  const { token } = await shop.house.call((client) => client.agents.createEnrolment({ name }))
  const sites = Object.fromEntries(KINDS.map((kind) => [siteOf(kind), settingsOf(folder, nginx, kind)]))
  const agent = enrolAgent({ folder, name, server: shop.house.service().url, token, sites })
  await agent.start()
  return { shop, name, folder, nginx, agent, old }
}

function settingsOf(folder: string, nginx: Nginx, kind: Kind): object {
  const files = filesOf(folder, kind)
  const isOld = `cmp -s ${files.certificatePath} ${join(folder, 'old.pem')}`
  const own: Partial<Record<Kind, object>> = {
    notServed: { reloadCommand: ['/bin/sh', '-c', 'true # no reload'] },
    testFails: { testCommand: ['/bin/sh', '-c', isOld] },
    reloadFails: { reloadCommand: ['/bin/sh', '-c', `${isOld} && exec ${nginx.reloadCommand.join(' ')}`] },
  }
  const probe = { port: nginx.httpsPort, serverName: siteOf(kind), waitSeconds: kind === 'notServed' ? 1 : 10 }
  const { testCommand, reloadCommand } = nginx
  return { server: 'nginx', ...files, testCommand, reloadCommand, probe, ...own[kind] }
}

function writeOld({ folder, old }: Pick<Host, 'folder' | 'old'>, kind: Kind): void {
  const { certificatePath, keyPath } = filesOf(folder, kind)
  const place = join(folder, 'tls', siteOf(kind))
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place)
  writeFileSync(certificatePath, old.chainPem)
  writeFileSync(keyPath, old.privateKeyPem, { mode: 0o640 })
}

/** As on the first day, and served. */
async function reset(host: Host, kind: Kind): Promise<void> {
  writeOld(host, kind)
  const [command = '', ...args] = host.nginx.reloadCommand
  spawnSync(command, args)
  await waitFor('the old certificate to be served', async () => ((await served(host, kind)) === 'old' ? true : null))
}

const nameFor = ({ shop, old }: Host, sha256: string): string =>
  sha256 === shop.newSha256 ? 'new' : sha256 === old.sha256 ? 'old' : sha256

async function served(host: Host, kind: Kind): Promise<string> {
  const { httpsPort: port } = host.nginx
  const facts = { address: '127.0.0.1', port, serverName: siteOf(kind), timeoutMs: 4_000, trustedRootsPem: [], now: Date.now() }
  const seen = await probeAddress(facts)
  return seen.reachable ? nameFor(host, seen.chain[0].sha256) : 'nobody answers'
}

async function look(host: Host, kind: Kind): Promise<Sight> {
  const { certificatePath, keyPath } = filesOf(host.folder, kind)
  const certificate = new X509Certificate(readFileSync(certificatePath))
  const isPair = certificate.checkPrivateKey(createPrivateKey(readFileSync(keyPath)))
  const [command = '', ...args] = host.nginx.testCommand
  return {
    onDisk: isPair ? nameFor(host, certificate.fingerprint256.replaceAll(':', '').toLowerCase()) : 'halves of two pairs',
    served: await served(host, kind),
    isLoadable: spawnSync(command, args).status === 0,
  }
}

const list = (path: string): string[] => (existsSync(path) ? readdirSync(path) : [])

function leftoversOf({ folder }: Host, kind: Kind): string[] {
  const site = join(folder, 'tls', siteOf(kind))
  return [
    ...list(site).filter((name) => name.endsWith('.unfinished')),
    ...list(join(site, '.site.pem.evercert')).filter((name) => /unfinished|pending|fallback|lock/.test(name)),
    ...list(join(folder, 'state')).filter((name) => name.endsWith('.unfinished')),
    ...list(join(folder, 'state', 'keys')).filter((name) => name.endsWith('.unfinished')),
    ...['outbox', 'begun'].flatMap((name) => list(join(folder, 'state', name))),
  ]
}

let cases = 0
/** @throws Error when it does not die, or there is no verdict */
async function runCase(host: Host, { kind, death }: Case): Promise<Outcome> {
  const { shop, agent, folder, name } = host
  const { house } = shop
  await reset(host, kind)
  const keysBefore = new Set(list(join(folder, 'state', 'keys')))
  const workBefore = new Set((await workOf(host)).map((one) => one.id))
  agent.plan(death)
  const site = { agent: name, site: siteOf(kind) }
  const id =
    kind === 'key'
      ? await buy(house, `case ${++cases}`, site)
      : (
          await house.call((client) =>
            client.targets.create({ certificateId: shop.certificateId, name: `${name} ${kind}`, kind: 'agent', config: site }),
          )
        ).id
  let atDeath: Sight | null = null
  if (death !== null) {
    await agent.death()
    atDeath = await look(host, kind)
    await agent.start()
  }
  const verdict = kind === 'key' ? await issued(house, id) : await decided(house, id)
  await waitFor(
    'the agent to have told everything',
    () => Promise.resolve(list(join(folder, 'state', 'outbox')).length === 0 ? true : null),
    5_000,
  )
  const newKeyFiles = list(join(folder, 'state', 'keys')).filter((one) => !keysBefore.has(one))
  const work = (await workOf(host)).filter((one) => !workBefore.has(one.id))
  if (kind !== 'key') await house.call((client) => client.targets.remove({ id }))
  return {
    ...verdict,
    atDeath,
    changes: agent.changes(),
    // For some milliseconds behind its reload nginx answers with both.
    atEnd: await waitFor('what is on the disk to be served', async () => {
      const sight = await look(host, kind)
      return sight.served === sight.onDisk ? sight : null
    }),
    reports: work.map((one) => `${one.kind} ${one.site}: ${one.report?.outcome ?? 'none'}`),
    newKeyFiles,
    hasKey: newKeyFiles.includes(`${await spkiOf(house, id)}.pem`),
    leftovers: leftoversOf(host, kind),
  }
}

async function workOf({ shop: { house }, name }: Host) {
  const { items } = await house.call((client) => client.agents.list())
  const { work } = await house.call((client) => client.agents.get({ id: items.find((one) => one.name === name)?.id ?? '' }))
  return work
}

/** Of the CSR that the service has for a certificate; null: it has none. */
async function spkiOf(house: House, certificateId: string): Promise<string | null> {
  const { items } = await house.call((client) => client.csrs.list())
  return items.find(({ usedByCertificateId }) => usedByCertificateId === certificateId)?.spkiSha256 ?? null
}

const ENDS = new Set(['applied', 'failed', 'rolledBack'])
function decided(house: House, id: string): Promise<Pick<Outcome, 'state' | 'problem'>> {
  const find = async () => {
    const { items } = await house.call((client) => client.targets.list())
    const { state = '', problem = null } = items.find((each) => each.id === id)?.deployment ?? {}
    return ENDS.has(state) ? { state, problem: problem ?? '' } : null
  }
  return waitFor('the deployment to have its verdict', find, ENDS_WITHIN_MS)
}

async function issued(house: House, id: string): Promise<Pick<Outcome, 'state' | 'problem'>> {
  await waitForIssuance(house, id, ENDS_WITHIN_MS)
  return { state: 'issued', problem: '' }
}

/** After a case that failed, the next one has a new agent and a new nginx. */
export function openAgentLane(shop: () => Promise<Shop>, name: string): Lane<Case, Outcome> {
  let host: Host | null = null
  let hosts = 0
  const close = async (): Promise<void> => {
    await host?.agent.stop()
    await host?.nginx.stop()
    host = null
  }
  return {
    run: async (one) => {
      const current = (host ??= await openHost(await shop(), `${name}-${++hosts}`))
      try {
        return await runCase(current, one)
      } catch (error) {
        const changes = current.agent.changes().join('\n')
        await close()
        throw new Error(`${titleOf(one)}: ${String(error)}\n${changes}\n${current.agent.logs()}`, { cause: error })
      }
    },
    close,
  }
}

export function titleOf({ kind, death }: Case): string {
  if (death === null) return kind
  return `${kind}: ${death.label}${death.nth === 1 ? '' : ` (${death.nth})`}`
}
