/**
 * Passkeys of the user who calls. They are registered and used under `/api/auth` (sign-in.ts), by the browser alone.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { anybody, anyCaller, byId } from './operation.ts'
import { id, instant, page } from './views.ts'

export const passkeyName = line(64)

/** Base64url, with room for the largest certificate chain of an authenticator. */
const bytes = z
  .string()
  .max(65_536)
  .regex(/^[\w-]*$/)

/** Results of extensions, of which we ask for none. */
const noneOfThem = z.unknown().transform(() => ({}))

/** What `navigator.credentials` gave, as JSON (WebAuthn Level 3 §5.1); fields that nobody reads are left out. */
const credential = z.object({ id: bytes, rawId: bytes, type: z.literal('public-key'), clientExtensionResults: noneOfThem })
export const passkeyAttestation = credential.extend({
  response: z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
})
export const passkeyAssertion = credential.extend({
  response: z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: bytes.nullish().transform((handle) => handle ?? undefined),
  }),
})

export const passkeyView = z.object({
  id,
  name: z.string(),
  isSynced: z
    .boolean()
    .meta({ description: 'It is kept by an account of the user elsewhere, and comes with it to other devices' }),
  createdAt: instant,
  lastUsedAt: instant.nullable().meta({ description: 'Null: never' }),
})
export type PasskeyView = z.infer<typeof passkeyView>

/** Of the user who calls; tokens have none. */
export const passkeys = {
  list: anyCaller('GET', '/passkeys', 'Users', 'List the passkeys of the user').output(page(passkeyView)),
  rename: anyCaller('POST', '/passkeys/{id}', 'Users', 'Give a passkey of the user another name')
    .input(byId.extend({ name: passkeyName }))
    .output(passkeyView),
  remove: anyCaller('DELETE', '/passkeys/{id}', 'Users', 'Remove a passkey of the user: it signs nobody in any more')
    .input(byId)
    .output(byId),
}

export const signInWays = {
  get: anybody('GET', '/sign-in-ways', 'Users', 'In which ways users can sign in here').output(
    z.object({
      passkeys: z.boolean().meta({ description: 'False: the service has no public URL with a name, over https or at localhost' }),
      providers: z.array(z.object({ id: z.string(), title: z.string() })).meta({ description: 'Of single sign-on' }),
    }),
  ),
}
