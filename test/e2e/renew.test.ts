/**
 * Two nodes on one PostgreSQL database: many renewals at once, each exactly once, also when one node dies in the middle of them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiProblem } from '@evercert/contract/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { postgresTemplate, TEMPLATE_DATABASE } from '../harness/database-templates.ts'
import { startDnsServer } from '../harness/dns-server.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { buyAndApply } from './support/acme.ts'
import { ownAddress, settingsFor, type Household } from './support/house.ts'
import { createPostgresTemplate, type PostgresTemplate } from './support/postgres-template.ts'
import { apply, installBeside, orderRenewal, waitForClose, waitForIssuance } from './support/renewal.ts'
import { startServiceProcess, type ServiceProcess } from './support/service-process.ts'
import { startSite } from './support/site.ts'
import { copyTemplate } from './support/template.ts'

const NAMES = Array.from({ length: 10 }, (_, index) => `shop${index}.evercert.test`)

let folder: string
let postgres: Postgres
let databases: PostgresTemplate

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-renew-'))
  postgres = await startPostgres({ dataTemplate: await postgresTemplate(), isForgetful: true }) // nobody kills it
  databases = await createPostgresTemplate(postgres, TEMPLATE_DATABASE)
  await fillTemplate()
})
afterAll(async () => {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** A certificate for each name, with twelve days left. */
async function fillTemplate(): Promise<void> {
  const stage = await setStage(join(folder, 'template'), databases.url)
  const node = await stage.startNode('template', issuedAtFor(Date.now()) - Date.now())
  const household = await stage.householdFor('template', [node])
  const { id: productId } = await findProduct(node.client)
  await Promise.all(
    NAMES.map(async (name) => waitForIssuance(household, await buyAndApply(household, { productId, domains: [name] }))),
  )
  await stage.strike()
}

/** Name server, addresses and settings that the nodes of one database share. */
async function setStage(place: string, databaseUrl: string) {
  const address = ownAddress()
  const dns = await startDnsServer()
  for (const name of NAMES) dns.add(name, 'A', address)
  const shared = await settingsFor(place, address, dns.address)
  const undo: (() => Promise<unknown>)[] = [() => dns.close()]
  const startNode = async (label: string, clockOffsetMs = 0): Promise<ServiceProcess> => {
    const node = await startServiceProcess({
      clockOffsetMs,
      environment: {
        ...shared,
        EVERCERT_DATA_DIR: label === 'template' ? join(place, 'data') : join(place, label, 'data'),
        EVERCERT_DATABASE_URL: databaseUrl,
        // The CA looks at one address; a second node answers beside it.
        ...(label === 'second' && { EVERCERT_HTTP01_HOST: ownAddress() }),
      },
    })
    undo.push(() => node.stop())
    return node
  }
  const householdFor = async (name: string, nodes: readonly ServiceProcess[]): Promise<Household> => {
    const site = await startSite(join(place, 'sites', name), address)
    undo.push(() => site.stop())
    return { site, service: () => firstOf(nodes), call: (use) => callAny(nodes, use) }
  }
  const strike = async (): Promise<void> => {
    for (const step of undo.reverse()) await step()
  }
  return { startNode, householdFor, strike }
}

function firstOf(nodes: readonly ServiceProcess[]): ServiceProcess {
  const [first] = nodes
  if (first === undefined) throw new Error('a household has a node')
  return first
}

/** Asks the nodes in turn until one answers: as a load balancer does. */
async function callAny<Value>(
  nodes: readonly ServiceProcess[],
  use: (client: ServiceProcess['client']) => Promise<Value>,
): Promise<Value> {
  const failures: unknown[] = []
  for (const node of nodes) {
    try {
      return await use(node.client)
    } catch (error) {
      if (error instanceof ApiProblem) throw error
      failures.push(error)
    }
  }
  throw new AggregateError(failures, 'no node answers')
}

/** Two nodes on a copy of the template, and for each name a client that prefers one of them. */
async function openTwoNodes(label: string) {
  const place = join(folder, label)
  for (const node of ['first', 'second']) copyTemplate(join(folder, 'template'), join(place, node))
  const stage = await setStage(place, await databases.copy())
  onTestFinished(stage.strike)
  const nodes = await Promise.all([stage.startNode('first'), stage.startNode('second')])
  const [first, second] = nodes
  const { items } = await first.client.certificates.list({})
  expect(items.map(({ domains }) => domains.join()).sort()).toEqual(NAMES)
  const households = await Promise.all(
    items.map(async (old, index) => {
      const name = old.domains.join()
      const household = await stage.householdFor(name, index % 2 === 0 ? [first, second] : [second, first])
      await installBeside(household, old.id, name, household.site.address)
      return { household, oldId: old.id, name }
    }),
  )
  return { first, second, households }
}

const ONE_OF_EACH = {
  renewals: ['closed'],
  orders: ['paid'],
  payments: ['succeeded'],
  charges: [-10_000],
  ledgerSum: 0,
  balanceError: 0,
  certificates: 1,
  applications: ['issued'],
  builtinOrders: ['issued'],
  deployments: ['proved'],
  transitions: { issued: 1, closed: 1 },
}

type HouseholdCase = Awaited<ReturnType<typeof openTwoNodes>>['households'][number]

/** Every call is made twice, at both nodes at once, as by somebody who clicks twice. */
async function renewTwice({ household, oldId }: HouseholdCase): Promise<string> {
  const [newId, again] = await Promise.all([orderRenewal(household, oldId), orderRenewal(household, oldId)])
  expect(again).toBe(newId)
  await Promise.all([apply(household, newId), apply(household, newId)])
  return newId
}

describe('two nodes on one PostgreSQL database', () => {
  it('renew ten certificates at once, each exactly once', async () => {
    const { first, second, households } = await openTwoNodes('parallel')
    const before = [first.steps.length, second.steps.length] as const
    await Promise.all(
      households.map(async (one) => {
        const fresh = await waitForClose(one.household, await renewTwice(one), 120_000)
        expect(await one.household.site.servedSha256(one.name)).toBe(fresh.sha256)
        expect(await first.audit(one.oldId)).toMatchObject({
          ...ONE_OF_EACH,
          issuances: [{ sha256: fresh.sha256, keyMatches: true }],
        })
        expect(one.household.site.reloads()).toBe(2) // the old certificate and the new one
      }),
    )
    const steps = [first.steps.slice(before[0]), second.steps.slice(before[1])]
    const count = (step: string): number => steps.flat().filter((each) => each.step === step && each.moment === 'recorded').length
    for (const step of ['prepareCsr', 'placeOrder', 'finalizeOrder', 'deploy', 'closeRenewal'])
      expect([step, count(step)]).toEqual([step, 10])
    for (const own of steps) expect(own.some(({ step }) => step === 'finalizeOrder')).toBe(true)
  })

  it('go on when one of them dies in the middle: the other finishes its work', async () => {
    const { first, second, households } = await openTwoNodes('failover')
    await second.arm({ step: 'placeOrder', moment: 'done' }, 'SIGKILL')
    await Promise.all(
      households.map(async (one) => {
        const fresh = await waitForClose(one.household, await renewTwice(one), 120_000)
        expect(await one.household.site.servedSha256(one.name)).toBe(fresh.sha256)
        expect(await first.audit(one.oldId)).toMatchObject(ONE_OF_EACH)
        expect(one.household.site.reloads()).toBeLessThanOrEqual(3)
      }),
    )
    expect(await second.ended).toBe('SIGKILL')
  })
})
