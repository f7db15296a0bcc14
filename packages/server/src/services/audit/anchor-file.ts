/**
 * A checkpoint of the audit log in a file, beside the database.
 *
 * @module
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface AuditAnchor {
  /** Where it is, for people. */
  readonly place: string
  /** Null: none was kept yet. */
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
    write: (jws) => {
      writeFileSync(`${path}.new`, `${jws}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
  }
}
