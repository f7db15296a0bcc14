/**
 * Who calls, and the first of all users. Signing in and out, passwords and second factors are under `/api/auth` (sign-in.ts).
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { anyCaller, anybody, byId } from './operation.ts'
import { passkeyAssertion } from './passkeys.ts'
import { language, role } from './roles.ts'
import { SCOPES } from './scopes.ts'
import { id, instant, page } from './views.ts'

export const MIN_PASSWORD_LENGTH = 12
export const MAX_PASSWORD_LENGTH = 128

export const emailAddress = z.email().max(254).toLowerCase().meta({ description: 'Kept in lower case' })
/** Only its length: whether it is one of the common ones is said by `weakPassword`. */
export const newPassword = z.string().max(MAX_PASSWORD_LENGTH).meta({ description: 'At least 12 characters, not a common one' })
export const linkToken = z.string().min(1).max(128).meta({ description: 'What stands after #token= in the link' })
export const personName = line(64)

export const userView = z.object({
  id,
  email: z.string(),
  name: z.string(),
  language: language.nullable().meta({ description: 'Null: what the browser asks for' }),
  isInstallationOperator: z.boolean(),
  hasSecondFactor: z.boolean(),
  hasPassword: z.boolean().meta({ description: 'False: signs in by single sign-on' }),
})
export type UserView = z.infer<typeof userView>

const accountRef = z.object({ id, name: z.string() })

export const meView = z.object({
  kind: z.enum(['user', 'token']),
  user: userView.nullable().meta({ description: 'Null for a token' }),
  token: z
    .object({ id, name: z.string(), expiresAt: instant.nullable(), tags: z.array(z.string()).nullable() })
    .nullable()
    .meta({ description: 'Null for a user' }),
  account: accountRef.nullable().meta({ description: 'Null: a user who is in no account' }),
  role: role.nullable().meta({ description: 'Null for a token, and for a user who is in no account' }),
  scopes: z.array(z.enum(SCOPES)),
  accounts: z.array(accountRef.extend({ role })).meta({ description: 'Those that the caller may choose' }),
})
export type MeView = z.infer<typeof meView>

export const me = {
  get: anyCaller('GET', '/me', 'Users', 'Who calls, in which account, and what they may do').output(meView),
  update: anyCaller('POST', '/me', 'Users', 'Change name and language; for users')
    .input(z.strictObject({ name: personName, language: language.nullable() }))
    .output(meView),
}

export const sessionView = z.object({
  id,
  address: z.string().nullable().meta({ description: 'Network address at the sign-in' }),
  userAgent: z.string().nullable(),
  isCaller: z.boolean(),
  signedInAt: instant,
  lastUsedAt: instant.meta({ description: 'To the hour' }),
  expiresAt: instant,
})
export type SessionView = z.infer<typeof sessionView>

/** Of the user who calls; tokens have none. */
export const sessions = {
  list: anyCaller('GET', '/sessions', 'Users', 'List the sessions of the user').output(page(sessionView)),
  remove: anyCaller('DELETE', '/sessions/{id}', 'Users', 'End a session of the user; also the one that asks')
    .input(byId)
    .output(byId),
  removeOthers: anyCaller('DELETE', '/sessions', 'Users', 'End all sessions of the user but the one that asks').output(
    z.object({ ended: z.int() }),
  ),
  confirm: anyCaller(
    'POST',
    '/sessions/confirm',
    'Users',
    'Say again who you are, by password, a code of the second factor or a passkey; private keys are given out for some minutes afterwards',
  )
    .input(
      z.union([
        z.strictObject({ password: z.string().min(1).max(MAX_PASSWORD_LENGTH) }),
        z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
        z
          .strictObject({ passkey: passkeyAssertion })
          .meta({ description: 'To the options of POST /api/auth/passkey/generate-authenticate-options' }),
      ]),
    )
    .output(z.object({ freshUntil: instant })),
  ways: anyCaller('GET', '/sessions/ways', 'Users', 'In which ways the user can say again who they are').output(
    z.object({
      password: z.boolean(),
      code: z.boolean().meta({ description: 'Of the second factor' }),
      passkey: z.boolean(),
      providers: z
        .array(z.object({ id: z.string(), title: z.string() }))
        .meta({ description: 'Of single sign-on, that know the user: POST /api/auth/confirm/social' }),
    }),
  ),
  chooseAccount: anyCaller('POST', '/sessions/account', 'Users', 'Be in another account from now on')
    .input(z.strictObject({ accountId: id }))
    .output(meView),
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
