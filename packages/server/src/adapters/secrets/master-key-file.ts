/**
 * Master keys of 32 random bytes: in a file of mode 0600, made at the first start, or given in the environment. One key on a line.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../../domain/errors.ts'
import type { MasterKey, MasterKeys } from '../../ports/secrets.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * The keys of the file, made first when there is none.
 *
 * @param others whether there are master keys elsewhere: then the last line may go, and the file with it
 * @throws AppError `misconfigured` when others may read it, or it is damaged
 */
export function openMasterKeyFile(path: string, { others = false }: { readonly others?: boolean } = {}): MasterKeys {
  if (!others) createOnce(path)
  const readLines = (): string[] => (others && !existsSync(path) ? [] : linesOf(readFileSync(path, 'utf8')))
  const readKeys = (): MasterKey[] => (others && !existsSync(path) ? [] : readKeyFile(path))
  let keys = readKeys()
  return {
    kind: 'file',
    place: path,
    list: () => keys,
    reload: async () => {
      keys = readKeys()
    },
    add: async () => {
      const hex = randomBytes(KEY_BYTES).toString('hex')
      replaceFile(path, [...readLines(), hex])
      keys = readKeys()
      return masterKeyOf(hex, { place: path, isOurs: true })
    },
    drop: async (id) => {
      const lines = readLines()
      const kept = lines.filter((line) => idOf(line) !== id)
      if (kept.length === lines.length || (kept.length === 0 && !others)) return
      if (kept.length === 0) removeFile(path)
      else replaceFile(path, kept)
      keys = readKeys()
    },
    close: async () => {},
  }
}

/**
 * The keys that the operator gives.
 *
 * @param read the setting; again at each reload, since a file that it comes from may have changed
 * @throws AppError `misconfigured`
 */
export function openGivenMasterKeys(read: () => string, place: string): MasterKeys {
  let keys = parseMasterKeys(read(), place)
  return {
    kind: 'setting',
    place,
    list: () => keys,
    reload: async () => {
      keys = parseMasterKeys(read(), place)
    },
    add: async () => {
      throw new AppError('misconfigured', `Making a master key: the keys come from ${place}: add the new one there.`)
    },
    drop: async () => {},
    close: async () => {},
  }
}

/** @param text 64 hex digits for each key, with white space or commas between. @throws AppError `misconfigured` */
export function parseMasterKeys(text: string, source: string, isOurs = false): MasterKey[] {
  const lines = linesOf(text)
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/i.test(line))) {
    throw new AppError(
      'misconfigured',
      `Reading the master key: ${source} does not hold 64 hex digits for each key: restore it from the backup.`,
    )
  }
  return lines.map((line) => masterKeyOf(line, { place: source, isOurs }))
}

function linesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((line) => line !== '')
}

function readKeyFile(path: string): MasterKey[] {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new AppError('misconfigured', `Reading the master key: others may read ${path}: run "chmod 600" on it and start again.`)
  }
  return parseMasterKeys(readFileSync(path, 'utf8'), path, true)
}

function idOf(hex: string): string {
  return createHash('sha256').update('evercert master key id').update(Buffer.from(hex, 'hex')).digest('hex').slice(0, 16)
}

function masterKeyOf(hex: string, facts: Pick<MasterKey, 'place' | 'isOurs'>): MasterKey {
  const key = createSecretKey(hex, 'hex') // with bytes for a key each cipher takes five times as long
  return {
    id: idOf(hex),
    ...facts,
    isInToken: false,
    wrap: async (dataKey) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      return Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
    },
    unwrap: async (wrapped) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        decipher.setAuthTag(wrapped.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
      } catch (cause) {
        throw new AppError(
          'misconfigured',
          'Opening a secret: it belongs to another master key, or was altered: start with the key that made it.',
          { cause },
        )
      }
    },
  }
}

/** Complete or absent, whatever happens: written beside, made durable, then linked to its name. */
function createOnce(path: string): void {
  try {
    statSync(path)
    return
  } catch {
    // not there yet
  }
  const temporary = writeBeside(path, [randomBytes(KEY_BYTES).toString('hex')])
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process made it meanwhile: use that one
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(path)
}

/** The old file or the new one, whatever happens. */
function replaceFile(path: string, lines: readonly string[]): void {
  renameSync(writeBeside(path, lines), path)
  syncFolder(path)
}

function removeFile(path: string): void {
  rmSync(path, { force: true })
  syncFolder(path)
}

function writeBeside(path: string, lines: readonly string[]): string {
  const temporary = `${path}.${process.pid}.new`
  rmSync(temporary, { force: true }) // a crash left it; its mode may not be ours
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(file, `${lines.join('\n')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return temporary
}

/** The name is durable once its folder is. Windows opens no folders, and needs not. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
