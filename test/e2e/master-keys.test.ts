/** Rotation of the master key: while everything works, through crashes, on several nodes, and with backups of before. */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createClient, type Client } from '@evercert/contract/client'
import { openGivenMasterKeys } from '../../packages/server/src/adapters/secrets/master-key-file.ts'
import { openDatabase } from '../../packages/server/src/db/connect.ts'
import type { Services } from '../../packages/server/src/services/context.ts'
import { openKeyring } from '../../packages/server/src/services/keyring.ts'
import { createRewrapper } from '../../packages/server/src/services/rewrap.ts'
import { createVault } from '../../packages/server/src/services/vault.ts'
import { refusalOf } from '../../packages/server/test/support/builders.ts'
import { openerOf, type TestDatabase } from '../../packages/server/test/support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../../packages/server/test/support/service.ts'
import { waitFor } from '../../packages/server/test/support/wait-for.ts'
import { startProcess } from '../harness/process.ts'
import { runEvercertHere } from './support/evercert.ts'

const MAIN = join(import.meta.dirname, '../../packages/cli/bin/main.mjs')
const openers = { embedded: openerOf('embedded'), postgres: openerOf('postgres') }
const folder = mkdtempSync(join(tmpdir(), 'evercert-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

const keyFileOf = ({ dataDir }: TestDatabase): string => join(dataDir, 'master.key')
const keysIn = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n')
const idOf = (hex: string): string => openGivenMasterKeys(() => hex, 'test').list()[0]?.id ?? ''

type Sealer = Pick<Services, 'db' | 'vault'>

const sealSome = async ({ db, vault }: Sealer, count: number): Promise<string[]> => {
  const plaintexts = Array.from({ length: count }, (_, index) => `secret ${index}`)
  const secrets = { purpose: 'document', accountId: null, now: Date.now() } as const
  return vault.storeMany(db, { ...secrets, prepared: await vault.prepareMany({ ...secrets, plaintexts }) })
}

async function expectAllOpen({ db, vault }: Sealer, ids: readonly string[]): Promise<void> {
  for (const [index, id] of ids.entries()) expect(await vault.open(db, id, 'document')).toBe(`secret ${index}`)
}

const untilNoneLeft = (client: Client): Promise<true> =>
  waitFor('the last record', async () => ((await client.masterKeys.list()).remaining === 0 ? true : null))

describe('one node', () => {
  test('rotates while it works, goes on after a stop in the middle, and removes the old key when nothing needs it', async () => {
    const database = await openers.embedded()
    const keyFile = keyFileOf(database)
    let service = await startTestService({ database, worker: IDLE_WORKER })
    const env = { EVERCERT_DATA_DIR: database.dataDir }
    const ids = await sealSome(service.services, 250)
    const [old = ''] = keysIn(keyFile)
    // A key instead of a passphrase, which takes a second of scrypt each time.
    const identity = await generateX25519Identity()
    writeFileSync(join(folder, 'identity'), identity)
    const recipient = ['--recipient', await identityToRecipient(identity)]
    expect((await runEvercertHere(env, 'backup', join(folder, 'before'), '--without-key', ...recipient)).code).toBe(0)

    const rotated = await runEvercertHere(env, 'keys', 'rotate')
    expect(rotated).toMatchObject({ code: 0, stderr: '' })
    const [, fresh = ''] = keysIn(keyFile)
    expect(keysIn(keyFile)).toEqual([old, fresh])
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    for (const key of [old, fresh]) expect(rotated.stdout).not.toContain(key)
    expect(rotated.stdout).toContain(`New secrets are sealed with ${idOf(fresh)}`)
    await expectAllOpen(service.services, ids.slice(0, 3))
    expect((await service.client.masterKeys.list()).keys.find(({ id }) => id === idOf(old))?.records).toBeGreaterThan(250)
    expect((await runEvercertHere(env, 'keys', 'rotate')).stderr).toContain('records are still under')
    expect(keysIn(keyFile)).toHaveLength(2)
    expect((await runEvercertHere(env, 'keys', 'remove', idOf(old), '--yes')).stderr).toContain('records are under it')
    expect((await runEvercertHere(env, 'keys', 'remove', idOf(fresh), '--yes')).stderr).toContain(
      'new secrets are sealed with it',
    )
    expect((await runEvercertHere(env, 'backup', join(folder, 'amid'), ...recipient)).code).toBe(0)
    await service.stop()

    writeFileSync(`${keyFile}.${process.pid}.new`, 'left by a crash', { mode: 0o644 })
    service = await startTestService({ database })
    onTestFinished(() => service.stop())
    await untilNoneLeft(service.client)
    await expectAllOpen(service.services, ids)
    expect((await runEvercertHere(env, 'keys', 'status')).stdout).toContain(`evercert keys remove ${idOf(old)}`)
    const removed = await runEvercertHere(env, 'keys', 'remove', idOf(old), '--yes')
    expect(removed).toMatchObject({ code: 0, stderr: '' })
    expect(keysIn(keyFile)).toEqual([fresh])
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    await expectAllOpen(service.services, ids)
    // Whoever still had the old key in memory cannot store a record that nothing opens any more.
    const stale = createVault({
      sealing: openGivenMasterKeys(() => old, 'test').list()[0] as never,
      find: () => Promise.resolve(null),
    })
    await expect(sealSome({ db: service.services.db, vault: stale }, 1)).rejects.toThrow('secret_master_key_id_fkey')
    const entries = (await service.client.audit.list({ installation: true, action: 'masterKeys' })).items
    expect(entries.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
      expect.arrayContaining(['masterKeys.rotate done', 'masterKeys.remove done', 'masterKeys.remove failed']),
    )

    const restore = (name: string, more: NodeJS.ProcessEnv) =>
      runEvercertHere(more, 'restore', '--check', join(folder, name), '--identity-file', join(folder, 'identity'))
    expect(await restore('before', { EVERCERT_MASTER_KEY: old })).toMatchObject({ code: 0, stderr: '' })
    expect(await restore('amid', {})).toMatchObject({ code: 0, stderr: '' })
  })

  test('killed while it wraps records anew, it goes on where it was', async () => {
    const database = await openers.embedded()
    writeFileSync(keyFileOf(database), `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    const withDatabase = async <Value>(work: (sealer: Sealer) => Promise<Value>): Promise<Value> => {
      const opened = await openDatabase(database.settings)
      const keys = openGivenMasterKeys(() => readFileSync(keyFileOf(database), 'utf8'), 'test')
      try {
        return await work({ db: opened.db, vault: createVault(await openKeyring(opened, keys, 'test')) })
      } finally {
        await opened.close()
      }
    }
    const ids = await withDatabase((sealer) => sealSome(sealer, 7000))
    const start = async () => {
      const env = { EVERCERT_DATA_DIR: database.dataDir, EVERCERT_PORT: '0' }
      const isReady = (text: string): boolean => text.includes('Ready at')
      const options = {
        command: process.execPath,
        args: [MAIN, 'serve'],
        env,
        debianPackage: 'nodejs',
        isReady,
        timeoutMs: 60_000,
      }
      const running = await startProcess(options)
      onTestFinished(() => running.stop())
      const token = readFileSync(join(database.dataDir, 'operator.token'), 'utf8').trim()
      return { running, client: createClient({ url: /Ready at (\S+)/.exec(running.logs())?.[1] ?? '', token }) }
    }
    const first = await start()
    await first.client.masterKeys.rotate({})
    await waitFor('the first records', async () => ((await first.client.masterKeys.list()).remaining < 7000 ? true : null))
    await first.running.kill()
    const counts = await withDatabase(async ({ db }) =>
      db
        .selectFrom('secret')
        .select('master_key_id')
        .select(({ fn }) => fn.countAll().as('count'))
        .groupBy('master_key_id')
        .execute(),
    )
    expect(counts).toHaveLength(2) // it was in the middle
    const second = await start()
    await untilNoneLeft(second.client)
    await second.running.stop()
    await withDatabase(async ({ db, vault }) => {
      for (let index = 0; index < ids.length; index += 97)
        expect(await vault.open(db, ids[index] ?? '', 'document')).toBe(`secret ${index}`)
    })
  })

  test('a record that was altered is passed over, and keeps its key', async () => {
    const database = await openers.embedded()
    const service = await startTestService({ database, worker: IDLE_WORKER })
    onTestFinished(() => service.stop())
    const [bad = '', good = ''] = await sealSome(service.services, 2)
    await service.services.db
      .updateTable('secret')
      .set({ wrapped_key: Buffer.alloc(60) })
      .where('id', '=', bad)
      .execute()
    const { id: old } = await service.client.masterKeys.list()
    await service.client.masterKeys.rotate({})
    const rewrapper = createRewrapper(service.services)
    await rewrapper.round()
    await rewrapper.round()
    expect(await service.client.masterKeys.list()).toMatchObject({ remaining: 1, removable: [] })
    expect(await service.services.vault.open(service.services.db, good, 'document')).toBe('secret 1')
    await expect(refusalOf(service.client.masterKeys.remove({ id: old }))).resolves.toMatchObject({ code: 'masterKeyInUse' })
  })
})

describe('two nodes', () => {
  test('a node without the new key stops the rotation, gets it while it runs, and never fails', async () => {
    const database = await openers.postgres()
    const first = await startTestService({ database, worker: IDLE_WORKER })
    onTestFinished(() => first.stop())
    const given = join(folder, 'given.key')
    copyFileSync(keyFileOf(database), given)
    const dataDir = mkdtempSync(join(folder, 'second-'))
    copyFileSync(join(database.dataDir, 'operator.token'), join(dataDir, 'operator.token'))
    const environment = { EVERCERT_MASTER_KEY_FILE: given }
    const second = await startTestService({ database: { ...database, dataDir }, environment, worker: IDLE_WORKER })
    onTestFinished(() => second.stop())
    const round = ({ services }: TestService) => createRewrapper(services).round()
    const [old = ''] = keysIn(given)
    const ids = await sealSome(first.services, 300)
    const ofSecond = second.services.keyring.node

    // Nothing is put beside the keys that the operator gives.
    await expect(refusalOf(second.client.masterKeys.rotate({}))).resolves.toMatchObject({ code: 'masterKeyNotReady' })
    await expect(refusalOf(first.client.masterKeys.rotate({}))).resolves.toMatchObject({
      code: 'masterKeyNotReady',
      facts: { nodes: [ofSecond] },
    })
    const [, fresh = ''] = keysIn(keyFileOf(database))
    expect(await first.client.masterKeys.list()).toMatchObject({ id: idOf(old), remaining: 0 })

    copyFileSync(keyFileOf(database), given)
    await round(second)
    const rotated = await first.client.masterKeys.rotate({})
    expect(rotated).toMatchObject({ id: idOf(fresh) })
    expect(rotated.nodes.map(({ lacks }) => lacks)).toEqual([[], []])
    expect(keysIn(keyFileOf(database))).toEqual([old, fresh])

    // The second has not looked yet: what it seals is under the old key, and the first opens it.
    const late = await sealSome(second.services, 3)
    await expectAllOpen(first.services, late)
    await Promise.all([round(first), createRewrapper(second.services).round()])
    await round(first)
    for (const { services } of [first, second]) await expectAllOpen(services, [...ids])
    await expectAllOpen(second.services, await sealSome(first.services, 2))
    expect(second.services.keyring.sealing.id).toBe(idOf(fresh))
    expect(await second.client.masterKeys.list()).toMatchObject({ remaining: 0, removable: [idOf(old)] })

    await first.client.masterKeys.remove({ id: idOf(old) })
    await first.client.masterKeys.remove({ id: idOf(old) })
    expect(keysIn(keyFileOf(database))).toEqual([fresh])
    expect(existsSync(given)).toBe(true)
    // What was removed is no new key, though the second node still has it.
    await expect(refusalOf(second.client.masterKeys.rotate({}))).resolves.toMatchObject({ code: 'masterKeyNotReady' })
    const without = mkdtempSync(join(folder, 'third-'))
    copyFileSync(join(database.dataDir, 'operator.token'), join(without, 'operator.token'))
    const start = startTestService({ database: { ...database, dataDir: without }, environment: { EVERCERT_MASTER_KEY: old } })
    await expect(start).rejects.toMatchObject({ code: 'misconfigured', message: expect.stringContaining(idOf(fresh)) as string })
  })

  test('a node that may still seal with a key keeps it from being removed', async () => {
    const database = await openers.postgres()
    const service = await startTestService({ database, worker: IDLE_WORKER })
    onTestFinished(() => service.stop())
    const { id: old } = await service.client.masterKeys.list()
    const { client, services } = service
    const { id: fresh } = await client.masterKeys.rotate({})
    await createRewrapper(services).round()
    const set = (sealing: string) =>
      services.db
        .insertInto('master_key_holder')
        .values({ node: 'other/1', key_ids: [old, fresh], sealing_id: sealing, seen_at: new Date() })
        .onConflict((conflict) => conflict.column('node').doUpdateSet({ sealing_id: sealing }))
        .execute()
    await set(old)
    await expect(refusalOf(client.masterKeys.remove({ id: old }))).resolves.toMatchObject({ code: 'masterKeyInUse' })
    await set(fresh)
    expect((await client.masterKeys.remove({ id: old })).keys.map(({ id }) => id)).toEqual([fresh])
  })
})
