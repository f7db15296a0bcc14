/**
 * Keys and certificates from outside: errors of the parser become problems that say what to do.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { PkiError } from '@evercert/pki'
import { AppError } from '../domain/errors.ts'

/** @throws AppError `code`, or `tooLarge` */
export function readPki<Result>(code: ProblemCode, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof PkiError) throw new AppError(cause.code === 'tooLarge' ? 'tooLarge' : code, cause.message, { cause })
    throw cause
  }
}
