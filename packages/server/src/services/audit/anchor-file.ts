/**
 * A checkpoint of the audit log in a file, beside the database.
 *
 * @module
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface AuditAnchor {
  /** Where it is, for people. */
  readonly place: string
  /** Null: none was kept yet. Empty when the file is. */
  read(): string | null
  write(jws: string): void
}

export function openAnchorFile(path: string): AuditAnchor {
  return {
    place: path,
    read: () => {
      try {
        return readFileSync(path, 'utf8').trim()
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      }
    },
    // On disk before it has its name: a power cut leaves the old one or the new one.
    write: (jws) => {
      const file = openSync(`${path}.new`, 'w', 0o600)
      try {
        writeFileSync(file, `${jws}\n`)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${path}.new`, path)
      if (process.platform !== 'win32') flushFolder(dirname(path))
    },
  }
}

function flushFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
