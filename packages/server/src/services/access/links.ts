/**
 * Links that work once, and the passwords that are set by them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { judgePassword } from '../../domain/access/password.ts'
import { AppError } from '../../domain/errors.ts'

/** A new link to a page of the console. The token (256 random bits) stands behind #, so that no server and no proxy logs it. */
export function drawLink(baseUrl: string, page: 'welcome' | 'invitation' | 'recovery'): { token: string; link: string } {
  const token = randomBytes(32).toString('base64url')
  return { token, link: `${baseUrl}/${page}#token=${token}` }
}

export function linkInvalid(): AppError {
  return new AppError('linkInvalid', 'Opening the link: it was used, is out of date, or was never given out: ask for a new one.')
}

const FAULTS = {
  short: 'it has fewer than 12 characters',
  repetitive: 'it repeats itself',
  common: 'it is one of those that guessing begins with',
  personal: 'it is made of the name or the e-mail address',
} as const

/** @throws AppError `weakPassword` with the fault */
export function checkPassword(password: string, person: { readonly email: string; readonly name: string }): void {
  const fault = judgePassword(password, person)
  if (fault === null) return
  throw new AppError('weakPassword', `Setting the password: ${FAULTS[fault]}: choose another.`, {
    facts: { field: 'password', fault },
  })
}
