/**
 * Renewals through Evercert: order, payment, application, validation, issuance, deployment, all through its public API.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CertificateDetail } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { createRoot } from '../../test/harness/certificates.ts'
import { inParallel } from '../support/in-parallel.ts'
import { readProcessUsage, type ProcessUsage } from '../support/process-usage.ts'
import { startEvercert, type Evercert } from '../support/evercert.ts'
import { namesFor, type Outcome, type Race } from './contender.ts'

const DAY_MS = 86_400_000
const PRODUCT = 'bench-dv-single'
const PRICE = { amountMinor: 100, currency: 'CNY' }
const PREPARATION_LANES = 32
/** Between two questions to the service: seldom enough not to be its load. */
const ASK_MS = 250
const PATIENCE_MS = 120_000

export interface EvercertRun {
  readonly renewals: number
  readonly concurrency: number
  /** Where to write a CPU profile of the service; null for none. */
  readonly profileFolder: string | null
}

export interface EvercertOutcome extends Outcome {
  readonly usageBefore: ProcessUsage | null
  readonly usage: ProcessUsage | null
  readonly phases: readonly Phase[]
}

/** Mean duration of one part of a renewal, while others run beside it. */
export interface Phase {
  readonly name: string
  readonly ms: number
}

interface Site {
  readonly name: string
  readonly oldId: string
}

export interface PreparedEvercert {
  run(): Promise<EvercertOutcome>
  stop(): Promise<void>
}

/**
 * Fills a new installation with certificates that expire soon, each installed in files of its own, and starts it anew: what is
 * measured is the service as it runs, without what creating a database left in its memory.
 */
export async function prepareEvercert(race: Race, options: EvercertRun): Promise<PreparedEvercert> {
  const { profileFolder, renewals } = options
  const first = await start(race, [])
  const sites = await prepareSites(first, race, renewals)
  const profiling = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const { client, process: running } = await start(race, profiling)
  return {
    run: async () => {
      try {
        return await renewAll(client, running.pid, sites, options)
      } catch (error) {
        throw new Error(`The renewals failed. What Evercert printed:\n${running.logs()}`, { cause: error })
      }
    },
    stop: () => running.stop(),
  }
}

function start({ pebble, folder }: Race, nodeArguments: readonly string[]): Promise<Evercert> {
  return startEvercert({
    dataDir: join(folder, 'data'),
    http01Port: pebble.httpPort,
    dnsServer: pebble.dns.address,
    nodeArguments,
  })
}

async function prepareSites({ client, process: running }: Evercert, race: Race, count: number): Promise<Site[]> {
  try {
    await openShop(client, race, count)
    return await uploadSites(client, race.folder, count)
  } catch (error) {
    throw new Error(`The preparation failed. What Evercert printed:\n${running.logs()}`, { cause: error })
  } finally {
    await running.stop()
  }
}

async function openShop(client: Client, { pebble }: Race, renewals: number): Promise<void> {
  await client.issuers.create({
    id: 'pebble',
    title: 'Pebble',
    kind: 'acme',
    config: { directoryUrl: pebble.directoryUrl, caPem: pebble.caPem, fileValidationHttpPort: pebble.httpPort },
  })
  await client.products.create({
    id: PRODUCT,
    title: { en: 'DV, single domain', zh: 'DV 单域名证书' },
    specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'Pebble' },
    issuerId: 'pebble',
    supportsRenewal: true,
    prices: [{ termYears: 1, base: PRICE, includedDomains: 1, extraDomain: PRICE }],
  })
  await client.balance.topUp({ ...PRICE, amountMinor: PRICE.amountMinor * renewals }, { context: { idempotencyKey: 'bench' } })
}

async function uploadSites(client: Client, folder: string, count: number): Promise<Site[]> {
  const root = createRoot({ commonName: 'Old CA' })
  const now = Date.now()
  const sites: Site[] = []
  await inParallel(namesFor('evercert', count), PREPARATION_LANES, async (name, index) => {
    const place = join(folder, 'sites', String(index))
    await mkdir(place, { recursive: true })
    const [certificatePath, keyPath] = [join(place, 'cert.pem'), join(place, 'key.pem')]
    const old = root.issue({ names: [name], notBefore: now - 353 * DAY_MS, notAfter: now + 12 * DAY_MS })
    const { id } = await client.certificates.upload({
      name,
      certificatePem: old.chainPem,
      privateKeyPem: old.privateKeyPem,
    })
    await client.targets.create({ certificateId: id, name, kind: 'localFiles', config: { certificatePath, keyPath } })
    sites.push({ name, oldId: id })
  })
  for (let left = count; left > 0; left -= 1) await installed(client, sites[left - 1]?.oldId ?? '')
  return sites
}

/** Resolves when the certificate's one target has it. */
async function installed(client: Client, certificateId: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const { targets } = await client.certificates.get({ id: certificateId })
    if (targets.some(({ deployment }) => deployment?.state === 'applied')) return
    if (performance.now() > until) throw await stuck(client, certificateId)
    await sleep(ASK_MS)
  }
}

async function renewAll(
  client: Client,
  pid: number,
  sites: readonly Site[],
  { concurrency }: EvercertRun,
): Promise<EvercertOutcome> {
  const usageBefore = readProcessUsage(pid)
  const newIds: string[] = []
  const installations = new Installations(client)
  const asked = { order: 0, payment: 0, application: 0 }
  const startedAt = performance.now()
  await inParallel(sites, concurrency, async (site) => {
    const begin = performance.now()
    const order = await client.orders.place(
      { renewsCertificateId: site.oldId, productId: PRODUCT },
      { context: { idempotencyKey: `order-${site.oldId}` } },
    )
    const ordered = performance.now()
    const { certificateId } = await client.orders.pay(
      { id: order.id, method: 'balance' },
      { context: { idempotencyKey: `pay-${order.id}` } },
    )
    const paid = performance.now()
    if (certificateId === null) throw new Error(`Paying for ${site.name} gave no certificate.`)
    await client.applications.submit({ id: certificateId, domains: [site.name], validationMethod: 'file', key: 'p256' })
    asked.order += ordered - begin
    asked.payment += paid - ordered
    asked.application += performance.now() - paid
    newIds.push(certificateId)
    await installations.oneMore()
  })
  const ms = performance.now() - startedAt
  const usage = readProcessUsage(pid)
  const cpuMs = usage === null || usageBefore === null ? null : usage.cpuMs - usageBefore.cpuMs
  const inService = await readPhases(client, newIds)
  const phases = [
    { name: 'order', ms: asked.order / sites.length },
    { name: 'payment', ms: asked.payment / sites.length },
    { name: 'application', ms: asked.application / sites.length },
    ...inService,
  ]
  return { count: sites.length, ms, cpuMs, usageBefore, usage, phases }
}

/**
 * Waits as one would who renews many at once: by asking how many renewals are installed, as the picture of them in the console does. Which
 * they are is no matter to how many are under way.
 */
class Installations {
  readonly #client: Client
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #counted = 0
  #isAsking = false

  constructor(client: Client) {
    this.#client = client
  }

  /** Resolves when one more renewal is installed than was told before. */
  async oneMore(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ resolve, reject })
    if (!this.#isAsking) void this.#ask()
    await promise
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    try {
      let until = performance.now() + PATIENCE_MS
      while (this.#waiting.length > 0) {
        await sleep(ASK_MS)
        const { stages } = await this.#client.certificates.funnel({})
        const reached = stages.find(({ stage }) => stage === 'installed')?.reached ?? 0
        if (reached > this.#counted) until = performance.now() + PATIENCE_MS
        if (performance.now() > until)
          throw new Error(`No renewal was installed for ${PATIENCE_MS / 1000} s: ${JSON.stringify(stages)}`)
        for (; this.#counted < reached && this.#waiting.length > 0; this.#counted += 1) this.#waiting.shift()?.resolve()
      }
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    }
    this.#isAsking = false
  }
}

async function stuck(client: Client, certificateId: string): Promise<Error> {
  const { problem, state } = await client.applications.get({ id: certificateId })
  return new Error(`${certificateId} is not deployed after ${PATIENCE_MS / 1000} s: ${state}, ${problem?.detail ?? 'no problem'}`)
}

/** From the timelines that the service wrote: when each renewal was submitted, validated, issued and deployed. */
async function readPhases(client: Client, ids: readonly string[]): Promise<Phase[]> {
  const sums = { validation: 0, issuance: 0, deployment: 0 }
  await inParallel(ids, PREPARATION_LANES, async (id) => {
    const detail = await client.certificates.get({ id })
    const [submitted, validated] = [
      momentOf(detail, 'application', 'pendingValidation'),
      momentOf(detail, 'application', 'inReview'),
    ]
    const [issued, applied] = [momentOf(detail, 'application', 'issued'), momentOf(detail, 'deployment', 'applied')]
    sums.validation += validated - submitted
    sums.issuance += issued - validated
    sums.deployment += applied - issued
  })
  return Object.entries(sums).map(([name, ms]) => ({ name, ms: ms / ids.length }))
}

function momentOf({ history, name }: CertificateDetail, subject: string, to: string): number {
  const entry = history.find((candidate) => candidate.subject === subject && candidate.to === to)
  if (entry === undefined) throw new Error(`The timeline of ${name} has no ${subject} ${to}.`)
  return Date.parse(entry.at)
}
