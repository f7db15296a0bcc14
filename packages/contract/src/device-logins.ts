/**
 * `evercert login`: a program without a browser asks, a signed-in person confirms in the console, and the program gets an API token (the device
 * authorization grant, RFC 8628, as operations of this API).
 *
 * @module
 */
import { z } from 'zod'
import { anybody, anyCaller, byId } from './operation.ts'
import { SCOPES } from './scopes.ts'
import { tokenView } from './tokens.ts'
import { id, instant, page } from './views.ts'

const TAG = 'Tokens'
/** What a program says of itself; nobody has checked it. */
const client = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[\p{L}\p{N} ._@-]+$/u, 'must be letters, digits, spaces, dots, hyphens, underlines and @')
const userCode = z
  .string()
  .trim()
  .min(1)
  .max(32)
  .meta({ description: 'As the program shows it; case, spaces and hyphens do not matter' })
const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length)

export const TOKEN_DAYS = [1, 7, 30, 90] as const

export const deviceLogins = {
  begin: anybody('POST', '/device-logins', TAG, 'Ask for an API token: a person confirms it in the console', { audit: 'none' })
    .input(z.strictObject({ client, scopes: scopes.nullable().default(null) }))
    .output(
      z.object({
        deviceCode: z.string().meta({ description: 'For polling; a secret of the program' }),
        userCode: z.string().meta({ description: 'For the person' }),
        verificationUrl: z.string().meta({ description: 'Where the person enters it' }),
        expiresInSeconds: z.int(),
        intervalSeconds: z.int().meta({ description: 'Between two polls at least; 5 more after each `slowDown`' }),
      }),
    ),
  poll: anybody('POST', '/device-logins/poll', TAG, 'Ask whether the person has decided; gives the token, once', {
    audit: 'none',
  })
    .input(z.strictObject({ client, deviceCode: z.string().min(1).max(191) }))
    .output(
      z.object({
        state: z.enum(['pending', 'slowDown', 'refused', 'over', 'given']),
        token: tokenView.extend({ token: z.string() }).nullable().meta({ description: 'With `given` alone' }),
      }),
    ),
  inspect: anyCaller('POST', '/device-logins/inspect', TAG, 'What a program asks for, by the code that it shows; for users', {
    audit: 'none',
  })
    .input(z.strictObject({ userCode }))
    .output(
      z.object({
        client: z.string().meta({ description: 'What it says of itself' }),
        address: z.string().nullable().meta({ description: 'Network address from which it asked' }),
        scopes: z.array(z.enum(SCOPES)).meta({ description: 'What it would be given: never more than the user has' }),
        expiresAt: instant,
      }),
    ),
  decide: anyCaller('POST', '/device-logins/decide', TAG, 'Give a program the token that it asks for, or refuse; for users')
    .input(
      z.strictObject({
        userCode,
        decision: z.enum(['give', 'refuse']),
        days: z.literal(TOKEN_DAYS).default(30).meta({ description: 'How long the token is good' }),
      }),
    )
    .output(z.object({ decision: z.enum(['give', 'refuse']) })),
}

/** Of the user who calls, in all accounts; a token that a user made may end itself. */
export const ownTokens = {
  list: anyCaller('GET', '/me/tokens', TAG, 'List the API tokens that the user made').output(
    page(tokenView.extend({ account: z.object({ id, name: z.string() }) })),
  ),
  remove: anyCaller('DELETE', '/me/tokens/{id}', TAG, 'End an API token that the user made; a token that asks ends itself alone')
    .input(byId)
    .output(byId),
}
