/** Backups: taken while the service runs, tried, restored into either database, and refused when they are not what was written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCOPES, type CertificateDetail } from '@evercert/contract'
import { restoreBackup } from '../../packages/server/src/offline.ts'
import {
  anAccount,
  anIssuedCertificate,
  anUpload,
  buyCertificate,
  moveIntoWindow,
  PRIVATE_SINGLE,
  withKey,
  type TestAccount,
} from '../../packages/server/test/support/builders.ts'
import { openerOf, type DatabaseKind, type TestDatabase } from '../../packages/server/test/support/databases.ts'
import { startTestService, type TestService } from '../../packages/server/test/support/service.ts'
import { postgresTemplate } from '../harness/database-templates.ts'
import { startPostgres, type Postgres } from '../harness/postgres.ts'
import { longRun } from './support/long.ts'
import { runEvercertHere } from './support/evercert.ts'

const PASSPHRASE = 'five random words of mine'
const folder = mkdtempSync(join(tmpdir(), 'evercert-backups-'))
const openers = { embedded: openerOf('embedded'), postgres: openerOf('postgres') }
let postgres: Postgres
let places = 0

beforeAll(async () => {
  postgres = await startPostgres({ dataTemplate: await postgresTemplate(), isForgetful: true }) // nobody kills it
})
afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const DIRECTIONS = [
  ['embedded', 'postgres'],
  ['postgres', 'embedded'],
] as const

interface Place {
  readonly kind: DatabaseKind
  readonly dataDir: string
  readonly databaseUrl: string | null
}

/** Where nothing is yet. */
async function anEmptyPlace(kind: DatabaseKind): Promise<Place> {
  const dataDir = join(folder, `place-${(places += 1)}`)
  return { kind, dataDir, databaseUrl: kind === 'embedded' ? null : await postgres.createDatabase() }
}

function databaseOf({ kind, dataDir, databaseUrl }: Place): TestDatabase {
  const settings =
    databaseUrl === null
      ? { kind: 'embedded' as const, folder: join(dataDir, 'database') }
      : { kind: 'postgres' as const, url: databaseUrl }
  return { kind, dataDir, databaseUrl, settings }
}

function environmentOf({ dataDir, databaseUrl }: Place, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    EVERCERT_DATA_DIR: dataDir,
    ...(databaseUrl !== null && { EVERCERT_DATABASE_URL: databaseUrl }),
    EVERCERT_BACKUP_PASSPHRASE: PASSPHRASE,
    ...more,
  }
}

/** Of accounts: a schema may have been made. */
async function countRows({ databaseUrl }: Place): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl ?? '' })
  await client.connect()
  try {
    const { rows } = await client.query<{ table: string | null }>(`select to_regclass('account') as table`)
    if (rows[0]?.table === null) return 0
    return (await client.query('select 1 from account')).rows.length
  } finally {
    await client.end()
  }
}

interface Running {
  readonly place: Place
  readonly service: TestService
  readonly account: TestAccount
  readonly issued: CertificateDetail
  readonly uploaded: CertificateDetail
}

async function anInstallation(kind: DatabaseKind): Promise<Running> {
  const database = await openers[kind]()
  const service = await startTestService({ database })
  const account = await anAccount(service)
  const issued = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
  const uploaded = await anUpload(account, { name: '商店 "quoted" \\ line' })
  return { place: database, service, account, issued, uploaded }
}

/** What a user sees; with a private key that opens. */
async function sightOf({ client }: TestAccount, { issued }: Running) {
  const [{ items }, key, balance, orders] = [
    await client.certificates.list({}),
    (await client.downloads.withKey({ id: issued.id, format: 'nginx' })).size > 100,
    await client.balance.get(),
    await client.orders.list({}),
  ]
  return { items, key, balance, orders }
}

describe.each(longRun(DIRECTIONS, ([from]) => from === 'embedded'))('from %s', (from, to) => {
  let running: Running
  let file: string
  beforeAll(async () => {
    running = await anInstallation(from)
    file = join(folder, `${from}.backup`)
  })
  afterAll(() => running.service.stop())

  test('a backup is taken while the service works, for its owner alone', async () => {
    const busy = Array.from({ length: 3 }, () => buyCertificate(running.account, { productId: PRIVATE_SINGLE }))
    const taken = await runEvercertHere(environmentOf(running.place), 'backup', file)
    await Promise.all(busy)
    expect(taken).toMatchObject({ code: 0, stderr: '' })
    expect(taken.stdout).toContain('The master key is in it')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const written = readFileSync(file)
    for (const secret of [readFileSync(join(running.place.dataDir, 'master.key'), 'utf8').trim(), running.issued.name])
      expect(written.includes(secret)).toBe(false)
  })

  test(`restored into ${to} it is the same installation, and goes on`, async () => {
    const place = await anEmptyPlace(to)
    mkdirSync(place.dataDir, { recursive: true })
    writeFileSync(join(place.dataDir, 'audit.checkpoint'), 'of a log that went on')
    const restored = await runEvercertHere(environmentOf(place), 'restore', file)
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(place.dataDir).sort()).toEqual(
      ['master.key', 'operator.token', ...(to === 'embedded' ? ['database'] : [])].sort(),
    )
    for (const name of ['master.key', 'operator.token']) expect(statSync(join(place.dataDir, name)).mode & 0o777).toBe(0o600)
    const service = await startTestService({ database: databaseOf(place), clock: running.service.clock })
    try {
      const account = { ...running.account, service, client: service.clientOf(running.account.token) }
      const [there, here] = [await sightOf(account, running), await sightOf(running.account, running)]
      expect(there.key).toBe(true)
      expect(there.items).toEqual(here.items.filter(({ id }) => there.items.some((item) => item.id === id)))
      expect(there.items.map(({ id }) => id)).toEqual(expect.arrayContaining([running.issued.id, running.uploaded.id]))
      moveIntoWindow(service, running.issued)
      const order = await account.client.orders.place(
        { productId: PRIVATE_SINGLE, renewsCertificateId: running.issued.id },
        withKey(),
      )
      expect(await account.client.orders.pay({ id: order.id, method: 'balance' }, withKey())).toMatchObject({ state: 'paid' })
      expect((await runEvercertHere(environmentOf(place), 'restore', file)).stderr).toContain('stop that one first')
    } finally {
      await service.stop()
    }
    expect((await runEvercertHere(environmentOf(place), 'restore', file)).stderr).toContain('master.key is there already')
  })
})

describe('the embedded installation', () => {
  let running: Running
  let rows: string[]
  beforeAll(async () => {
    running = await anInstallation('embedded')
    const response = await running.service.fetch('/api/v1/backups', {
      method: 'POST',
      headers: { authorization: `Bearer ${running.service.operatorToken}`, 'content-type': 'application/json' },
      body: '{}',
    })
    rows = gunzipSync(Buffer.from(await response.arrayBuffer()))
      .toString('utf8')
      .trimEnd()
      .split('\n')
  })
  afterAll(() => running.service.stop())

  const masterKey = () => readFileSync(join(running.place.dataDir, 'master.key'), 'utf8')
  const filesLine = (files: Record<string, string> = { 'master.key': masterKey() }) => JSON.stringify({ files })

  async function restoreLines(lines: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
    const place = await anEmptyPlace('postgres') // quicker to make
    const bytes = gzipSync(`${lines.join('\n')}\n`)
    const source = (async function* () {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
    })()
    const outcome = await restoreBackup(environmentOf(place, more), source).then(
      () => 'restored',
      (error: unknown) => String(error),
    )
    if (outcome !== 'restored') expect([readdirSync(place.dataDir), await countRows(place)]).toEqual([[], 0])
    return outcome
  }

  test('its own API never gives the master key, and gives rows to the operator alone', async () => {
    expect(rows.join('\n')).not.toContain(masterKey().trim())
    const owner = await anAccount(running.service, { scopes: SCOPES.filter((scope) => scope !== 'installation:operate') })
    const refused = await running.service.fetch('/api/v1/backups', {
      method: 'POST',
      headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(refused.status).toBe(403)
  })

  test('lines as they were restore', async () => {
    expect(await restoreLines([filesLine(), ...rows])).toBe('restored')
  })

  const firstRowOf = (table: string): number => rows.findIndex((line) => line.startsWith(`{"table":"${table}"`)) + 1
  test.each<[string, (lines: string[]) => string[], RegExp]>([
    [
      'a row is altered',
      (lines) => lines.with(firstRowOf('account'), (lines[firstRowOf('account')] ?? '').replace('acc_', 'acx_')),
      /were altered/,
    ],
    ['a row is missing', (lines) => lines.toSpliced(firstRowOf('history'), 1), /were altered/],
    [
      'a row is there twice',
      (lines) => lines.toSpliced(firstRowOf('product_price'), 0, lines[firstRowOf('product_price')] ?? ''),
      /were altered|duplicate key/,
    ],
    [
      'a column has another name',
      (lines) => lines.map((line) => line.replace('["id","text"]', '["di","text"]')),
      /looks otherwise/,
    ],
    ['a table is missing', (lines) => lines.toSpliced(1, firstRowOf('account') > 2 ? 1 : 1), /expected|otherwise/],
    ['the end is missing', (lines) => lines.slice(0, -1), /not whole/],
    ['it breaks off', (lines) => lines.slice(0, lines.length / 2), /too early|not whole/],
    [
      'it is of a newer version',
      (lines) => lines.with(0, (lines[0] ?? '').replace('"0001-initial"', '"0001-initial","9999-later"')),
      /newer Evercert/,
    ],
    ['it is something else', () => ['{"evercert":"receipt"}'], /does not begin as one does/],
  ])('when %s nothing is restored', async (_what, change, expected) => {
    expect(await restoreLines([filesLine(), ...change([...rows])])).toMatch(expected)
  })

  test('without its master key, or with another, nothing is restored', async () => {
    expect(await restoreLines([filesLine({}), ...rows])).toMatch(/master key is not in the backup/)
    expect(await restoreLines([filesLine({ 'master.key': 'ab'.repeat(32) }), ...rows])).toMatch(/not the one that sealed/)
    expect(await restoreLines([filesLine({}), ...rows], { EVERCERT_MASTER_KEY: masterKey().trim() })).toBe('restored')
    // Known from the first line, before there is a database; an earlier backup, or a wrong line, is found out by its rows.
    const header = JSON.parse(rows[0] ?? '') as { readonly keys?: readonly string[] }
    expect(header.keys).toHaveLength(1)
    expect(await restoreLines([filesLine({}), rows[0] ?? ''])).toMatch(/master key is not in the backup/)
    for (const keys of [undefined, []])
      expect(await restoreLines([filesLine({}), JSON.stringify({ ...header, keys }), ...rows.slice(1)])).toMatch(
        /master key is not in the backup/,
      )
  })

  test('a bomb of one line ends at the limit', async () => {
    expect(await restoreLines([`{"files":{"master.key":"${'0'.repeat(80_000_000)}"}}`])).toMatch(/not whole/)
  })

  test('with a key instead of a passphrase, and without the master key', async () => {
    const identity = await generateX25519Identity()
    const [file, identityFile, other] = [join(folder, 'key.backup'), join(folder, 'identity'), join(folder, 'other')]
    writeFileSync(identityFile, `# created today\n${identity}\n`)
    writeFileSync(other, `${await generateX25519Identity()}\n`)
    const recipient = await identityToRecipient(identity)
    const taken = await runEvercertHere(environmentOf(running.place), 'backup', file, '--without-key', '--recipient', recipient)
    expect(taken.stdout).toContain('The master key is not in it')
    const check = (...args: string[]) =>
      runEvercertHere(
        environmentOf(running.place, { EVERCERT_MASTER_KEY: masterKey().trim() }),
        'restore',
        '--check',
        file,
        ...args,
      )
    const drill = await check('--identity-file', identityFile)
    expect(drill).toMatchObject({ code: 0, stderr: '' })
    expect(drill.stdout).toMatch(/The backup restores: \d+ rows of \d+ tables/)
    expect((await check('--identity-file', other)).stderr).toContain('does not open with this secret')
    expect((await check()).stderr).toContain('does not open with this secret')
  })

  test.each([
    ['no secret', {}, [], 'A backup is always encrypted'],
    ['a short passphrase', { EVERCERT_BACKUP_PASSPHRASE: 'short' }, [], 'fewer than 12 characters'],
    ['a recipient that is none', {}, ['--recipient', 'ssh-rsa'], 'no age recipient'],
    ['a passphrase file that is not there', {}, ['--passphrase-file', '/nowhere/at/all'], 'cannot be read (ENOENT)'],
  ])('%s is refused before anything is written', async (_what, secret, args, expected) => {
    const file = join(folder, 'never.backup')
    const env = environmentOf(running.place, { EVERCERT_BACKUP_PASSPHRASE: undefined, ...secret })
    const { code, stderr } = await runEvercertHere(env, 'backup', file, ...args)
    expect([code, existsSync(file)]).toEqual([64, false])
    expect(stderr).toContain(expected)
  })

  test('moves to PostgreSQL when it is stopped, and not before', async () => {
    const { place, service } = running
    const target = { ...place, databaseUrl: await postgres.createDatabase() }
    expect((await runEvercertHere(environmentOf(target), 'move-to-postgres')).stderr).toContain('stop that one first')
    const before = await sightOf(running.account, running)
    await service.stop()
    expect(await runEvercertHere(environmentOf(target), 'move-to-postgres')).toMatchObject({ code: 0, stderr: '' })
    expect([existsSync(join(place.dataDir, 'database')), existsSync(join(place.dataDir, 'database.moved'))]).toEqual([
      false,
      true,
    ])
    const moved = await startTestService({ database: databaseOf({ ...target, kind: 'postgres' }), clock: service.clock })
    running = {
      ...running,
      service: moved,
      account: { ...running.account, service: moved, client: moved.clientOf(running.account.token) },
    }
    const after = await sightOf(running.account, running)
    expect(after).toEqual(before)
    expect(after.key).toBe(true)
  })
})
