/**
 * Kill -9 around every exchange with an ACME CA, also between its answer and our record of it: one order at the CA all the same. The CA
 * is Pebble, which refuses nonces and never reuses an authorization. Where the proof dies with the service, the CA may look while nobody
 * answers, and ends that order (RFC 8555 §7.1.6): then it is ordered once more, by itself.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPebble, type Pebble } from '../harness/pebble.ts'
import { buy, connectAcme, productOf } from './support/acme.ts'
import { expectOneOfEach, nameOf, pointsOf, renewThrough, type Interruption, type Outcome } from './support/crash-case.ts'
import { openCrashLane } from './support/crash-lane.ts'
import type { House } from './support/house.ts'
import { longRun } from './support/long.ts'
import { runPool, type Lane } from './support/pool.ts'
import { startRememberingProxy } from './support/remembering-proxy.ts'
import { install, orderRenewal } from './support/renewal.ts'

/** The CA has answered and we have not written it down; and, for the order, the instants before and after. */
const KILLS = [
  ...pointsOf(['placeOrder', 'checkProof', 'readOrder', 'finalizeOrder'], ['done']),
  ...pointsOf(['placeOrder'], ['intended']),
  ...pointsOf(['finalizeOrder'], ['recorded']),
].map((point): Interruption => ({ point, signal: 'SIGKILL' }))
/** In each run those where the CA has acted and nobody has written it down; all in a long run. */
const KILLS_IN_FRONT = longRun(KILLS, ({ point: { step, moment } }) => moment === 'done' && step !== 'readOrder')
/** Where the CA may look while the service is dead. */
const KILLS_IN_VALIDATION = longRun(
  KILLS.filter(({ point: { step } }) => ['checkProof', 'readOrder'].includes(step)),
  ({ point: { step } }) => step === 'checkProof',
)
const CONCURRENCY = 3
const TIME_LEFT_MS = 12 * 86_400_000

let folder: string
let pebble: Pebble

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-acme-'))
  pebble = await startPebble({ nonceRejectPercent: 20, authzReusePercent: 0 })
  for (const pool of [inFront, alone]) pool() // both at once: what one waits for, the other uses
})
afterAll(async () => {
  await pebble.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Who answers the CA: a web server in front of the service, which has the proof while the service is dead, or the service alone. */
type Answerer = 'a site in front' | 'the service alone'

let lanes = 0
/** Each lane has an account at the CA. */
function openLane(answerer: Answerer): Lane<Interruption | null, Outcome> {
  const isAlone = answerer === 'the service alone'
  const environment: Record<string, string> = isAlone ? { EVERCERT_HTTP01_PORT: String(pebble.httpPort) } : {}
  return openCrashLane({
    folder: join(folder, String(++lanes)),
    domain: isAlone ? 'alone.evercert.test' : 'fronted.evercert.test', // the CA's name server keeps what it was told
    environment: () => Promise.resolve(environment),
    prepare: (house) => connectAcme(house, pebble, { issuerId: 'pebble', fileValidationHttpPort: pebble.httpPort }),
    renew: async (house, serverName, interruption) => {
      const proxy = isAlone ? null : await startRememberingProxy(house.site.address, pebble.httpPort, house.proofUrl)
      try {
        await pebble.dns.addA(serverName, [house.site.address])
        return await renewOne(house, serverName, interruption)
      } finally {
        await proxy?.stop()
      }
    },
  })
}

/** The orders that the CA counts are those of the renewal. */
async function renewOne(house: House, serverName: string, interruption: Interruption | null): Promise<Outcome> {
  const newId = await orderOne(house, serverName)
  const { renewsCertificateId } = await house.call((client) => client.certificates.get({ id: newId }))
  const oldId = renewsCertificateId ?? ''
  const before = (await house.service().audit(oldId)).acmeOrders ?? 0
  const outcome = await renewThrough(house, { oldId, serverName, interruption, order: () => Promise.resolve(newId) })
  return { ...outcome, audit: { ...outcome.audit, acmeOrders: (outcome.audit.acmeOrders ?? 0) - before } }
}

/** A certificate that is served, and the paid order of its renewal. The CA's clock cannot be moved, so the service's is while it sells. */
async function orderOne(house: House, name: string): Promise<string> {
  const old = await buy(house, { productId: productOf('pebble', 'single'), domains: [name] })
  await install(house, old.id, name)
  await house.setClock(Date.parse(old.notAfter ?? '') - TIME_LEFT_MS - Date.now())
  const newId = await orderRenewal(house, old.id)
  await house.setClock(0)
  return newId
}

const inFront = runPool(CONCURRENCY, KILLS_IN_FRONT, () => openLane('a site in front'))
const alone = runPool(CONCURRENCY, KILLS_IN_VALIDATION, () => openLane('the service alone'))

const titled = (kills: readonly Interruption[]) => kills.map((kill) => [nameOf(kill.point), kill] as const)

describe('the embedded database and Pebble, a site in front', () => {
  it.each(titled(KILLS_IN_FRONT))('is killed at %s', async (_name, kill) => {
    const outcome = await inFront.result(kill)
    expect(outcome.ends).toEqual(['SIGKILL'])
    expectOneOfEach(outcome, { acmeOrders: 1, builtinOrders: [] })
  })
})

describe('the embedded database and Pebble, the service alone', () => {
  it.each(titled(KILLS_IN_VALIDATION))('is killed at %s', async (_name, kill) => {
    const outcome = await alone.result(kill)
    expect(outcome.ends).toEqual(['SIGKILL'])
    const { acmeOrders } = outcome.audit
    expectOneOfEach(outcome, { builtinOrders: [] })
    // The renewal's, and one more only where the CA looked while the service was dead.
    expect(acmeOrders).toBeLessThanOrEqual(2)
  })
})
