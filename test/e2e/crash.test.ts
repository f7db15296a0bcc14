/**
 * Kill -9 between every two recorded steps of a renewal: after the restart there is one charge, one order at the CA, one certificate
 * with its key, and the site serves it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KillPoint } from '../harness/crash-service.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { expectOneOfEach, nameOf, pointsOf, renewThrough, type Interruption, type Outcome } from './support/crash-case.ts'
import { openHouse } from './support/house.ts'
import { runPool, type Pool } from './support/pool.ts'
import { createPostgresTemplate, type PostgresTemplate } from './support/postgres-template.ts'
import { findOld, install, orderRenewal } from './support/renewal.ts'
import { copyTemplate, fillTemplate, SITE_NAME } from './support/template.ts'

/** Every step of a renewal by the built-in CA, in their order; the first tests compare it with what the service goes through. */
const POINTS: readonly KillPoint[] = [
  ...pointsOf(['orders.place', 'orders.pay', 'applications.submit']),
  ...pointsOf(['prepareCsr', 'placeOrder', 'checkProof', 'readOrder', 'finalizeOrder', 'deploy', 'checkDeployment', 'probe']),
  ...pointsOf(['closeRenewal'], ['intended', 'recorded']),
]
/** After an effect was recorded the next one is intended, and nothing happens in between: one kill stands for both. */
const isBetweenEffects = ({ step, moment }: KillPoint): boolean =>
  moment === 'recorded' && !step.includes('.') && step !== 'closeRenewal'
const KILLS = POINTS.filter((point) => !isBetweenEffects(point)).map((point): Interruption => ({ point, signal: 'SIGKILL' }))
/** Where the service is asked to stop and may finish what it does: in a call, at the CA, in an installation, in a proof. */
const STOPS = [
  ...pointsOf(['applications.submit'], ['recorded']),
  ...pointsOf(['placeOrder', 'deploy', 'probe'], ['intended', 'done']),
].map((point): Interruption => ({ point, signal: 'SIGTERM' }))

/** Cases at once on each database: much of a case is waiting, above all on PostgreSQL, where a dead worker's job is free after a while. */
const CONCURRENCY = { embedded: 3, postgres: 4 } as const
type Kind = keyof typeof CONCURRENCY
const KINDS = ['embedded', 'postgres'] as const

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

/** Renews on a copy of the template, through an interruption if one is given. */
async function renewInCopy(kind: Kind, interruption: Interruption | null): Promise<Outcome> {
  const name = interruption === null ? `${kind} alone` : `${kind} ${nameOf(interruption.point)} ${interruption.signal}`
  const place = join(folder, name.replaceAll(/\W+/g, '-'))
  await copyTemplate(templateOf(kind), place)
  const environment = kind === 'embedded' ? {} : { EVERCERT_DATABASE_URL: await databases.copy() }
  const house = await openHouse({ folder: place, names: [SITE_NAME], environment })
  try {
    const { id: oldId } = await findOld(house)
    await install(house, oldId, SITE_NAME)
    const order = (): Promise<string> => orderRenewal(house, oldId)
    return await renewThrough(house, { oldId, serverName: SITE_NAME, interruption, order })
  } catch (error) {
    throw new Error(`${name}: ${String(error)}\n${house.service().logs()}`, { cause: error })
  } finally {
    await house.close()
    await rm(place, { recursive: true, force: true, maxRetries: 5 })
  }
}

const pools = Object.fromEntries(
  KINDS.map((kind) => [kind, runPool(CONCURRENCY[kind], [...KILLS, ...stopsOf(kind)], (one) => renewInCopy(kind, one))]),
) as Record<Kind, Pool<Interruption, Outcome>>
/** Stopping is the process's own affair: one database shows it. */
function stopsOf(kind: Kind): readonly Interruption[] {
  return kind === 'embedded' ? STOPS : []
}

const titled = (cases: readonly Interruption[]) => cases.map((one) => [nameOf(one.point), one] as const)

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

  it.each(titled(KILLS))('is killed at %s', async (_name, kill) => {
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
