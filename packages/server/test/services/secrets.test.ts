import { createPrivateKey, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract } from '@evercert/contract'
import { createClient, type Client } from '@evercert/contract/client'
import { freePort } from '../../../../test/harness/ports.ts'
import { startDnsServer } from '../../../../test/harness/dns-server.ts'
import { startProcess } from '../../../../test/harness/process.ts'
import { openGivenMasterKeys } from '../../src/adapters/secrets/master-key-file.ts'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import type { MasterKey } from '../../src/ports/secrets.ts'
import { openKeyring } from '../../src/services/keyring.ts'
import { createVault, type Vault } from '../../src/services/vault.ts'
import { openArchive } from '../support/archive.ts'
import { aForeignCertificate, aForm, PRIVATE_SINGLE, refusalOf, withKey } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase, type TestDatabase } from '../support/databases.ts'
import { environmentFor, IDLE_WORKER, startTestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const MAIN = join(import.meta.dirname, '../../../cli/src/main.ts')

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
      const other = createVault({ sealing: sealing as MasterKey, find: () => null })
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

  describe('a service that logs all it can', () => {
    let database: TestDatabase
    const canaries = new Map<string, string>()
    const answers: string[] = []
    let logs = ''
    let storedUnsealed = ''

    /** In whatever shape it might get out. Of a key only the private half: the public one is in its certificate. */
    const shapesOf = (secret: string): string[] => {
      if (!secret.includes('PRIVATE KEY')) return [secret, ...encodingsOf(Buffer.from(secret))]
      const { d = '' } = createPrivateKey(secret).export({ format: 'jwk' })
      return [secret.split('\n')[1] ?? secret, ...encodingsOf(Buffer.from(d, 'base64url'))]
    }

    /** Base64 in each of its three alignments. */
    const encodingsOf = (bytes: Buffer): string[] => [
      bytes.toString('hex'),
      ...[0, 1, 2].map((skipped) => bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3)).toString('base64')),
    ]

    const leaksIn = (text: string): string[] =>
      [...canaries].filter(([, secret]) => shapesOf(secret).some((shape) => text.includes(shape))).map(([name]) => name)

    beforeAll(async () => {
      database = await open()
      const dns = await startDnsServer()
      const environment = {
        ...environmentFor(database, dns, await freePort()),
        EVERCERT_LOG_LEVEL: 'debug',
      }
      mkdirSync(database.dataDir, { recursive: true })
      const running = await startProcess({
        command: process.execPath,
        args: [MAIN, 'serve'],
        env: environment,
        debianPackage: 'nodejs',
        isReady: (text) => text.includes('Ready at'),
        timeoutMs: 60_000,
      })
      const url = /Ready at (\S+)/.exec(running.logs())?.[1] ?? ''
      const token = readFileSync(join(database.dataDir, 'operator.token'), 'utf8').trim()
      canaries.set('operator token', token)
      const keyFile = join(database.dataDir, 'master.key')
      canaries.set('master key', readFileSync(keyFile, 'utf8').trim())
      const client = createClient({ url, token })
      await exercise(client, url, token, (name) => dns.add(name, 'A', '127.0.0.1'))
      await running.stop()
      await dns.close()
      logs = running.logs()
      storedUnsealed = await dump(database)
    })

    /** Every kind of secret is put in, used, and refused. */
    async function exercise(client: Client, url: string, token: string, addSite: (name: string) => void): Promise<void> {
      const attempt = async (call: Promise<unknown>): Promise<void> => {
        answers.push(JSON.stringify(await call.catch(async (error: unknown) => refusalOf(Promise.reject(error as Error)))))
      }
      const clock = createClock(Date.now())
      const leaf = aForeignCertificate({ clock }, { daysLeft: 20 })
      const other = aForeignCertificate({ clock })
      canaries.set('uploaded key', leaf.privateKeyPem).set('refused key', other.privateKeyPem)
      const hmac = randomBytes(32).toString('base64url')
      const tsig = randomBytes(32).toString('base64')
      canaries.set('EAB key', hmac).set('TSIG secret', tsig)
      const uploaded = await client.certificates.upload({
        name: 'canary',
        certificatePem: leaf.chainPem,
        privateKeyPem: leaf.privateKeyPem,
      })
      await attempt(Promise.resolve(uploaded))
      await attempt(client.certificates.upload({ name: 'x', certificatePem: leaf.chainPem, privateKeyPem: other.privateKeyPem }))
      await attempt(
        client.certificates.upload({ name: 'x', certificatePem: other.privateKeyPem, privateKeyPem: other.privateKeyPem }),
      )
      const eab = { directoryUrl: 'https://127.0.0.1:1/dir', eab: { keyId: 'kid-1', hmacKey: hmac } }
      await attempt(client.issuers.create({ id: 'acme-eab', title: 'EAB', kind: 'acme', config: eab }))
      await attempt(client.issuers.create({ id: 'acme-eab', title: 'EAB', kind: 'acme', config: eab }))
      await attempt(client.issuers.create({ id: 'acme-bad', title: 'EAB', kind: 'acme', config: { ...eab, wrong: hmac } }))
      const rfc2136 = { server: '127.0.0.1', port: 1, zone: 'example.com', keyName: 'k', algorithm: 'hmac-sha256', secret: tsig }
      await attempt(client.dnsConnections.create({ name: 'tsig', kind: 'rfc2136', config: rfc2136 }))
      await attempt(client.dnsConnections.create({ name: 'bad', kind: 'rfc2136', config: { ...rfc2136, wrong: tsig } }))
      await attempt(
        client.targets.create({
          certificateId: uploaded.id,
          name: 't',
          kind: 'localFiles',
          config: {
            certificatePath: join(database.dataDir, 'site', 'a.pem'),
            keyPath: join(database.dataDir, 'site', 'a.key'),
            reloadCommand: ['false'],
          },
        }),
      )
      await client.balance.topUp({ amountMinor: 100_000, currency: 'CNY' }, withKey())
      await issueOne(client, addSite)
      for (const path of readablePaths())
        answers.push(await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).text())
      for (const path of ['/nothing', `/api/v1/certificates/${token.slice(0, 60)}`, '/api/v1/openapi.json', '/api/v1/docs.js'])
        answers.push(await (await fetch(`${url}${path}`)).text())
    }

    async function issueOne(client: Client, addSite: (name: string) => void): Promise<void> {
      addSite('canary.example.com')
      const { id } = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
      const { certificateId } = await client.orders.pay({ id }, withKey())
      await client.applications.submit({ id: certificateId ?? '', ...aForm(['canary.example.com']) })
      answers.push(
        await waitFor('the certificate', async () => {
          const certificate = await client.certificates.get({ id: certificateId ?? '' })
          return certificate.sha256 === null ? null : JSON.stringify(certificate)
        }),
      )
      // The one answer that may hold a key is not among the answers; what it was sealed with must be nowhere.
      const archive = await openArchive(await client.downloads.withKey({ id: certificateId ?? '', format: 'tomcat' }))
      canaries.set('keystore password', archive.text('pfx-password.txt'))
      answers.push(JSON.stringify(await client.downloads.list({ id: certificateId ?? '' })))
      answers.push(JSON.stringify(await client.certificates.get({ id: certificateId ?? '' })))
    }

    function readablePaths(): string[] {
      return Object.values(contract).flatMap((members) =>
        Object.values(members).flatMap((procedure) => {
          const { route } = procedure['~orpc']
          return route.method === 'GET' && route.path !== undefined && !route.path.includes('{') ? [`/api/v1${route.path}`] : []
        }),
      )
    }

    /** Every column of every table as text, the job queue's too; and what was sealed joins the canaries. */
    async function dump({ settings, dataDir }: TestDatabase): Promise<string> {
      const opened = await openDatabase(settings)
      const tables = await sql<{ name: string }>`select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
        from information_schema.tables where table_schema in ('public', 'jobs') and table_type = 'BASE TABLE'`.execute(opened.db)
      const texts: string[] = []
      for (const { name } of tables.rows) {
        const { rows } = await sql<{ row: string }>`select each::text as row from ${sql.raw(name)} each`.execute(opened.db)
        texts.push(...rows.map(({ row }) => row))
      }
      const keys = openGivenMasterKeys(() => readFileSync(join(dataDir, 'master.key'), 'utf8'), 'test')
      const vault = createVault(await openKeyring(opened, keys, 'test'))
      const secrets = await opened.db.selectFrom('secret').select(['id', 'purpose']).execute()
      for (const { id, purpose } of secrets) {
        const plaintext = await vault.open(opened.db, id, purpose as Parameters<Vault['open']>[2])
        if (['privateKey', 'caKeys', 'issuerAccount'].includes(purpose)) {
          for (const pem of plaintext.replaceAll('\\n', '\n').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [])
            canaries.set(`${purpose} ${id}`, pem)
        }
      }
      await opened.close()
      return texts.join('\n')
    }

    test('holds what the test looks for, and the search finds it where it is', () => {
      expect([...canaries.keys()].filter((name) => name.startsWith('privateKey'))).toHaveLength(2)
      expect([...canaries.keys()].filter((name) => name.startsWith('caKeys')).length).toBeGreaterThan(0)
      expect(answers.join('\n')).toContain('acme-eab')
      expect(answers.join('\n')).toContain('tsig')
      expect(logs).toContain('deployment.')
      expect(leaksIn(`... ${canaries.get('EAB key')} ...`)).toEqual(['EAB key'])
      expect(leaksIn(JSON.stringify({ key: canaries.get('uploaded key') }))).toContain('uploaded key')
    })

    test('answers nothing secret', () => {
      expect(leaksIn(answers.join('\n'))).toEqual([])
    })

    test('logs nothing secret', () => {
      expect(leaksIn(logs)).toEqual([])
    })

    test('keeps nothing secret in a table, unless it is sealed', () => {
      expect(storedUnsealed.length).toBeGreaterThan(10_000)
      expect(leaksIn(storedUnsealed)).toEqual([])
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
