/**
 * What the agent keeps on its host: who it is, and reports that the service has not taken yet.
 *
 * @module
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { AgentError, type Say } from './language.ts'

export interface Identity {
  /** Null until it is enrolled. */
  readonly id: string | null
  readonly name: string | null
  readonly server: string
  /** Bearer credential; the service has its SHA-256. */
  readonly credential: string
  /** Ed25519, PKCS#8 PEM: signs reports. */
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

export function drawIdentity(server: string): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    id: null,
    name: null,
    server,
    credential: `evca_${randomBytes(32).toString('base64url')}`,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

const IDENTITY = 'identity.json'

export function findIdentity(stateFolder: string): Identity | null {
  const text = readOrNull(join(stateFolder, IDENTITY))
  return text === null ? null : (JSON.parse(text) as Identity)
}

/** @throws AgentError when this host is not enrolled at this service */
export function loadIdentity(
  stateFolder: string,
  server: string,
  say: Say,
): Identity & { readonly id: string; readonly name: string } {
  const identity = findIdentity(stateFolder)
  if (identity !== null && identity.id !== null && identity.name !== null && identity.server === server) {
    return { ...identity, id: identity.id, name: identity.name }
  }
  throw new AgentError(
    say(
      `Starting: this host is not enrolled at ${server}: run "evercert agent enroll" at the service, and its command here.`,
      `启动：本机尚未在 ${server} 注册。请在服务端运行 “evercert agent enroll”，并在本机执行其给出的命令。`,
    ),
  )
}

export function storeIdentity(stateFolder: string, identity: Identity): void {
  ensureFolder(stateFolder)
  writeDurably(join(stateFolder, IDENTITY), `${JSON.stringify(identity, null, 2)}\n`)
}

export interface Report {
  readonly workId: string
  readonly statement: string
  readonly signature: string
}

const OUTBOX = 'outbox'
const REPORT_FILE = /^[a-z0-9_]{1,64}\.json$/

export function signReport(identity: Identity, workId: string, statement: object): Report {
  const text = JSON.stringify(statement)
  const signature = sign(null, Buffer.from(text), identity.privateKeyPem).toString('base64url')
  return { workId, statement: text, signature }
}

/** On disk before anybody is told: a report survives a crash and an absence of the service. @throws the error of the file system */
export function keepReport(stateFolder: string, report: Report): void {
  const name = `${report.workId}.json`
  if (!REPORT_FILE.test(name)) throw new Error('the work has an id that is no file name')
  ensureFolder(join(stateFolder, OUTBOX))
  writeDurably(join(stateFolder, OUTBOX, name), JSON.stringify(report))
}

export function listReports(stateFolder: string): readonly Report[] {
  const folder = join(stateFolder, OUTBOX)
  try {
    return readdirSync(folder)
      .filter((name) => REPORT_FILE.test(name))
      .toSorted()
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

export function forgetReport(stateFolder: string, workId: string): void {
  rmSync(join(stateFolder, OUTBOX, `${workId}.json`), { force: true })
}

/** How a site was before a piece of work touched it. */
export interface Begun {
  /** SHA-256 of the leaf that its files held; null when none could be read. */
  readonly held: string | null
  /** SHA-256 of the leaf that it served, and that in words; null when nobody answered. */
  readonly served: string | null
  readonly said: string
}

const BEGUN = 'begun'

/** Who is killed after the swap finds the new pair in its place, and has to know that it is this work that put it there. @throws the error of the file system */
export function keepBegun(stateFolder: string, workId: string, begun: Begun): void {
  ensureFolder(join(stateFolder, BEGUN))
  writeDurably(join(stateFolder, BEGUN, `${workId}.json`), JSON.stringify(begun))
}

export function findBegun(stateFolder: string, workId: string): Begun | null {
  const text = readOrNull(join(stateFolder, BEGUN, `${workId}.json`))
  return text === null ? null : (JSON.parse(text) as Begun)
}

/** When its report is taken. */
export function forgetBegun(stateFolder: string, workId: string): void {
  rmSync(join(stateFolder, BEGUN, `${workId}.json`), { force: true })
}

/** When there is no work: what was begun is given until it is reported, so this was called off. */
export function forgetAllBegun(stateFolder: string): void {
  removeWhere(join(stateFolder, BEGUN), () => true)
}

const UNFINISHED = /(?:\.(\d+))?\.[0-9a-f]{12}\.unfinished$/
/** Nobody writes a file for so long: another process has the number, or an earlier version named none. */
const UNFINISHED_KEPT_MS = 3_600_000

/** What was being written by processes that died: no file yet, and perhaps half a key, which was told to nobody. Of one that lives it is left. */
export function removeUnfinished(stateFolder: string): void {
  const isLeft = ({ name, ageMs }: Aged): boolean => {
    const found = UNFINISHED.exec(name)
    if (found === null) return false
    const pid = Number(found[1] ?? 0)
    return ageMs > UNFINISHED_KEPT_MS || (pid > 0 && (pid === process.pid || !isAlive(pid)))
  }
  for (const name of ['', 'keys', OUTBOX, BEGUN]) removeWhere(join(stateFolder, name), isLeft)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

interface Aged {
  readonly name: string
  readonly ageMs: number
}

/** One that cannot be removed stays until the next time. */
export function removeWhere(folder: string, isMeant: (file: Aged) => boolean): void {
  for (const name of listOrNone(folder)) {
    const path = join(folder, name)
    try {
      if (isMeant({ name, ageMs: Date.now() - statSync(path).mtimeMs })) rmSync(path, { force: true })
    } catch {
      continue
    }
  }
}

function listOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Alone first: where the parents are made too, Node says of a read-only file system that a folder is missing. */
export function ensureFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (isMissing(error)) mkdirSync(path, { recursive: true, mode: 0o700 })
    else if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** In one step that lasts, for the owner alone. */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  const unfinished = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.unfinished`
  const file = openSync(unfinished, 'wx', mode)
  try {
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true }) // on a full disk it would take what room is left
    throw error
  }
  flushFolder(dirname(path))
}

/** A name lasts once its folder does. */
function flushFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
