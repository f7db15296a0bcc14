/**
 * Single sign-on: OpenID Connect providers that users of the installation sign in with, connected by its operator.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, read, remove, write } from './operation.ts'
import { instant, page } from './views.ts'

const TAG = 'Users'
const SCOPE = 'installation:operate'
const slug = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/)
const title = line(64)
const domain = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain such as example.com')

const settings = {
  title,
  clientId: line(512),
  allowedDomains: z.array(domain).min(1).max(50).meta({ description: 'Only e-mail addresses of these are let in, exactly' }),
  newUsers: z.boolean().meta({ description: 'Whether somebody who is no user becomes one; in no account until invited' }),
}

/** `asked`: whoever has a second factor here is asked for it after the provider. `trusted`: the provider has asked, unless it says otherwise. */
export const providerSecondFactor = z.enum(['asked', 'trusted'])
export type ProviderSecondFactor = z.infer<typeof providerSecondFactor>

/** Names of authentication contexts at the provider (OpenID Connect Core §2, `acr`). */
const acr = z
  .array(
    z
      .string()
      .max(255)
      .regex(/^[\x21-\x7e]+$/, 'must be one word'),
  )
  .max(10)

const secondFactorSettings = {
  secondFactor: providerSecondFactor.meta({
    description: 'asked: whoever has a second factor here is asked for it too; trusted: the one of the provider counts',
  }),
  requiredAcr: acr.meta({
    description:
      'With trusted: the sign-in must be in one of these contexts (acr), or by several factors (amr), as the provider says; empty: what it says is not demanded',
  }),
}

export const signInProviderView = z.object({
  id: z.string(),
  title: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  allowedDomains: z.array(z.string()),
  newUsers: z.boolean(),
  secondFactor: providerSecondFactor,
  requiredAcr: z.array(z.string()),
  redirectUrl: z
    .string()
    .nullable()
    .meta({ description: 'To be registered at the provider; null: the service has no public URL' }),
  createdAt: instant,
})
export type SignInProviderView = z.infer<typeof signInProviderView>

export const signInProviders = {
  list: read('/sign-in-providers', TAG, 'List the providers of single sign-on (operator)', SCOPE).output(
    page(signInProviderView),
  ),
  create: write('/sign-in-providers', TAG, 'Connect an OpenID Connect provider for single sign-on (operator)', SCOPE, {
    created: true,
  })
    .input(
      z.strictObject({
        id: slug,
        issuer: z.url({ protocol: /^https?$/ }).max(512),
        clientSecret: z.string().min(1).max(1024),
        ...settings,
        secondFactor: secondFactorSettings.secondFactor.default('asked'),
        requiredAcr: secondFactorSettings.requiredAcr.default([]),
      }),
    )
    .output(signInProviderView),
  update: write('/sign-in-providers/{id}', TAG, 'Change a provider of single sign-on; its issuer stays (operator)', SCOPE)
    .input(
      byId.extend({
        title: settings.title.optional(),
        clientId: settings.clientId.optional(),
        clientSecret: z.string().min(1).max(1024).optional(),
        allowedDomains: settings.allowedDomains.optional(),
        newUsers: settings.newUsers.optional(),
        secondFactor: secondFactorSettings.secondFactor.optional(),
        requiredAcr: secondFactorSettings.requiredAcr.optional(),
      }),
    )
    .output(signInProviderView),
  remove: remove(
    '/sign-in-providers/{id}',
    TAG,
    'Remove a provider of single sign-on: it signs nobody in any more; sessions go on (operator)',
    SCOPE,
  )
    .input(byId)
    .output(byId),
}
