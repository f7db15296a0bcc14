import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { startNginx, type Nginx } from '../../../../test/harness/nginx.ts'
import { DEFAULT_WORKER_SETTINGS, startWorker, type Worker } from '../../src/jobs/worker.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { deploy } from '../../src/services/advance/deploy-effects.ts'
import { loadWork } from '../../src/services/advance/facts.ts'
import { createPlaces } from '../../src/services/advance/places.ts'
import { scanDue } from '../../src/services/scan.ts'
import { DEFAULT_START } from '../support/clock.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

/** Beyond the jobs that run at once. */
const COUNT = 20
const AT_ONCE = 16
const FEW = 12

const authority = createChain()
/** Valid by the clock of the service too. */
const issue = (names: readonly string[]): TestLeaf => authority.issue({ names: [...names], notBefore: DEFAULT_START - DAY_MS })
let folder: string
let service: TestService
let nginx: Nginx
const reloads = (): number => readFileSync(join(folder, 'reloads'), 'utf8').length

interface Place {
  readonly name: string
  readonly certificatePath: string
  readonly keyPath: string
}

function aPlace(name: string): Place {
  const [certificatePath, keyPath] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const old = issue([name])
  writeFileSync(certificatePath, old.chainPem)
  writeFileSync(keyPath, old.privateKeyPem)
  return { name, certificatePath, keyPath }
}

const places: Place[] = []
let testCommand: string[]
let reloadCommand: string[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evercert-bulk-'))
  for (let index = 0; index < COUNT + FEW; index++) places.push(aPlace(`site-${index}.test`))
  const [first] = places
  if (first === undefined) throw new Error('no site')
  const virtualHosts = places.map(({ name: serverName, ...paths }) => ({ serverName, ...paths }))
  nginx = await startNginx({ ...first, virtualHosts })
  testCommand = script('test', nginx.testCommand)
  reloadCommand = script('reload', nginx.reloadCommand)
  service = await startTestService({ database: await openerOf('embedded')(), worker: IDLE_WORKER })
})
afterAll(async () => {
  await service?.stop()
  await nginx?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Counts its runs; a letter for each. */
function script(name: string, command: readonly string[]): string[] {
  const path = join(folder, name)
  writeFileSync(join(folder, `${name}s`), '')
  writeFileSync(path, `#!/bin/sh\nprintf x >> ${path}s\nexec ${command.join(' ')}\n`, { mode: 0o755 })
  return [path]
}

/** A worker as the service has it. */
async function withWorker(concurrency: number, work: () => Promise<void>): Promise<void> {
  const services = { ...service.services, places: createPlaces(concurrency) }
  const worker: Worker = startWorker(services, { ...DEFAULT_WORKER_SETTINGS, concurrency, pollMs: 200 })
  try {
    await work()
  } finally {
    await worker.stop()
  }
}

const upload = ({ chainPem, privateKeyPem, sha256 }: TestLeaf, name: string) =>
  service.client.certificates.upload({ name: `${name} ${sha256.slice(0, 8)}`, certificatePem: chainPem, privateKeyPem })

interface Wish {
  readonly certificateId: string
  readonly place: Place
  readonly probed?: boolean
}

function addTarget({ certificateId, place, probed = true }: Wish): Promise<{ id: string }> {
  const { name, certificatePath, keyPath } = place
  return service.client.targets.create({
    certificateId,
    name: `${name} of ${certificateId.slice(-6)}`,
    kind: 'nginx',
    config: { certificatePath, keyPath, testCommand, reloadCommand },
    ...(probed && { probe: { host: '127.0.0.1', port: nginx.httpsPort, serverName: name } }),
  })
}

/** Files of the same site that no target has yet. */
const aside = (place: Place): Place => {
  const suffix = randomUUID()
  return { ...place, certificatePath: `${place.certificatePath}.${suffix}`, keyPath: `${place.keyPath}.${suffix}` }
}

/** Each state that deployments of these targets have, and how often. */
async function statesOf(ids: ReadonlySet<string>): Promise<Readonly<Record<string, number>>> {
  const rows = await service.services.db.selectFrom('deployment').select(['target_id', 'state']).execute()
  const states: Record<string, number> = {}
  for (const { target_id: id, state } of rows) if (ids.has(id)) states[state] = (states[state] ?? 0) + 1
  return states
}

const reach = (ids: ReadonlySet<string>, state: string) =>
  waitFor(`${ids.size} ${state}`, async () => ((await statesOf(ids))[state] === ids.size ? true : null))

async function served(serverName: string): Promise<string> {
  const seen = await probeAddress({
    address: '127.0.0.1',
    port: nginx.httpsPort,
    serverName,
    timeoutMs: 5_000,
    trustedRootsPem: [authority.rootPem],
    now: Date.now(),
  })
  return seen.reachable ? seen.chain[0].sha256 : seen.detail
}

describe('a batch on one nginx', () => {
  test(`of ${COUNT} certificates is tested twice and reloaded once, and each is served`, async () => {
    const ids = new Set<string>()
    const wanted = new Map<string, string>()
    for (const place of places.slice(0, COUNT)) {
      const leaf = issue([place.name])
      const { id } = await upload(leaf, place.name)
      ids.add((await addTarget({ certificateId: id, place })).id)
      wanted.set(place.name, leaf.sha256)
    }
    await withWorker(AT_ONCE, async () => void (await reach(ids, 'proved')))
    expect([reloads(), readFileSync(join(folder, 'tests'), 'utf8')]).toEqual([1, 'xx'])
    for (const [name, sha256] of wanted) expect(await served(name)).toBe(sha256)
  })

  test('of several targets of one certificate is reloaded once, whether they have addresses of their own or not', async () => {
    const few = places.slice(COUNT)
    const leaf = issue(few.map(({ name }) => name))
    const { id: certificateId } = await upload(leaf, 'several')
    const ids = new Set<string>()
    for (const [index, place] of few.entries()) ids.add((await addTarget({ certificateId, place, probed: index % 2 === 0 })).id)
    const before = reloads()
    await withWorker(2, async () => {
      await waitFor('all in place', async () => {
        const { proved = 0, applied = 0 } = await statesOf(ids)
        return proved === few.length / 2 && applied === few.length / 2 ? true : null
      })
    })
    expect(reloads()).toBe(before + 1)
    for (const { name } of few) expect(await served(name)).toBe(leaf.sha256)
  })

  test('does not wait for a target that was deleted on its way there', async () => {
    const [place] = places
    if (place === undefined) throw new Error('no site')
    const { id: certificateId } = await upload(issue([place.name]), 'on its way')
    const { id: targetId } = await addTarget({ certificateId, place: aside(place) })
    const services = { ...service.services, places: createPlaces(2) }
    const { id } = await services.db
      .selectFrom('deployment')
      .select('id')
      .where('target_id', '=', targetId)
      .executeTakeFirstOrThrow()
    const work = await loadWork(services, certificateId)
    if (work === null) throw new Error('no work')
    await expect(deploy(services, work, [id, 'dep_deleted'], { onBegun: () => {} })).rejects.toMatchObject({ stale: true })
    const server = ['this machine', ...reloadCommand].join('\0')
    expect(services.places.quietMs(server)).toBe(createPlaces(2).quietMs(server))
  })
})

test('what is being taken back is claimed before all others that a crash left without a job, however long those are due', async () => {
  const { queue, db, now } = service.services
  const take = async () => (await queue.claim(100)).map(async ({ id, data }) => (await queue.complete(id), data.certificateId))
  const ids: string[] = []
  for (const place of places.slice(0, 4)) {
    const { id } = await upload(authority.issue({ names: [place.name] }), `after a crash ${place.name}`)
    await addTarget({ certificateId: id, place: aside(place) })
    ids.push(id)
  }
  while ((await Promise.all(await take())).length > 0);
  const dueAt = (minutes: number) => ({ advance_at: new Date(now() - minutes * 60_000) })
  await db.updateTable('certificate').set({ advance_at: null }).execute()
  for (const [index, id] of ids.entries())
    await db
      .updateTable('certificate')
      .set(dueAt(60 - index))
      .where('id', '=', id)
      .execute()
  const worst = ids.at(-1) ?? ''
  const isTakenBack = { state: 'applied', restore_reason: 'it is down' } as const
  await db.updateTable('deployment').set(isTakenBack).where('certificate_id', '=', worst).execute()
  expect(await scanDue(service.services)).toBe(4)
  const [first] = await queue.claim(1)
  expect(first?.data.certificateId).toBe(worst)
  expect(new Set(await Promise.all(await take()))).toEqual(new Set(ids.slice(0, -1)))
})
