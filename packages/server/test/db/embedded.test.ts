import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startProcess, type RunningProcess } from '../../../../test/harness/process.ts'
import { migrate, openDatabase } from '../../src/db/connect.ts'
import { lockFolder } from '../../src/db/lock.ts'
import { AppError } from '../../src/domain/errors.ts'
import { openerOf, temporaryFolder, type TestDatabase } from '../support/databases.ts'
import { startTestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

/** Of Node, unless the environment says otherwise. */
const HOST_THREADS = 4
const SUPPORT = join(import.meta.dirname, '../support')
const children: RunningProcess[] = []
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()))
})

async function startChild(script: string, args: readonly string[], ready: RegExp): Promise<RunningProcess> {
  const child = await startProcess({
    command: process.execPath,
    args: [join(SUPPORT, script), ...args],
    debianPackage: 'nodejs',
    isReady: (logs) => ready.test(logs),
    timeoutMs: 60_000,
  })
  children.push(child)
  return child
}

describe('the embedded database', () => {
  const open = openerOf('embedded')

  test('reaches the disk with every commit: n commits of one row make at least n calls of fsync', async () => {
    const { dataDir } = await open()
    let calls = 0
    const database = await openDatabase({ kind: 'embedded', folder: join(dataDir, 'database'), onFsync: () => (calls += 1) })
    calls = 0
    for (let row = 0; row < 10; row += 1) {
      const before = calls
      await database.db
        .insertInto('account')
        .values({ id: `acc_${row}`, name: 'a', created_at: new Date() })
        .execute()
      expect(calls).toBeGreaterThan(before)
    }
    expect(calls).toBeGreaterThanOrEqual(10)
    await database.close()
  })

  test('commits that come together share their wait for the disk, and none is told before it', async () => {
    const { dataDir } = await open()
    let calls = 0
    const database = await openDatabase({ kind: 'embedded', folder: join(dataDir, 'database'), onFsync: () => (calls += 1) })
    calls = 0
    const seen = await Promise.all(
      Array.from({ length: 60 }, async (_, row) => {
        await database.db.transaction().execute(async (trx) => {
          await trx
            .insertInto('account')
            .values({ id: `acc_${row}`, name: 'a', created_at: new Date() })
            .execute()
          await trx.updateTable('account').set({ name: 'b' }).where('id', '=', `acc_${row}`).execute()
        })
        return calls
      }),
    )
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(1)
    expect(calls).toBeLessThan(40)
    await database.close()
  })

  test('a commit is told while the threads of the host have other work: keys are made there, and names looked up', async () => {
    const { dataDir, settings } = await open()
    const pipe = join(dataDir, 'pipe')
    execFileSync('mkfifo', [pipe])
    const database = await openDatabase(settings)
    const busy = Array.from({ length: HOST_THREADS }, () => openFile(pipe, 'r')) // until somebody writes
    try {
      const added = database.db.insertInto('account').values({ id: 'acc_busy', name: 'a', created_at: new Date() })
      const told = added.execute().then(() => 'told')
      expect(await Promise.race([told, sleep(5000, 'waits', { ref: false })])).toBe('told')
    } finally {
      const writer = openSync(pipe, 'r+')
      for (const handle of await Promise.all(busy)) await handle.close()
      closeSync(writer)
    }
    await database.close()
  })

  test('commits are told while others wait for their turn, however many', async () => {
    const { settings } = await open()
    const database = await openDatabase(settings)
    let begun = 0
    const begunWhenTold = await Promise.all(
      Array.from({ length: 200 }, async (_, row) => {
        await database.db.transaction().execute(async (trx) => {
          begun += 1
          await trx
            .insertInto('account')
            .values({ id: `acc_${row}`, name: 'a', created_at: new Date() })
            .execute()
          for (const name of ['b', 'c']) await trx.updateTable('account').set({ name }).where('id', '=', `acc_${row}`).execute()
        })
        return begun
      }),
    )
    expect(Math.min(...begunWhenTold)).toBeLessThan(200)
    await database.close()
  })

  test('has no dead rows after a vacuum: nothing else removes them here', async () => {
    const { dataDir } = await open()
    const database = await openDatabase({ kind: 'embedded', folder: join(dataDir, 'database') })
    const { db } = database
    await db.insertInto('account').values({ id: 'acc_0', name: 'a', created_at: new Date() }).execute()
    for (let round = 0; round < 400; round += 1)
      await db
        .updateTable('account')
        .set({ name: `${round}`.repeat(50) })
        .execute()
    await database.vacuum()
    const grown = await sql<{ size: number }>`select pg_relation_size('account') as size`.execute(db)
    for (let round = 0; round < 40; round += 1)
      await db
        .updateTable('account')
        .set({ name: `${round}`.repeat(50) })
        .execute()
    const reused = await sql<{ size: number }>`select pg_relation_size('account') as size`.execute(db)
    expect(Number(reused.rows[0]?.size)).toBe(Number(grown.rows[0]?.size))
    await database.close()
  })

  test('keeps every acknowledged row when its process is killed', async () => {
    const { dataDir, settings } = await open()
    for (const rowsBefore of [15, 25]) {
      const child = await startChild('write-rows-child.ts', [join(dataDir, 'database')], new RegExp(`acc_${rowsBefore}\n`))
      await child.kill()
      const acknowledged = child.logs().split('\n').slice(0, -1)
      const database = await openDatabase(settings)
      const rows = await database.db.selectFrom('account').select('id').execute()
      const stored = new Set(rows.map(({ id }) => id))
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
      expect(acknowledged.length).toBeGreaterThan(rowsBefore)
      await database.db.deleteFrom('account').execute()
      await database.close()
    }
  })

  test('takes little memory, also while it starts: V8 would take 600 MB to compile its parser again', async () => {
    const { dataDir } = await open()
    const child = await startChild('write-rows-child.ts', [join(dataDir, 'database')], /acc_2000\n/)
    const [, peakKb = 'unknown'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
    expect(Number(peakKb) / 1024).toBeLessThan(400)
  })

  test('is whole or not there: what was left of creating one is thrown away', async () => {
    const folder = join(temporaryFolder(), 'database')
    mkdirSync(`${folder}.new`)
    writeFileSync(join(`${folder}.new`, 'PG_VERSION'), '17')
    const database = await openDatabase({ kind: 'embedded', folder })
    await sql`select 1`.execute(database.db)
    await database.close()
    expect(readdirSync(join(folder, '..'))).toEqual(['database'])
    rmSync(join(folder, '..'), { recursive: true })
  })
})

describe('the lock of a data folder', () => {
  let folder: string
  let lockFile: string
  beforeAll(() => {
    folder = temporaryFolder()
    lockFile = join(folder, 'evercert.lock')
  })
  afterEach(() => rmSync(lockFile, { force: true }))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const refusalOf = (): AppError => {
    try {
      lockFolder(folder)()
    } catch (error) {
      if (error instanceof AppError) return error
    }
    throw new Error('expected the lock to be refused')
  }

  test('refuses a second process, naming the first, and is free again when given back', () => {
    const release = lockFolder(folder)
    const refusal = refusalOf()
    expect(refusal.code).toBe('folderInUse')
    expect(refusal.message).toContain(folder)
    expect(refusal.message).toContain(`process ${process.pid}`)
    release()
    lockFolder(folder)()
  })

  test('outlives the crash of its owner as a file, and not as an obstacle', async () => {
    const child = await startChild('lock-folder-child.ts', [folder], /locked/)
    expect(refusalOf().message).toContain(`process ${child.pid}`)
    await child.kill()
    expect(readFileSync(lockFile, 'utf8')).toContain(String(child.pid))
    const release = lockFolder(folder)
    expect(JSON.parse(readFileSync(lockFile, 'utf8'))).toMatchObject({ pid: process.pid })
    release()
  })

  test('is nobody’s when its pid belongs to another process now, or when it was written half', () => {
    writeFileSync(lockFile, JSON.stringify({ pid: process.pid, startedTicks: '1', host: hostname() }))
    lockFolder(folder)()
    writeFileSync(lockFile, '{"pid": 1')
    lockFolder(folder)()
    writeFileSync(lockFile, '')
    const release = lockFolder(folder)
    expect(refusalOf().code).toBe('folderInUse')
    release()
  })

  test('of another machine is believed, for nothing here can tell whether it lives', () => {
    writeFileSync(lockFile, JSON.stringify({ pid: 4_000_000, startedTicks: '1', host: 'elsewhere.example' }))
    expect(refusalOf().message).toMatch(/process 4000000 on elsewhere\.example.*remove evercert\.lock/)
  })

  test('left by a crash goes to exactly one of many that start at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      writeFileSync(lockFile, JSON.stringify({ pid: 4_000_000, startedTicks: '1', host: hostname() }))
      const startFile = join(folder, `start-${round}`)
      const starters = await Promise.all(
        Array.from({ length: 6 }, () => startChild('lock-folder-child.ts', [folder, startFile], /waiting/)),
      )
      writeFileSync(startFile, '')
      const outcomes = await waitFor('every starter to know', () => {
        const seen = starters.map((starter) => /locked|refused/.exec(starter.logs())?.[0] ?? null)
        return Promise.resolve(seen.every((each) => each !== null) ? seen : null)
      })
      expect(outcomes.filter((outcome) => outcome === 'locked')).toHaveLength(1)
      await Promise.all(starters.map((starter) => starter.kill()))
    }
  })
})

describe('a service on a folder', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await openerOf('embedded')()
  })

  test('refuses a second start clearly, and goes on undisturbed', async () => {
    const service = await startTestService({ database })
    await expect(startTestService({ database })).rejects.toMatchObject({
      code: 'folderInUse',
      message: expect.stringContaining('stop that one first') as string,
    })
    expect(await (await service.fetch('/readyz')).text()).toBe('ready')
    await service.stop()
  })

  test('a database that a newer version changed is left alone, and its version asked for', async () => {
    const opened = await openDatabase(database.settings)
    const { db } = opened
    await sql`insert into kysely_migration (name, timestamp) values ('9999-to-come', '2030-01-01')`.execute(db)
    await expect(migrate(db)).rejects.toMatchObject({ code: 'databaseNewer', facts: { migrations: ['9999-to-come'] } })
    await sql`delete from kysely_migration where name = '9999-to-come'`.execute(db)
    await migrate(db)
    await opened.close()
  })

  test('does not start with another master key than the one that sealed its secrets, and says so', async () => {
    const environment = { EVERCERT_MASTER_KEY: 'ab'.repeat(32) }
    await expect(startTestService({ database, environment })).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(/sealed with another than what EVERCERT_MASTER_KEY holds/) as string,
    })
    const service = await startTestService({ database })
    await service.stop()
  })

  test('makes no secret file that others can read', () => {
    const { dataDir } = database
    const readable = ['master.key', 'operator.token'].filter((file) => (statSync(join(dataDir, file)).mode & 0o077) !== 0)
    expect(readable).toEqual([])
  })
})
