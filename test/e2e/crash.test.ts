/**
 * Kill -9 between every two recorded steps of a renewal: after the restart there is one charge, one order at the CA, one certificate
 * with its key, and the site serves it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KillPoint, Moment } from '../harness/crash-service.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import type { Audit } from './support/audit.ts'
import { openHouse, type House } from './support/house.ts'
import { runPool, type Pool } from './support/pool.ts'
import { createPostgresTemplate, type PostgresTemplate } from './support/postgres-template.ts'
import { apply, findOld, install, orderRenewal, waitForClose } from './support/renewal.ts'
import { copyTemplate, fillTemplate, SITE_NAME } from './support/template.ts'
import { waitFor } from './support/wait-for.ts'

const MOMENTS = ['intended', 'done', 'recorded'] as const
const pointsOf = (steps: readonly string[], moments: readonly Moment[] = MOMENTS): KillPoint[] =>
  steps.flatMap((step) => moments.map((moment) => ({ step, moment })))

/** Every step of a renewal by the built-in CA, in their order; the first test compares it with what the service goes through. */
const POINTS: readonly KillPoint[] = [
  ...pointsOf(['orders.place', 'orders.pay', 'applications.submit']),
  ...pointsOf(['prepareCsr', 'placeOrder', 'checkProof', 'readOrder', 'finalizeOrder', 'deploy', 'probe']),
  ...pointsOf(['closeRenewal'], ['intended', 'recorded']),
]
const nameOf = ({ step, moment }: KillPoint): string => `${step} ${moment}`

/** Cases at once on each database: much of a case is waiting, above all on PostgreSQL, where a dead worker's job is free after a while. */
const CONCURRENCY = { embedded: 3, postgres: 4 } as const
type Kind = keyof typeof CONCURRENCY

let folder: string
let postgres: Postgres
let databases: PostgresTemplate

const templateOf = (kind: Kind): string => join(folder, `template-${kind}`)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-'))
  postgres = await startPostgres()
  databases = await createPostgresTemplate(postgres)
  await fillTemplate(templateOf('embedded'))
  await fillTemplate(templateOf('postgres'), { EVERCERT_DATABASE_URL: databases.url })
})
afterAll(async () => {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

type Signal = 'SIGKILL' | 'SIGTERM'

interface Outcome {
  readonly audit: Audit
  readonly ends: readonly string[]
  readonly steps: readonly string[]
  readonly newSha256: string | null
  readonly servedSha256: string
  /** Reloads of the site for the new certificate. */
  readonly reloads: number
  readonly toppedUpDays: number | null
}

/** Renews on a copy of the template; dies at the point, if one is given. */
async function renewInCopy(kind: Kind, point: KillPoint | null, signal: Signal = 'SIGKILL'): Promise<Outcome> {
  const name = `${kind} ${point === null ? 'unkilled' : nameOf(point)} ${signal}`
  const place = join(folder, name.replaceAll(/\W+/g, '-'))
  await copyTemplate(templateOf(kind), place)
  const environment = kind === 'embedded' ? {} : { EVERCERT_DATABASE_URL: await databases.copy() }
  const house = await openHouse({ folder: place, names: [SITE_NAME], environment })
  try {
    return await renew(house, point, signal)
  } catch (error) {
    throw new Error(`${name}: ${String(error)}\n${house.service().logs()}`, { cause: error })
  } finally {
    await house.close()
    await rm(place, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function renew(house: House, point: KillPoint | null, signal: Signal): Promise<Outcome> {
  const old = await findOld(house)
  await install(house, old.id, SITE_NAME)
  const reloadsBefore = house.site.reloads()
  const first = house.service()
  const stepsBefore = first.steps.length
  if (point !== null) await first.arm(point, signal)
  const newId = await orderRenewal(house, old.id)
  await apply(house, newId)
  await waitForClose(house, newId)
  if (point !== null) await house.restarted(1)
  const fresh = await waitForClose(house, newId)
  await waitFor('the renewal to come to rest', async () => ((await house.service().audit(old.id)).atRest ? true : null))
  return {
    audit: await house.service().audit(old.id),
    ends: [...house.ends],
    steps: first.steps.slice(stepsBefore).map(nameOf),
    newSha256: fresh.sha256,
    servedSha256: await house.site.servedSha256(SITE_NAME),
    reloads: house.site.reloads() - reloadsBefore,
    toppedUpDays: fresh.entitlement?.toppedUpDays ?? null,
  }
}

function expectOneOfEach(outcome: Outcome): void {
  const { audit, newSha256 } = outcome
  expect(audit).toMatchObject({
    renewals: ['closed'],
    orders: ['paid'],
    payments: ['succeeded'],
    charges: [-10_000],
    ledgerSum: 0,
    balanceError: 0,
    certificates: 1,
    applications: ['issued'],
    builtinOrders: ['issued'],
    issuances: [{ sha256: newSha256, keyMatches: true }],
    deployments: ['proved'],
    transitions: { issued: 1, closed: 1 },
    atRest: true,
  })
  expect(outcome.servedSha256).toBe(newSha256)
  expect(outcome.toppedUpDays).toBe(12)
  expect(outcome.reloads).toBeGreaterThanOrEqual(1)
  expect(outcome.reloads).toBeLessThanOrEqual(2)
}

const KINDS = ['embedded', 'postgres'] as const
const pools = Object.fromEntries(
  KINDS.map((kind) => [kind, runPool(CONCURRENCY[kind], POINTS, (point) => renewInCopy(kind, point))]),
) as Record<Kind, Pool<KillPoint, Outcome>>

describe('without a crash', () => {
  it.each(KINDS)('a renewal on the %s database goes through the steps that are killed below', async (kind) => {
    const outcome = await renewInCopy(kind, null)
    expectOneOfEach(outcome)
    expect(outcome.ends).toEqual([])
    expect(outcome.reloads).toBe(1)
    expect(new Set(outcome.steps)).toEqual(new Set(POINTS.map(nameOf)))
  })
})

describe.each(KINDS)('on the %s database', (kind) => {
  beforeAll(() => {
    for (const each of KINDS) pools[each]() // both at once: what one waits for, the other uses
  })

  it.each(POINTS.map((point) => [nameOf(point), point] as const))('is killed at %s', async (_name, point) => {
    const outcome = await pools[kind].result(point)
    expect(outcome.ends).toEqual(['SIGKILL'])
    expectOneOfEach(outcome)
  })
})
