/** Hosts that take a deployment and never answer hold nobody else up, and what waited for them goes on when they do. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { startHttpReceiver } from '../../../../test/harness/http-receiver.ts'
import { DEFAULT_WORKER_SETTINGS, startWorker } from '../../src/jobs/worker.ts'
import { createPlaces } from '../../src/services/advance/places.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

/** At the same time, and beside them. */
const [PLACES, ASIDE] = [8, 16]
/** For each hanging host: more than all places together. */
const MANY = 24
const FEW = 8

const authority = createChain()
const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Like a receiver that is stuck: it takes every request, and answers all of them when it is let go. */
async function aHangingReceiver() {
  const released = Promise.withResolvers<void>()
  const receiver = await startHttpReceiver(async () => {
    await released.promise
    return { status: 204 }
  })
  closing.push(() => receiver.close())
  return { ...receiver, letGo: released.resolve }
}

eachDatabase((_kind, open) => {
  test('a receiver and a reload command that hang with many deployments, and others at full speed beside them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-hanging-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const service = await startTestService({ database: await open(), clock: createClock(Date.now()), worker: IDLE_WORKER })
    closing.push(() => service.stop())
    const receiver = await aHangingReceiver()
    const go = join(folder, 'go')
    const stuck = script(folder, 'stuck', `until [ -e ${go} ]; do sleep 0.1; done`)
    const reload = script(folder, 'reload', `printf x >> ${join(folder, 'reloads')}`)
    const ids = { receiver: new Set<string>(), stuck: new Set<string>(), sound: new Set<string>() }
    const files = (name: string, reloadCommand: string[]) => ({
      kind: 'localFiles',
      config: {
        certificatePath: join(folder, `${name}.pem`),
        keyPath: join(folder, `${name}.key`),
        reloadCommand,
        commandTimeoutSeconds: 120,
      },
    })
    for (let index = 0; index < MANY; index++) {
      const webhook = { kind: 'webhook', config: { url: receiver.url, secret: `whsec_${'A'.repeat(32)}` } }
      ids.receiver.add(await aTarget(service, `receiver ${index}`, webhook))
      ids.stuck.add(await aTarget(service, `stuck ${index}`, files(`stuck-${index}`, stuck)))
    }
    for (let index = 0; index < FEW; index++)
      ids.sound.add(await aTarget(service, `sound ${index}`, files(`sound-${index}`, reload)))

    const services = { ...service.services, places: createPlaces(PLACES, ASIDE) }
    const worker = startWorker(services, { ...DEFAULT_WORKER_SETTINGS, concurrency: PLACES, pollMs: 200, scanMs: 200 })
    closing.push(() => {
      writeFileSync(go, '')
      receiver.letGo()
      return worker.stop()
    })
    await waitFor('those of other hosts', async () => ((await countOf(service, ids.sound, 'applied')) === FEW ? true : null))
    expect(await countOf(service, ids.stuck, 'applied')).toBe(0)
    expect(await countOf(service, ids.receiver, 'applied')).toBe(0)
    // As many as may wait at the host do; the others are written down, and nobody asks for them over and over.
    await waitFor('the others to be given back', async () => ((await waiting(service)) >= MANY / 2 ? true : null))
    const givenBack = (await rowsOf(service)).filter(({ problem_code: code }) => code === 'targetBusy')
    for (const { state, retry_at: at } of givenBack) expect([state, at]).toEqual(['planned', expect.any(Date)]) // also after a crash
    expect(receiver.requests.length).toBeLessThanOrEqual(4 * PLACES)
    const before = new Set(await looksOf(service))
    await sleep(1_000)
    const looks = (await looksOf(service)).filter((look) => !before.has(look))
    expect(looks.length).toBeLessThanOrEqual(4 * PLACES) // of those whose time was up, and of who followed them

    writeFileSync(go, '')
    receiver.letGo()
    await waitFor('all of them', async () => {
      const [there, reloaded] = [await countOf(service, ids.receiver, 'applied'), await countOf(service, ids.stuck, 'applied')]
      return there === MANY && reloaded === MANY ? true : null
    })
    expect(existsSync(join(folder, `stuck-${MANY - 1}.pem`))).toBe(true)
    expect(readFileSync(join(folder, 'reloads'), 'utf8').length).toBeLessThan(FEW)
  })
})

function script(folder: string, name: string, body: string): string[] {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return [join(folder, name)]
}

async function aTarget(service: TestService, name: string, target: { kind: string; config: object }): Promise<string> {
  const { chainPem, privateKeyPem } = authority.issue({ names: ['site.test'] })
  const { id: certificateId } = await service.client.certificates.upload({ name, certificatePem: chainPem, privateKeyPem })
  return (await service.client.targets.create({ certificateId, name, ...target, config: { ...target.config } })).id
}

const rowsOf = (service: TestService) =>
  service.services.db.selectFrom('deployment').select(['target_id', 'state', 'problem_code', 'retry_at', 'updated_at']).execute()

async function countOf(service: TestService, ids: ReadonlySet<string>, state: string): Promise<number> {
  return (await rowsOf(service)).filter((row) => ids.has(row.target_id) && row.state === state).length
}

const waiting = async (service: TestService): Promise<number> =>
  (await rowsOf(service)).filter(({ problem_code: code }) => code === 'targetBusy').length

/** Each time that something was written down of a deployment. */
const looksOf = async (service: TestService): Promise<string[]> =>
  (await rowsOf(service)).map(({ target_id: id, updated_at: at }) => `${id} ${at.getTime()}`)
