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
import { createReloadLeases } from '../../src/services/advance/reload-leases.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

/** At the same time, and beside them. */
const [PLACES, ASIDE] = [8, 8]
/** For each hanging host: more than all places together. */
const MANY_AT_A_NODE = 18
const FEW = 6

const authority = createChain()
const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Like a receiver that is stuck: it takes every request, and answers all of them when it is let go. */
async function aHangingReceiver(status: number) {
  const released = Promise.withResolvers<void>()
  const receiver = await startHttpReceiver(async () => {
    await released.promise
    return { status }
  })
  closing.push(() => receiver.close())
  return { ...receiver, letGo: released.resolve }
}

eachDatabase((kind, open) => {
  const nodes = kind === 'embedded' ? 1 : 2
  const [many, some] = [MANY_AT_A_NODE * nodes, (MANY_AT_A_NODE / 2) * nodes]

  test('receivers and a reload command that hang with many deployments, and others at full speed beside them; all are done in the end, once, or say that they failed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-hanging-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const service = await startTestService({ database: await open(), clock: createClock(Date.now()), worker: IDLE_WORKER })
    closing.push(() => service.stop())
    const [receiver, failing] = [await aHangingReceiver(204), await aHangingReceiver(500)]
    const go = join(folder, 'go')
    const stuck = script(folder, 'stuck', `until [ -e ${go} ]; do sleep 0.1; done`)
    const reload = script(folder, 'reload', `printf x >> ${join(folder, 'reloads')}`)
    const ids = { receiver: new Set<string>(), failing: new Set<string>(), stuck: new Set<string>(), sound: new Set<string>() }
    const files = (name: string, reloadCommand: string[]) => ({
      kind: 'localFiles',
      config: {
        certificatePath: join(folder, `${name}.pem`),
        keyPath: join(folder, `${name}.key`),
        reloadCommand,
        commandTimeoutSeconds: 120,
      },
    })
    const webhook = ({ url }: { url: string }) => ({ kind: 'webhook', config: { url, secret: `whsec_${'A'.repeat(32)}` } })
    const wanted = Array.from({ length: many }, (_, index) => [
      { of: 'receiver', ...webhook(receiver) } as const,
      ...(index < some ? [{ of: 'failing', ...webhook(failing) } as const] : []),
      { of: 'stuck', ...files(`stuck-${index}`, stuck) } as const,
      ...(index < FEW ? [{ of: 'sound', ...files(`sound-${index}`, reload) } as const] : []),
    ]).flat()
    await Promise.all(wanted.map(async ({ of, ...one }, index) => ids[of].add(await aTarget(service, `${of} ${index}`, one))))

    const { database, log } = service.services
    const workers = Array.from({ length: nodes }, (_, index) => {
      const reloads = createReloadLeases({ database, node: `node ${index}`, log })
      const services = { ...service.services, places: createPlaces(PLACES, ASIDE), reloads }
      return startWorker(services, { ...DEFAULT_WORKER_SETTINGS, concurrency: PLACES, pollMs: 200, scanMs: 200 })
    })
    const letGo = (): void => {
      writeFileSync(go, '')
      for (const one of [receiver, failing]) one.letGo()
    }
    closing.push(() => {
      letGo()
      return Promise.all(workers.map((worker) => worker.stop()))
    })
    await waitFor('those of other hosts', async () => ((await countOf(service, ids.sound, 'applied')) === FEW ? true : null))
    expect(await countOf(service, ids.stuck, 'applied')).toBe(0)
    expect(await countOf(service, ids.receiver, 'applied')).toBe(0)
    // As many as may wait at the host do; the others are written down, and nobody asks for them over and over.
    await waitFor('the others to be given back', async () => ((await waiting(service)) >= many / 2 ? true : null))
    const givenBack = (await rowsOf(service)).filter(({ problem_code: code }) => code === 'targetBusy')
    for (const { state, retry_at: at } of givenBack) expect([state, at]).toEqual(['planned', expect.any(Date)]) // also after a crash
    expect(receiver.requests.length).toBeLessThanOrEqual(2 * PLACES * nodes)
    const before = new Set(await looksOf(service))
    await sleep(500)
    const looks = (await looksOf(service)).filter((look) => !before.has(look))
    expect(looks.length).toBeLessThanOrEqual(2 * PLACES * nodes) // of those whose time was up, and of who followed them

    letGo()
    await waitFor('all of them', async () => {
      const ends = [
        { of: ids.receiver, state: 'applied', count: many },
        { of: ids.stuck, state: 'applied', count: many },
        { of: ids.failing, state: 'failed', count: some },
      ].map(async ({ of, state, count }) => (await countOf(service, of, state)) === count)
      return (await Promise.all(ends)).every(Boolean) ? true : null
    })
    expect(receiver.requests).toHaveLength(many) // each once, on whatever node
    expect(existsSync(join(folder, `stuck-${many - 1}.pem`))).toBe(true)
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
