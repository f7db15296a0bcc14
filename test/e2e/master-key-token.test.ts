/** The master key in a PKCS#11 token, by SoftHSM: from a file to a token, to the next key in it, and back; away and there again; backups. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createRewrapper } from '../../packages/server/src/services/rewrap.ts'
import { openArchive } from '../../packages/server/test/support/archive.ts'
import { aCompany, anAccount, anIssuedCertificate, refusalOf } from '../../packages/server/test/support/builders.ts'
import { openerOf, type TestDatabase } from '../../packages/server/test/support/databases.ts'
import { aPng } from '../../packages/server/test/support/images.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../../packages/server/test/support/service.ts'
import { waitFor } from '../../packages/server/test/support/wait-for.ts'
import { createSoftHsm, SOFTHSM_MODULE, TOKEN_LABEL, type SoftHsm } from '../harness/softhsm.ts'
import { runEvercertHere } from './support/evercert.ts'

const openDatabase = openerOf('embedded')
const folder = mkdtempSync(join(tmpdir(), 'evercert-token-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

const untilNoneLeft = ({ client }: TestService): Promise<true> =>
  waitFor('the last record', async () => ((await client.masterKeys.list()).remaining === 0 ? true : null))

/** SoftHSM is Debian's softhsm2; where it is not, there is nothing to test with. */
describe.skipIf(SOFTHSM_MODULE === null)('a service with a PKCS#11 token', () => {
  let hsm: SoftHsm
  beforeAll(async () => {
    hsm = await createSoftHsm()
  })
  afterAll(() => hsm.remove())

  const withService = async <Value>(
    database: TestDatabase,
    environment: Readonly<Record<string, string>>,
    work: (service: TestService) => Promise<Value>,
  ): Promise<Value> => {
    const service = await startTestService({ database, environment, worker: { scanMs: 50 } })
    try {
      return await work(service)
    } finally {
      await service.stop()
    }
  }

  test('goes from file to token, to the next key in it, and back to a file; a stored private key is there all along', async () => {
    const database = await openDatabase()
    const env = { EVERCERT_DATA_DIR: database.dataDir }
    const keyFile = join(database.dataDir, 'master.key')
    const issued = await withService(database, {}, async (service) => {
      const account = await anAccount(service)
      const { id, name } = await anIssuedCertificate(account)
      return { token: account.token, id, name }
    })
    const keyPem = async (service: TestService): Promise<string> => {
      const file = await service.clientOf(issued.token).downloads.withKey({ id: issued.id, format: 'nginx' })
      return (await openArchive(file)).text(`${issued.name}.key`)
    }

    const { key, inToken } = await withService(database, hsm.environment, async (service) => {
      const pem = await keyPem(service)
      expect(pem).toContain('PRIVATE KEY')
      const { id: old, kind, keys } = await service.client.masterKeys.list()
      expect([kind, keys[0]?.place, keys[0]?.isInToken]).toEqual(['token', keyFile, false])
      const rotated = await runEvercertHere(env, 'keys', 'rotate')
      expect(rotated).toMatchObject({ code: 0, stderr: '' })
      expect(rotated.stdout).toMatch(/New secrets are sealed with p11-[0-9a-f]{16}/)
      expect(rotated.stdout).toContain(`PKCS#11 token ${TOKEN_LABEL}, key evercert`)
      expect(hsm.countObjects()).toBe(1)
      expect(await keyPem(service)).toBe(pem) // under either key
      await untilNoneLeft(service)
      expect(await keyPem(service)).toBe(pem)
      expect((await runEvercertHere(env, 'keys', 'remove', old, '--yes')).stdout).toContain(`removed, from ${keyFile} as well`)
      expect(existsSync(keyFile)).toBe(false)
      const { id: first } = await service.client.masterKeys.list()

      const { id: second } = await service.client.masterKeys.rotate({})
      expect([second.startsWith('p11-'), second === first, hsm.countObjects()]).toEqual([true, false, 2])
      await untilNoneLeft(service)
      await service.client.masterKeys.remove({ id: first })
      expect(hsm.countObjects()).toBe(1)
      expect(await keyPem(service)).toBe(pem)
      return { key: pem, inToken: second }
    })
    await expect(startTestService({ database })).rejects.toMatchObject({ code: 'misconfigured' })
    hsm.takeAway()
    await expect(startTestService({ database, environment: hsm.environment })).rejects.toMatchObject({ code: 'masterKeyAway' })
    hsm.bringBack()

    writeFileSync(keyFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    await withService(database, hsm.environment, async (service) => {
      const { keys } = await service.client.masterKeys.list()
      const unused = keys.find(({ state }) => state === 'unused')
      expect(unused?.place).toBe(keyFile)
      expect((await service.client.masterKeys.rotate({})).id).toBe(unused?.id)
      await untilNoneLeft(service)
      expect((await runEvercertHere(env, 'keys', 'remove', inToken, '--yes')).code).toBe(0)
      expect(hsm.countObjects()).toBe(0)
    })
    expect(await withService(database, {}, keyPem)).toBe(key)
  })

  test('says that the token is away, does the rest meanwhile, and goes on when it is back', async () => {
    const database = await openDatabase()
    await withService(database, hsm.environment, async (service) => {
      expect(existsSync(join(database.dataDir, 'master.key'))).toBe(false)
      const account = await anAccount(service)
      const { id } = await anIssuedCertificate(account)
      const company = await account.client.companies.create(aCompany())
      const store = () =>
        account.client.companies.putDocument({
          id: company.id,
          kind: 'businessLicence',
          contentBase64: aPng().toString('base64'),
        })
      const answers = async () => (await service.fetch('/readyz')).text()
      expect([await answers(), (await service.client.masterKeys.health()).nodes]).toMatchObject(['ready', [{ awaySince: null }]])
      hsm.takeAway()
      const calls = [() => account.client.downloads.withKey({ id, format: 'nginx' }), () => service.client.masterKeys.rotate({})]
      for (const call of calls) {
        const problem = await refusalOf(call())
        expect(problem).toMatchObject({ code: 'masterKeyAway', status: 503 })
        expect(problem.cause?.zh).toContain('令牌')
        expect(problem.remedy?.en).toContain('The service goes on by itself')
      }
      expect((await account.client.certificates.list({})).items).toHaveLength(1)
      await store() // with a data key that was wrapped before
      await waitFor('that the service says so', async () => (await answers()) === 'ready, but masterKeyAway' || null)
      const { nodes } = await service.client.masterKeys.health()
      expect(nodes).toMatchObject([{ isHere: true, awaySince: expect.any(String) as string }])
      expect((await runEvercertHere({ EVERCERT_DATA_DIR: database.dataDir }, 'keys', 'status')).stdout).toContain(
        'has not answered since',
      )
      hsm.bringBack()
      await waitFor('that the token is back', async () => (await answers()) === 'ready' || null)
      expect((await service.client.masterKeys.list()).nodes[0]?.awaySince).toBeNull()
      expect((await account.client.downloads.withKey({ id, format: 'nginx' })).size).toBeGreaterThan(0)
      await store()
    })
  })

  test('takes no record for altered while the token is away in the middle of a rotation', async () => {
    const database = await openDatabase()
    const service = await startTestService({ database, environment: hsm.environment, worker: IDLE_WORKER })
    onTestFinished(() => service.stop())
    const { services, client } = service
    const plaintexts = ['one', 'two', 'three']
    const secrets = { purpose: 'document', accountId: null, now: service.clock.now() } as const
    const prepared = await services.vault.prepareMany({ ...secrets, plaintexts })
    const ids = await services.vault.storeMany(services.db, { ...secrets, prepared })
    await client.masterKeys.rotate({})
    const rewrapper = createRewrapper(services)
    hsm.takeAway()
    await rewrapper.round()
    await rewrapper.round()
    expect((await client.masterKeys.list()).remaining).toBeGreaterThanOrEqual(plaintexts.length)
    hsm.bringBack()
    await rewrapper.round()
    expect((await client.masterKeys.list()).remaining).toBe(0)
    for (const [index, id] of ids.entries())
      expect(await services.vault.open(services.db, id, 'document')).toBe(plaintexts[index])
  })

  test('a backup says that it needs the token, and is restored with it alone', async () => {
    const database = await openDatabase()
    const identity = await generateX25519Identity()
    const identityFile = join(folder, 'identity')
    writeFileSync(identityFile, identity)
    const out = join(folder, 'backup')
    await withService(database, hsm.environment, async (service) => {
      await anIssuedCertificate(await anAccount(service))
      const made = await runEvercertHere(
        { EVERCERT_DATA_DIR: database.dataDir },
        'backup',
        out,
        '--recipient',
        await identityToRecipient(identity),
      )
      expect(made).toMatchObject({ code: 0, stderr: '' })
      expect(made.stdout).toContain('in a PKCS#11 token alone')
    })
    const restore = (env: NodeJS.ProcessEnv) => runEvercertHere(env, 'restore', '--check', out, '--identity-file', identityFile)
    const refused = await restore({ EVERCERT_MASTER_KEY: 'ab'.repeat(32) })
    expect(refused.stderr).toMatch(/give p11-[0-9a-f]{16} as well .*EVERCERT_MASTER_KEY_PKCS11_MODULE/)
    expect(refused.code).not.toBe(0)
    expect(await restore(hsm.environment)).toMatchObject({ code: 0, stderr: '' })
  })
})
