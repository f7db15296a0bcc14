/**
 * Debian's PostgreSQL in a folder that goes away, on a free loopback port: one server for a test file, a fresh database for each use.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { copyFolder } from './folders.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'
import type { RunningProcess } from './process.ts'

export interface Postgres {
  /** On 127.0.0.1. */
  readonly port: number
  readonly process: RunningProcess
  /** The URL of a new database: empty, or a copy of another. */
  createDatabase(options?: { readonly name?: string; readonly template?: string }): Promise<string>
  /** Ends every connection, then the server; may be called again. */
  stop(): Promise<void>
}

const VERSIONS = '/usr/lib/postgresql'
const SUPERUSER = 'evercert'
const DEBIAN_PACKAGE = 'postgresql'

export interface PostgresOptions {
  /** With it, `ssl = on`. */
  readonly tls?: { readonly chainPem: string; readonly privateKeyPem: string }
  /** The data folder of a server that does not run: copied, in place of a new one. */
  readonly dataTemplate?: string
  /** Where the data folder is kept after the end. */
  readonly keepDataIn?: string
  /** Waits for no disk: for many databases that nobody kills. */
  readonly isForgetful?: boolean
  /** Default 60. */
  readonly maxConnections?: number
}

/** Starts a server with PostgreSQL's own defaults for durability. As root it runs as the system user `postgres`, as it demands. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const bin = newestVersion()
  const folder = await mkdtemp(join(tmpdir(), 'evercert-postgres-'))
  const asUser = await commandPrefix(folder)
  const data = join(folder, 'data')
  if (options.dataTemplate === undefined) await run([...asUser, join(bin, 'initdb'), ...INITDB_OPTIONS, '-D', data])
  else await copyData(options.dataTemplate, data)
  const port = await freePort()
  if (options.tls !== undefined) await writePair(data, options.tls)
  const [command = '', ...args] = [...asUser, join(bin, 'postgres'), '-D', data, ...serverOptions(port, options)]
  const running = await startProcess({
    command,
    args,
    cwd: folder,
    debianPackage: DEBIAN_PACKAGE,
    isReady: () => query(urlOf(port, 'postgres'), 'select 1').then(() => true),
  })
  let databases = 0
  return {
    port,
    process: running,
    createDatabase: async ({ name = `test_${++databases}`, template = 'template1' } = {}) => {
      await query(urlOf(port, 'postgres'), `create database ${name} template ${template}`)
      return urlOf(port, name)
    },
    stop: async () => {
      interrupt(running)
      await running.stop()
      if (options.keepDataIn !== undefined) copyFolder(data, options.keepDataIn)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface SharedDatabases {
  /** The URL of a new copy of the template. */
  create(): Promise<string>
  /** Also those that somebody is connected to still. */
  dropAll(): Promise<void>
}

/** Databases of one's own in a server that others use as well. */
export function databasesAt(port: number, template: string): SharedDatabases {
  const made: string[] = []
  return {
    create: async () => {
      const name = `test_${randomUUID().replaceAll('-', '')}`
      await query(urlOf(port, 'postgres'), `create database ${name} template ${template}`)
      made.push(name)
      return urlOf(port, name)
    },
    dropAll: async () => {
      for (const name of made.splice(0)) await query(urlOf(port, 'postgres'), `drop database ${name} with (force)`)
    },
  }
}

const INITDB_OPTIONS = ['-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions']

async function copyData(template: string, data: string): Promise<void> {
  copyFolder(template, data)
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await systemUser('postgres')
  await run(['chown', '-R', `${uid}:${gid}`, data])
}

/** PostgreSQL's own names for the files. It wants the key to be its user's alone. */
async function writePair(data: string, { chainPem, privateKeyPem }: NonNullable<PostgresOptions['tls']>): Promise<void> {
  const key = join(data, 'server.key')
  await writeFile(join(data, 'server.crt'), chainPem)
  await writeFile(key, privateKeyPem, { mode: 0o600 })
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await systemUser('postgres')
  await chown(key, uid, gid)
}

function serverOptions(port: number, { tls, isForgetful = false, maxConnections = 60 }: PostgresOptions): string[] {
  const settings = {
    ssl: tls === undefined ? 'off' : 'on',
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '32MB',
    ...(isForgetful ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' } : {}),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function urlOf(port: number, database: string): string {
  return `postgres://${SUPERUSER}@127.0.0.1:${port}/${database}`
}

function newestVersion(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map((version) => join(VERSIONS, version, 'bin')) : []
  const newest = versions.filter((bin) => existsSync(join(bin, 'initdb'))).at(-1)
  if (newest === undefined) throw new Error(`initdb is not installed: apt-get install ${DEBIAN_PACKAGE}`)
  return newest
}

/** PostgreSQL refuses to run as root. */
async function commandPrefix(folder: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return []
  const { uid, gid } = await systemUser('postgres')
  await chown(folder, uid, gid)
  await chmod(folder, 0o700)
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups']
}

async function systemUser(name: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined) throw new Error(`there is no user ${name}: apt-get install ${DEBIAN_PACKAGE}`)
  return { uid: Number(uid), gid: Number(gid) }
}

async function run([command = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${errors}`)
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** "Fast shutdown": SIGTERM alone would wait for clients that forgot to leave. */
function interrupt({ pid }: RunningProcess): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch {
    // It has ended already.
  }
}
