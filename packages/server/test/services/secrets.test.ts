import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGivenMasterKeys } from '../../src/adapters/secrets/master-key-file.ts'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import type { MasterKey } from '../../src/ports/secrets.ts'
import { openKeyring } from '../../src/services/keyring.ts'
import { createVault, StaleSecrets, type Vault } from '../../src/services/vault.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  describe('the vault', () => {
    let database: Database
    let vault: Vault
    const now = Date.parse('2026-11-23T08:00:00Z')
    beforeAll(async () => {
      database = await openDatabase((await open()).settings)
      vault = createVault(
        await openKeyring(
          database,
          openGivenMasterKeys(() => '11'.repeat(32), 'test'),
          'test',
        ),
      )
    })
    afterAll(() => database.close())

    const seal = (plaintext = 'canary') => vault.seal(database.db, { purpose: 'privateKey', accountId: null, plaintext, now })
    const openSecret = (id: string, by: Vault = vault) => by.open(database.db, id, 'privateKey')
    const columnsOf = (id: string) =>
      database.db.selectFrom('secret').select(['wrapped_key', 'ciphertext']).where('id', '=', id).executeTakeFirstOrThrow()

    test.each(['', 'canary', 'ключ 🔑', 'x'.repeat(100_000)])('gives back what was put in', async (plaintext) => {
      expect(await openSecret(await seal(plaintext))).toBe(plaintext)
    })

    test('many are stored in their order, each with a data key of its own; what was prepared for an earlier key is not stored', async () => {
      const [first, second] = openGivenMasterKeys(() => `${'22'.repeat(32)} ${'33'.repeat(32)}`, 'test').list() as [
        MasterKey,
        MasterKey,
      ]
      const keys = [first, second]
      await database.db
        .insertInto('master_key')
        .values(keys.map(({ id }) => ({ id, seals: false, since: new Date(now) })))
        .execute()
      let sealing = first
      const rotating = createVault({
        get sealing() {
          return sealing
        },
        find: (id) => Promise.resolve(keys.find((key) => key.id === id) ?? null),
      })
      const plaintexts = ['one', '', 'one']
      const secrets = { purpose: 'privateKey', accountId: null, now } as const
      const prepared = await rotating.prepareMany({ ...secrets, plaintexts })
      sealing = second
      const late = await rotating.prepareMany({ ...secrets, plaintexts: ['late'] })
      await expect(rotating.storeMany(database.db, { ...secrets, prepared: [...late, ...prepared] })).rejects.toThrow(
        StaleSecrets,
      )
      const again = await rotating.prepareMany({ ...secrets, plaintexts })
      const ids = await rotating.storeMany(database.db, { ...secrets, prepared: [...again, ...late] })
      for (const [index, text] of [...plaintexts, 'late'].entries())
        expect(await openSecret(ids[index] ?? '', rotating)).toBe(text)
      const rows = await database.db
        .selectFrom('secret')
        .select(['master_key_id', 'wrapped_key'])
        .where('id', 'in', ids)
        .execute()
      expect(rows.map(({ master_key_id: id }) => id)).toEqual(Array.from({ length: 4 }, () => second.id))
      expect(new Set(rows.map(({ wrapped_key: key }) => Buffer.from(key).toString('hex'))).size).toBe(4)
      expect(ids).toContain(late[0]?.id)
    })

    test('many are prepared without asking a token for two things at once, and are stored without asking it', async () => {
      const [key] = openGivenMasterKeys(() => '44'.repeat(32), 'test').list() as [MasterKey]
      await database.db
        .insertInto('master_key')
        .values({ id: key.id, seals: false, since: new Date(now) })
        .execute()
      const seen = { underWay: 0, most: 0, gate: Promise.resolve() }
      const wrap: MasterKey['wrap'] = async (plain) => {
        seen.most = Math.max(seen.most, ++seen.underWay)
        await new Promise(setImmediate)
        await seen.gate
        seen.underWay -= 1
        return key.wrap(plain)
      }
      const token: MasterKey = {
        id: key.id,
        place: 'test',
        isOurs: true,
        isInToken: true,
        wrap,
        unwrap: (wrapped) => key.unwrap(wrapped),
      }
      const inToken = createVault({ sealing: token, find: () => Promise.resolve(token) })
      const secrets = { purpose: 'privateKey', accountId: null, now } as const
      const plaintexts = Array.from({ length: 100 }, (_, index) => `secret ${index}`)
      const prepared = await inToken.prepareMany({ ...secrets, plaintexts })
      expect(seen.most).toBe(1)
      const hang = Promise.withResolvers<undefined>()
      seen.gate = hang.promise as Promise<void>
      const ids = await inToken.storeMany(database.db, { ...secrets, prepared })
      hang.resolve(undefined)
      expect(await openSecret(ids[99] ?? '', inToken)).toBe('secret 99')
    })

    test('seals the same text differently each time', async () => {
      const [one, two] = [await columnsOf(await seal()), await columnsOf(await seal())]
      expect(Buffer.from(one.ciphertext).equals(two.ciphertext)).toBe(false)
      expect(Buffer.from(one.wrapped_key).equals(two.wrapped_key)).toBe(false)
    })

    test.each(['wrapped_key', 'ciphertext'] as const)('refuses a changed %s, whichever byte it is', async (column) => {
      const id = await seal()
      const bytes = Buffer.from((await columnsOf(id))[column])
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ 0x80
        await database.db
          .updateTable('secret')
          .set({ [column]: changed })
          .where('id', '=', id)
          .execute()
        await expect(openSecret(id)).rejects.toMatchObject({ code: 'misconfigured' })
      }
      for (const short of [Buffer.alloc(0), bytes.subarray(0, 5), bytes.subarray(0, bytes.length - 1)]) {
        await database.db
          .updateTable('secret')
          .set({ [column]: short })
          .where('id', '=', id)
          .execute()
        await expect(openSecret(id)).rejects.toMatchObject({ code: 'misconfigured' })
      }
      await database.db
        .updateTable('secret')
        .set({ [column]: bytes })
        .where('id', '=', id)
        .execute()
      expect(await openSecret(id)).toBe('canary')
    })

    test('refuses a secret that was moved to another row, or asked for as another kind', async () => {
      const [one, two] = [await seal('one'), await seal('two')]
      const columns = await columnsOf(one)
      await database.db.updateTable('secret').set(columns).where('id', '=', two).execute()
      await expect(openSecret(two)).rejects.toMatchObject({ code: 'misconfigured' })
      await expect(vault.open(database.db, one, 'dnsConfig')).rejects.toMatchObject({ code: 'notFound' })
      await database.db.updateTable('secret').set({ purpose: 'dnsConfig' }).where('id', '=', one).execute()
      await expect(vault.open(database.db, one, 'dnsConfig')).rejects.toMatchObject({ code: 'misconfigured' })
    })

    test('refuses another master key, saying which to start with', async () => {
      const id = await seal()
      const keys = openGivenMasterKeys(() => '22'.repeat(32), 'test')
      const [sealing] = keys.list()
      const other = createVault({ sealing: sealing as MasterKey, find: () => Promise.resolve(null) })
      await expect(openSecret(id, other)).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('another master key') as string,
      })
    })

    test('is rolled back with what it belongs to', async () => {
      let id = ''
      const work = database.db.transaction().execute(async (trx) => {
        id = await vault.seal(trx, { purpose: 'privateKey', accountId: null, plaintext: 'x', now })
        throw new Error('no')
      })
      await expect(work).rejects.toThrow('no')
      await expect(openSecret(id)).rejects.toMatchObject({ code: 'notFound' })
    })
  })

  test('a service does not start without the master key that its secrets were sealed with', async () => {
    const database = await open()
    const service = await startTestService({ database, worker: IDLE_WORKER })
    await service.stop()
    const environment = { EVERCERT_MASTER_KEY: 'ab'.repeat(32) }
    await expect(startTestService({ database, environment })).rejects.toMatchObject({ code: 'misconfigured' })
  })
})
