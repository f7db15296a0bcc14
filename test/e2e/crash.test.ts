/**
 * Kill -9 between every two recorded steps of a renewal: after the restart there is one charge, one order at the CA, one certificate
 * with its key, and the site serves it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KillPoint, Moment } from '../harness/crash-service.ts'
import type { Audit } from './support/audit.ts'
import { openHouse, type House } from './support/house.ts'
import { runPool } from './support/pool.ts'
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

/** Starting processes at once; most of a case is waiting, but not its starts. */
const CONCURRENCY = 4

let folder: string
let template: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-'))
  template = join(folder, 'template')
  await fillTemplate(template)
})
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

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
async function renewInCopy(name: string, point: KillPoint | null, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<Outcome> {
  const place = join(folder, name.replaceAll(/\W+/g, '-'))
  await copyTemplate(template, place)
  const house = await openHouse({ folder: place, names: [SITE_NAME] })
  try {
    return await renew(house, point, signal)
  } catch (error) {
    throw new Error(`${name}: ${String(error)}\n${house.service().logs()}`, { cause: error })
  } finally {
    await house.close()
    await rm(place, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function renew(house: House, point: KillPoint | null, signal: 'SIGKILL' | 'SIGTERM'): Promise<Outcome> {
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

describe('the built-in CA on the embedded database', () => {
  const start = runPool(CONCURRENCY, POINTS, (point) => renewInCopy(nameOf(point), point))

  it('goes through the steps that are killed below', async () => {
    const outcome = await renewInCopy('unkilled', null)
    expectOneOfEach(outcome)
    expect(outcome.ends).toEqual([])
    expect(outcome.reloads).toBe(1)
    expect(new Set(outcome.steps)).toEqual(new Set(POINTS.map(nameOf)))
    start()
  })

  it.each(POINTS.map((point) => [nameOf(point), point] as const))('is killed at %s', async (_name, point) => {
    const outcome = await start.result(point)
    expect(outcome.ends).toEqual(['SIGKILL'])
    expectOneOfEach(outcome)
  })
})
