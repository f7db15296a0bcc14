/**
 * Kill -9 between every two recorded steps of a renewal: after the restart there is one charge, one order at the CA, one certificate
 * with its key, and the site serves it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KillPoint } from '../harness/crash-service.ts'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { postgresTemplate, TEMPLATE_DATABASE } from '../harness/database-templates.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { buy } from './support/acme.ts'
import { expectOneOfEach, nameOf, pointsOf, renewThrough, type Interruption, type Outcome } from './support/crash-case.ts'
import { openCrashLane } from './support/crash-lane.ts'
import type { House } from './support/house.ts'
import { longRun } from './support/long.ts'
import { runPool, type Lane, type Pool } from './support/pool.ts'
import { install, orderRenewal } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

/** Every step of a renewal by the built-in CA, in their order; the first tests compare it with what the service goes through. */
const POINTS: readonly KillPoint[] = [
  ...pointsOf(['orders.place', 'orders.pay', 'applications.submit']),
  ...pointsOf(['prepareCsr', 'placeOrder', 'checkProof', 'readOrder', 'finalizeOrder', 'deploy', 'checkDeployment', 'probe']),
  ...pointsOf(['closeRenewal'], ['intended', 'recorded']),
  // Those that write down first what they are about to do outside.
  ...pointsOf(['placeOrder', 'finalizeOrder', 'deploy'], ['announced']),
]
const KILLS = POINTS.map((point): Interruption => ({ point, signal: 'SIGKILL' }))
/** Each run has the kills after which something outside has happened and is not recorded; a long run has all. */
const OUTSIDE = new Set(['orders.pay', 'placeOrder', 'finalizeOrder', 'deploy'])
const CHOSEN = longRun(KILLS, ({ point: { step, moment } }) => moment === 'done' && OUTSIDE.has(step))
const KILLS_ON = { embedded: CHOSEN, postgres: CHOSEN } as const
/** Where the service is asked to stop and may finish what it does: in a call, at the CA, in an installation, in a proof. */
const STOPS = longRun(
  [...pointsOf(['applications.submit'], ['recorded']), ...pointsOf(['placeOrder', 'deploy', 'probe'], ['intended', 'done'])].map(
    (point): Interruption => ({ point, signal: 'SIGTERM' }),
  ),
  ({ point: { step, moment } }) => moment !== 'done' || step === 'deploy',
)

/** Cases at once on each database: much of a case is waiting, above all on PostgreSQL, where a dead worker's job is free after a while. */
const CONCURRENCY = { embedded: 3, postgres: 4 } as const
type Kind = keyof typeof CONCURRENCY
const KINDS = ['embedded', 'postgres'] as const

let folder: string
let postgres: Postgres

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-'))
  postgres = await startPostgres({ dataTemplate: await postgresTemplate() })
})
afterAll(async () => {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

let lanes = 0
function openLane(kind: Kind): Lane<Interruption | null, Outcome> {
  return openCrashLane({
    folder: join(folder, `${kind}-${++lanes}`),
    domain: 'evercert.test',
    environment: async () =>
      kind === 'embedded' ? {} : { EVERCERT_DATABASE_URL: await postgres.createDatabase({ template: TEMPLATE_DATABASE }) },
    renew: renewOne,
  })
}

/** A certificate that was bought on an earlier clock and has twelve days left is installed, and renewed through the interruption. */
async function renewOne(house: House, serverName: string, interruption: Interruption | null): Promise<Outcome> {
  const { id: productId } = await house.call(findProduct)
  await house.setClock(issuedAtFor(Date.now()) - Date.now())
  const { id: oldId } = await buy(house, { productId, domains: [serverName] })
  await waitFor('the old certificate to come to rest', async () => ((await house.service().audit(oldId)).atRest ? true : null))
  await house.setClock(0)
  await install(house, oldId, serverName)
  return renewThrough(house, { oldId, serverName, interruption, order: () => orderRenewal(house, oldId) })
}

async function renewAlone(kind: Kind): Promise<Outcome> {
  const lane = openLane(kind)
  try {
    return await lane.run(null)
  } finally {
    await lane.close()
  }
}

const pools = Object.fromEntries(
  KINDS.map((kind) => [kind, runPool(CONCURRENCY[kind], [...KILLS_ON[kind], ...stopsOf(kind)], () => openLane(kind))]),
) as Record<Kind, Pool<Interruption, Outcome>>
/** Stopping is the process's own affair: one database shows it. */
function stopsOf(kind: Kind): readonly Interruption[] {
  return kind === 'embedded' ? STOPS : []
}

const titled = (cases: readonly Interruption[]) => cases.map((one) => [nameOf(one.point), one] as const)

describe('without a crash', () => {
  it.each(KINDS)('a renewal on the %s database goes through the steps that are killed below', async (kind) => {
    const outcome = await renewAlone(kind)
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

  it.each(titled(KILLS_ON[kind]))('is killed at %s', async (_name, kill) => {
    const outcome = await pools[kind].result(kill)
    expect(outcome.ends).toEqual(['SIGKILL'])
    expectOneOfEach(outcome)
  })

  it.each(titled(stopsOf(kind)))('is stopped at %s: ends cleanly and goes on after the next start', async (_name, stop) => {
    const outcome = await pools[kind].result(stop)
    expect(outcome.ends).toEqual(['0'])
    expectOneOfEach(outcome)
    expect(outcome.reloads).toBe(1)
  })
})
