/**
 * Providers of single sign-on, as the operator connects them.
 *
 * @module
 */
import type { ProviderSecondFactor, SignInProviderView } from '@evercert/contract'
import type { Selectable } from 'kysely'
import type { SignInProviderTable } from '../../db/access-tables.ts'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Services } from '../context.ts'
import { credentialProvider, discover, type OpenSignInProvider } from './openid.ts'

export interface NewSignInProvider extends SignInProviderSettings {
  readonly id: string
  readonly issuer: string
  readonly clientSecret: string
}

interface SignInProviderSettings {
  readonly title: string
  readonly clientId: string
  readonly allowedDomains: readonly string[]
  readonly newUsers: boolean
  readonly secondFactor: ProviderSecondFactor
  readonly requiredAcr: readonly string[]
}

const COLUMNS = [
  'id',
  'title',
  'issuer',
  'client_id',
  'allowed_domains',
  'new_users',
  'second_factor',
  'required_acr',
  'created_at',
] as const

export async function listSignInProviders({ db, publicUrl }: Services): Promise<SignInProviderView[]> {
  const rows = await db.selectFrom('sign_in_provider').select(COLUMNS).orderBy('id').execute()
  return rows.map((row) => toView(publicUrl, row))
}

/** What the sign-in page shows of them. */
export async function nameSignInProviders({
  db,
  publicUrl,
}: Pick<Services, 'db' | 'publicUrl'>): Promise<{ id: string; title: string }[]> {
  if (publicUrl === null) return []
  return db.selectFrom('sign_in_provider').select(['id', 'title']).orderBy('id').execute()
}

/** Those that know the user. */
export async function nameProvidersOf({ db, publicUrl }: Services, userId: string): Promise<{ id: string; title: string }[]> {
  const known = await db.selectFrom('credential').select('provider_id').where('user_id', '=', userId).execute()
  const names = new Set(known.map(({ provider_id }) => provider_id))
  return (await nameSignInProviders({ db, publicUrl })).filter(({ id }) => names.has(credentialProvider(id)))
}

/** The provider is asked for its configuration first. @throws AppError `misconfigured`, `duplicateName`, and those of {@link discover} */
export async function createSignInProvider(services: Services, wish: NewSignInProvider): Promise<SignInProviderView> {
  const { db, vault, now, publicUrl } = services
  requirePublicUrl(publicUrl)
  await discover(services.kit, wish.issuer)
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto('sign_in_provider')
      .values({
        id: wish.id,
        title: wish.title,
        issuer: wish.issuer,
        client_id: wish.clientId,
        client_secret_id: await seal({ vault, now }, trx, wish.clientSecret),
        allowed_domains: [...wish.allowedDomains],
        new_users: wish.newUsers,
        second_factor: wish.secondFactor,
        required_acr: [...wish.requiredAcr],
        created_at: new Date(now()),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning(COLUMNS)
      .executeTakeFirst()
    if (row !== undefined) return toView(publicUrl, row)
    throw new AppError('duplicateName', `Connecting ${wish.id}: there is a provider with this id: choose another.`)
  })
}

type Undefinable<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined }

/** @throws AppError `notFound` */
export async function updateSignInProvider(
  { db, vault, now, publicUrl }: Services,
  id: string,
  change: Undefinable<SignInProviderSettings & { readonly clientSecret: string }>,
): Promise<SignInProviderView> {
  const { title, clientId, clientSecret, allowedDomains, newUsers, secondFactor, requiredAcr } = change
  return db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('sign_in_provider')
      .select('client_secret_id')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (before === undefined) throw notFound('sign-in provider', id)
    const row = await trx
      .updateTable('sign_in_provider')
      .set({
        id,
        ...(title !== undefined && { title }),
        ...(clientId !== undefined && { client_id: clientId }),
        ...(allowedDomains !== undefined && { allowed_domains: [...allowedDomains] }),
        ...(newUsers !== undefined && { new_users: newUsers }),
        ...(secondFactor !== undefined && { second_factor: secondFactor }),
        ...(requiredAcr !== undefined && { required_acr: [...requiredAcr] }),
        ...(clientSecret !== undefined && { client_secret_id: await seal({ vault, now }, trx, clientSecret) }),
      })
      .where('id', '=', id)
      .returning(COLUMNS)
      .executeTakeFirstOrThrow()
    if (clientSecret !== undefined) await trx.deleteFrom('secret').where('id', '=', before.client_secret_id).execute()
    return toView(publicUrl, row)
  })
}

/** Whom it knew is forgotten with it: another provider of this id is another. @throws AppError `notFound` */
export async function removeSignInProvider({ db }: Services, id: string): Promise<{ id: string }> {
  await db.transaction().execute(async (trx) => {
    const row = await trx.deleteFrom('sign_in_provider').where('id', '=', id).returning('client_secret_id').executeTakeFirst()
    if (row === undefined) throw notFound('sign-in provider', id)
    await trx.deleteFrom('secret').where('id', '=', row.client_secret_id).execute()
    await trx.deleteFrom('credential').where('provider_id', '=', credentialProvider(id)).execute()
  })
  return { id }
}

/** @throws AppError `notFound`, `misconfigured` without a public URL */
export async function openSignInProvider(
  { db, vault, publicUrl }: Pick<Services, 'db' | 'vault' | 'publicUrl'>,
  id: string,
): Promise<OpenSignInProvider> {
  const row = await db
    .selectFrom('sign_in_provider')
    .select([...COLUMNS, 'client_secret_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('sign-in provider', id)
  return {
    id,
    title: row.title,
    issuer: row.issuer,
    clientId: row.client_id,
    allowedDomains: row.allowed_domains,
    newUsers: row.new_users,
    secondFactor: row.second_factor,
    requiredAcr: row.required_acr,
    clientSecret: await vault.open(db, row.client_secret_id, 'providerSecret'),
    redirectUrl: redirectUrlOf(requirePublicUrl(publicUrl), id),
  }
}

function requirePublicUrl(publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl
  throw new AppError(
    'misconfigured',
    'Using single sign-on: the provider sends people back to the public address of this service: set EVERCERT_PUBLIC_URL.',
  )
}

function seal({ vault, now }: Pick<Services, 'vault' | 'now'>, db: Db | Trx, plaintext: string): Promise<string> {
  return vault.seal(db, { purpose: 'providerSecret', accountId: null, plaintext, now: now() })
}

function redirectUrlOf(publicUrl: string, id: string): string {
  return `${publicUrl}/api/auth/callback/${id}`
}

function toView(
  publicUrl: string | null,
  row: Pick<Selectable<SignInProviderTable>, (typeof COLUMNS)[number]>,
): SignInProviderView {
  return {
    id: row.id,
    title: row.title,
    issuer: row.issuer,
    clientId: row.client_id,
    allowedDomains: row.allowed_domains,
    newUsers: row.new_users,
    secondFactor: row.second_factor,
    requiredAcr: row.required_acr,
    redirectUrl: publicUrl === null ? null : redirectUrlOf(publicUrl, row.id),
    createdAt: row.created_at.toISOString(),
  }
}
