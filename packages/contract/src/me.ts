/**
 * Who calls, and the first of all users. Signing in and out, passwords and second factors are under `/api/auth` (docs/sign-in.md).
 *
 * @module
 */
import { z } from 'zod'
import { anyCaller, anybody } from './operation.ts'
import { language, role } from './roles.ts'
import { SCOPES } from './scopes.ts'
import { id, instant } from './views.ts'

export const MIN_PASSWORD_LENGTH = 12
export const MAX_PASSWORD_LENGTH = 128

export const emailAddress = z.email().max(254).toLowerCase().meta({ description: 'Kept in lower case' })
/** Only its length: whether it is one of the common ones is said by `weakPassword`. */
export const newPassword = z.string().max(MAX_PASSWORD_LENGTH).meta({ description: 'At least 12 characters, not a common one' })
export const linkToken = z.string().min(1).max(128).meta({ description: 'What stands after #token= in the link' })
export const personName = z.string().trim().min(1).max(64)

export const userView = z.object({
  id,
  email: z.string(),
  name: z.string(),
  language: language.nullable().meta({ description: 'Null: what the browser asks for' }),
  isInstallationOperator: z.boolean(),
  hasSecondFactor: z.boolean(),
})
export type UserView = z.infer<typeof userView>

const accountRef = z.object({ id, name: z.string() })

export const meView = z.object({
  kind: z.enum(['user', 'token']),
  user: userView.nullable().meta({ description: 'Null for a token' }),
  token: z.object({ id, name: z.string(), expiresAt: instant.nullable() }).nullable().meta({ description: 'Null for a user' }),
  account: accountRef.nullable().meta({ description: 'Null: a user who is in no account' }),
  role: role.nullable().meta({ description: 'Null for a token, and for a user who is in no account' }),
  scopes: z.array(z.enum(SCOPES)),
  accounts: z.array(accountRef.extend({ role })).meta({ description: 'Those that the caller may choose' }),
})
export type MeView = z.infer<typeof meView>

export const me = {
  get: anyCaller('GET', '/me', 'Users', 'Who calls, in which account, and what they may do').output(meView),
}

export const firstOperator = {
  create: anybody('POST', '/first-operator', 'Users', 'Make the first user, by the link that the service printed at its start', {
    created: true,
  })
    .input(
      z.strictObject({
        token: linkToken,
        email: emailAddress,
        password: newPassword,
        name: personName,
        language: language.nullable().default(null),
      }),
    )
    .output(userView),
}
