/**
 * The PIN of the token: in a file for the service's user alone. It is read when it is needed, and kept nowhere.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs'
import { AppError } from '../../../domain/errors.ts'

const MAX_BYTES = 256
const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** @returns to be overwritten after use. @throws AppError `misconfigured` when others may read it, or there is none */
export function readPin(file: string): Buffer {
  let bytes: Buffer
  try {
    const { mode, size } = statSync(file)
    if ((mode & 0o077) !== 0) throw problem(`others may read ${file}: run "chmod 600" on it and start again`)
    if (size > MAX_BYTES) throw problem(`${file} is no PIN: put it there on a line of its own`)
    bytes = readFileSync(file)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw problem(`${file} cannot be read: put the PIN there, with mode 0600`, error)
  }
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === LINE_FEED || bytes[end - 1] === CARRIAGE_RETURN)) end -= 1
  if (end === 0) throw problem(`${file} is empty: put the PIN there`)
  return bytes.subarray(0, end)
}

function problem(what: string, cause?: unknown): AppError {
  return new AppError('misconfigured', `Reading the PIN of the token: ${what}.`, { cause })
}
