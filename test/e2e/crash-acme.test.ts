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
import { openHouse, type House } from './support/house.ts'
import { runPool } from './support/pool.ts'
import { startRememberingProxy } from './support/remembering-proxy.ts'
import { install, orderRenewal } from './support/renewal.ts'
import { copyTemplate } from './support/template.ts'

/** The moment at which a step was recorded is that at which the next one is intended, but for the last. */
const KILLS = [
  ...pointsOf(['placeOrder', 'checkProof', 'readOrder', 'finalizeOrder'], ['intended', 'done']),
  ...pointsOf(['finalizeOrder'], ['recorded']),
].map((point): Interruption => ({ point, signal: 'SIGKILL' }))
/** Where the CA may look while the service is dead. */
const KILLS_IN_VALIDATION = KILLS.filter(({ point: { step } }) => ['checkProof', 'readOrder'].includes(step))
const CONCURRENCY = 3
const TIME_LEFT_MS = 12 * 86_400_000

let folder: string
let pebble: Pebble

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-acme-'))
  pebble = await startPebble({ nonceRejectPercent: 20, authzReusePercent: 0 })
  const house = await openHouse({ folder: join(folder, 'template'), names: [] })
  await connectAcme(house, pebble, { issuerId: 'pebble', fileValidationHttpPort: pebble.httpPort })
  await house.close()
})
afterAll(async () => {
  await pebble.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Who answers the CA: a web server in front of the service, which has the proof while the service is dead, or the service alone. */
type Answerer = 'a site in front' | 'the service alone'

/** The template has no account at the CA yet: each case makes its own, so that the CA can count its orders. */
async function renewInCopy(kill: Interruption, answerer: Answerer): Promise<Outcome> {
  const label = `${nameOf(kill.point)} ${answerer}`.replaceAll(/\W+/g, '-').toLowerCase()
  const name = `${label}.evercert.test`
  const place = join(folder, label)
  await copyTemplate(join(folder, 'template'), place)
  const isAlone = answerer === 'the service alone'
  const environment: Record<string, string> = isAlone ? { EVERCERT_HTTP01_PORT: String(pebble.httpPort) } : {}
  const house = await openHouse({ folder: place, names: [name], environment })
  const proxy = isAlone ? null : await startRememberingProxy(house.site.address, pebble.httpPort, house.proofUrl)
  try {
    await pebble.dns.addA(name, [house.site.address])
    const newId = await orderInCopy(house, name)
    const { renewsCertificateId: oldId } = await house.call((client) => client.certificates.get({ id: newId }))
    return await renewThrough(house, {
      oldId: oldId ?? '',
      serverName: name,
      interruption: kill,
      order: () => Promise.resolve(newId),
    })
  } catch (error) {
    throw new Error(`${label}: ${String(error)}\n${house.service().logs()}`, { cause: error })
  } finally {
    await proxy?.stop()
    await house.close()
    await rm(place, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A certificate that is served, and the paid order of its renewal. The CA's clock cannot be moved, so the service's is while it sells. */
async function orderInCopy(house: House, name: string): Promise<string> {
  const old = await buy(house, { productId: productOf('pebble', 'single'), domains: [name] })
  await install(house, old.id, name)
  await house.setClock(Date.parse(old.notAfter ?? '') - TIME_LEFT_MS - Date.now())
  const newId = await orderRenewal(house, old.id)
  await house.setClock(0)
  return newId
}

const titled = (kills: readonly Interruption[]) => kills.map((kill) => [nameOf(kill.point), kill] as const)

describe('the embedded database and Pebble, a site in front', () => {
  const pool = runPool(CONCURRENCY, KILLS, (kill) => renewInCopy(kill, 'a site in front'))

  it.each(titled(KILLS))('is killed at %s', async (_name, kill) => {
    const outcome = await pool.result(kill)
    expect(outcome.ends).toEqual(['SIGKILL'])
    expectOneOfEach(outcome, { acmeOrders: 2, builtinOrders: [] })
  })
})

describe('the embedded database and Pebble, the service alone', () => {
  const pool = runPool(CONCURRENCY, KILLS_IN_VALIDATION, (kill) => renewInCopy(kill, 'the service alone'))

  it.each(titled(KILLS_IN_VALIDATION))('is killed at %s', async (_name, kill) => {
    const outcome = await pool.result(kill)
    expect(outcome.ends).toEqual(['SIGKILL'])
    const { acmeOrders } = outcome.audit
    expectOneOfEach(outcome, { builtinOrders: [] })
    // The first certificate's, the renewal's, and one more only where the CA looked while the service was dead.
    expect(acmeOrders).toBeLessThanOrEqual(3)
  })
})
