/** Several nodes on one PostgreSQL reload a server once for what is deployed to it together, and a dead one holds nobody up. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { createReloadLeases, type ReloadLeases } from '../../src/services/advance/reload-leases.ts'
import { createClock } from '../support/clock.ts'
import { openerOf, type TestDatabase } from '../support/databases.ts'
import type { Report } from '../support/deploying-node-child.ts'
import { environmentFor, IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const COUNT = 24
const FEW = 6
const NODE = join(import.meta.dirname, '../support/deploying-node-child.ts')
const MASTER_KEY = { EVERCERT_MASTER_KEY: 'ab'.repeat(32) }

const authority = createChain()
const folder = mkdtempSync(join(tmpdir(), 'evercert-leases-'))
const open = openerOf('postgres')
let database: TestDatabase
/** Takes the requests, and works on nothing. */
let service: TestService
beforeAll(async () => {
  database = await open()
  service = await startTestService({ database, clock: createClock(Date.now()), worker: IDLE_WORKER, environment: MASTER_KEY })
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

const leaseRows = () => service.services.db.selectFrom('reload_lease').select(['server', 'node', 'handed']).execute()

describe('the lease of a server', () => {
  interface Node {
    readonly leases: ReloadLeases
    /** Jobs that others left to it. */
    readonly handed: string[]
  }
  const nodes: Node[] = []
  const node = (name: string): Node => {
    const { database: opened, log } = service.services
    const made = { leases: createReloadLeases({ database: opened, node: name, log }), handed: [] as string[] }
    made.leases.onHanded(async (jobIds) => void made.handed.push(...jobIds))
    nodes.push(made)
    return made
  }
  afterAll(() => Promise.all(nodes.map(({ leases }) => leases.close())))

  test('is had by who comes first; the others leave their jobs there, each once, and it is given up when nobody is there any more', async () => {
    const [first, second] = [node('first'), node('second')]
    const release = await first.leases.hold('server', 'own')
    expect(await first.leases.hold('server', 'own too')).not.toBeNull()
    const jobs = Array.from({ length: 20 }, (_, index) => `job ${index}`)
    const answers = await Promise.all(jobs.map((job) => second.leases.hold('server', job)))
    expect(answers).toEqual(jobs.map(() => null))
    expect(await second.leases.hold('server', null)).toBeNull()
    expect(await second.leases.hold('another server', 'its own')).not.toBeNull()
    await waitFor('the jobs', async () => (first.handed.length >= jobs.length ? true : null))
    expect(first.handed.toSorted()).toEqual(jobs.toSorted())
    expect(second.handed).toEqual([])
    expect(first.leases.quietMs('server')).toBeGreaterThan(0)
    expect((await leaseRows()).map(({ server }) => server).join(' ')).not.toContain('server') // nobody's commands
    release?.()
    release?.() // counts once: the other one is there still
    expect((await leaseRows()).map((row) => row.node).toSorted()).toEqual(['first', 'second'])
    expect(await second.leases.hold('server', 'late')).toBeNull()
    await first.leases.close()
    expect(first.handed).toContain('late')
    expect(await second.leases.hold('server', 'later')).not.toBeNull()
  })

  test('of a node that is idle is free after a moment', async () => {
    const [first, second] = [node('idle'), node('waiting')]
    ;(await first.leases.hold('quiet server', 'job'))?.()
    await waitFor('it to be given up', async () => ((await leaseRows()).some((row) => row.node === 'idle') ? null : true))
    expect(await second.leases.hold('quiet server', 'job')).not.toBeNull()
  })

  test('of a node that is silent is over by the clock of the database, and whoever comes takes it with the jobs that were left there', async () => {
    const [dead, other, third] = [node('dead'), node('other'), node('third')]
    dead.leases.onHanded(() => Promise.reject(new Error('it is dead')))
    await service.services.db
      .insertInto('reload_lease')
      .values({ server: 'sha of long ago', node: 'gone', until: sql<Date>`now() - interval '2 hours'` })
      .execute()
    await dead.leases.hold('lost server', 'job')
    await service.services.db
      .updateTable('reload_lease')
      .set({ handed: ['left'], until: sql<Date>`now() - interval '1 second'` })
      .where('node', '=', 'dead')
      .execute()
    expect(await other.leases.hold('lost server', 'job')).not.toBeNull()
    expect(await third.leases.hold('lost server', 'after it')).toBeNull()
    await waitFor('the jobs', async () => (other.handed.length === 2 ? true : null))
    expect(other.handed).toEqual(['left', 'after it'])
    await other.leases.tidy()
    expect((await leaseRows()).map((row) => row.node)).not.toContain('gone')
  })
})

interface NodeProcess {
  readonly child: ChildProcess
  /** How many it began with, and how many it went to the server with. */
  readonly deploys: Record<'intended' | 'announced', number>
}

async function startNode(name: string, other: string): Promise<NodeProcess> {
  const env = { ...environmentFor(database, service.dns, await freePort()), ...MASTER_KEY, EVERCERT_DATA_DIR: join(folder, name) }
  const met = [name, other].map((each) => join(folder, `${each}.met`))
  const child = fork(NODE, met, { env: { ...process.env, ...env }, execArgv: [] })
  const deploys = { intended: 0, announced: 0 }
  const ready = Promise.withResolvers<void>()
  child.on('message', (report: Report) => {
    if (report.kind === 'ready') ready.resolve()
    else deploys[report.moment] += 1
  })
  child.once('exit', (code) => ready.reject(new Error(`node ${name} ended with ${code}`)))
  await ready.promise
  return { child, deploys }
}

async function killNode({ child }: NodeProcess): Promise<void> {
  const isOver = child.exitCode !== null || child.signalCode !== null
  if (isOver) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

describe('two nodes', () => {
  const nodes: NodeProcess[] = []
  beforeAll(async () => {
    nodes.push(...(await Promise.all([startNode('a', 'b'), startNode('b', 'a')])))
  })
  afterAll(() => Promise.all(nodes.map(killNode)))

  /** Counts its runs, a letter for each. */
  function reloadCommand(name: string, then = ''): string[] {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\nprintf x >> ${path}.runs\n${then}\n`, { mode: 0o755 })
    return [path]
  }
  const reloads = (name: string): number => {
    const path = join(folder, `${name}.runs`)
    return existsSync(path) ? readFileSync(path, 'utf8').length : 0
  }

  async function addTargets(name: string, count: number, command: readonly string[]): Promise<string[]> {
    const add = async (index: number): Promise<string> => {
      const leaf = authority.issue({ names: ['site.test'] })
      const place = join(folder, `${name}-${index}`)
      const { id: certificateId } = await service.client.certificates.upload({
        name: `${name} ${index}`,
        certificatePem: leaf.chainPem,
        privateKeyPem: leaf.privateKeyPem,
      })
      const config = { certificatePath: `${place}.pem`, keyPath: `${place}.key`, reloadCommand: [...command] }
      return (await service.client.targets.create({ certificateId, name: `${name} ${index}`, kind: 'localFiles', config })).id
    }
    return Promise.all(Array.from({ length: count }, (_, index) => add(index)))
  }

  async function countApplied(ids: readonly string[]): Promise<number> {
    const rows = await service.services.db
      .selectFrom('deployment')
      .select('state')
      .where('target_id', 'in', [...ids])
      .execute()
    return rows.filter(({ state }) => state === 'applied').length
  }
  const untilApplied = (ids: readonly string[]) =>
    waitFor('all of them', async () => ((await countApplied(ids)) === ids.length ? true : null))

  test(`that each begin with some of ${COUNT} certificates of one server reload it once, and each is in place`, async () => {
    const ids = await addTargets('site', COUNT, reloadCommand('reload'))
    for (const { child } of nodes) child.send('work')
    await untilApplied(ids)
    expect(reloads('reload')).toBe(1)
    for (const { deploys } of nodes) expect(deploys.intended).toBeGreaterThan(0)
    expect(nodes.map(({ deploys }) => deploys.announced).toSorted((a, b) => a - b)).toEqual([0, COUNT])
  })

  test('of which one is killed in the reload: what was left to it waits until it is known to be dead, then goes on', async () => {
    const go = join(folder, 'go')
    const command = reloadCommand('stuck', `until [ -e ${go} ]; do sleep 0.05; done`)
    const ids = await addTargets('before', FEW, command)
    await waitFor('the reload', async () => (reloads('stuck') === 1 ? true : null))
    const holder = (await leaseRows()).find((row) => nodes.some(({ child }) => row.node.split('/')[1] === String(child.pid)))
    const dead = nodes.find(({ child }) => holder?.node.split('/')[1] === String(child.pid))
    if (dead === undefined) throw new Error('nobody has the server')
    await killNode(dead)
    ids.push(...(await addTargets('after', FEW, command)))
    const handed = async () => (await leaseRows()).find(({ node }) => node === holder?.node)?.handed ?? []
    await waitFor('the jobs to be left', async () => ((await handed()).length >= FEW ? true : null))
    expect([await countApplied(ids), reloads('stuck')]).toEqual([0, 1])
    writeFileSync(go, '')
    // The time that it takes to know.
    const { db } = service.services
    await sql`update reload_lease set until = now() - interval '1 second' where node = ${holder?.node}`.execute(db)
    await sql`update jobs.job set started_on = now() - interval '1 minute', heartbeat_on = null where state = 'active'`.execute(
      db,
    )
    await sql`update certificate set advance_at = now() - interval '1 minute' where advance_at is not null`.execute(db)
    await untilApplied(ids)
    expect(reloads('stuck')).toBe(2)
  })
})
