/**
 * A master key of 32 random bytes in a file of mode 0600, made at the first start; or given in the environment.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { AppError } from '../../domain/errors.ts'
import type { MasterKey } from '../../ports/secrets.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16

/** Reads the key file, making it first when there is none. @throws AppError `misconfigured` when others may read it, or it is damaged */
export function loadMasterKeyFile(path: string): MasterKey {
  createOnce(path)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new AppError('misconfigured', `Reading the master key: others may read ${path}: run "chmod 600" on it and start again.`)
  }
  return parseMasterKey(readFileSync(path, 'utf8'), path)
}

/** @param text 64 hex digits. @throws AppError `misconfigured` */
export function parseMasterKey(text: string, source: string): MasterKey {
  const hex = text.trim()
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new AppError(
      'misconfigured',
      `Reading the master key: ${source} does not hold 64 hex digits: restore it from the backup.`,
    )
  }
  return masterKeyOf(Buffer.from(hex, 'hex'))
}

function masterKeyOf(key: Buffer): MasterKey {
  const id = createHash('sha256').update('evercert master key id').update(key).digest('hex').slice(0, 16)
  return {
    id,
    wrap: (dataKey) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv)
      return Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
    },
    unwrap: (wrapped) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, IV_BYTES))
        decipher.setAuthTag(wrapped.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
      } catch (cause) {
        throw new AppError(
          'misconfigured',
          'Opening a secret: it belongs to another master key: start with the key that made it.',
          {
            cause,
          },
        )
      }
    },
  }
}

/** Complete or absent, whatever happens: written beside, made durable, then linked to its name. */
function createOnce(path: string): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    statSync(path)
    return
  } catch {
    // not there yet
  }
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another process made it meanwhile: use that one
  } finally {
    rmSync(temporary, { force: true })
  }
}
