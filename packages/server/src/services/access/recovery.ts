/**
 * The way back in for a user who lost the password or the second factor: a link by the installation's operator, who hands it over.
 *
 * @module
 */
import type { UserView } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import { hashToken, isHostToken } from '../accounts.ts'
import { newId, type Caller, type Services } from '../context.ts'
import { requireFresh } from './fresh.ts'
import { checkPassword, drawLink, linkInvalid } from './links.ts'
import { loadUser } from './users.ts'

const LINK_MS = DAY_MS

/**
 * For a session that said lately who it is, or the token of the host: any other token would outlive that. An earlier link of the user ends.
 *
 * @throws AppError `notFound`, `freshAuthenticationNeeded`, `forbidden` for other tokens
 */
export async function createRecoveryLink(
  services: Services,
  caller: Caller,
  { userId, baseUrl }: { readonly userId: string; readonly baseUrl: string },
): Promise<{ link: string; expiresAt: string }> {
  await requireFresh(services, caller, 'Making a link with which one becomes another user')
  if (caller.sessionId === undefined && !(await isHostToken(services, caller)))
    throw new AppError(
      'forbidden',
      'Making a link with which one becomes another user: of tokens only that of the host (operator.token) does: use it, or sign in at the console.',
      { facts: { scope: 'installation:operate' } },
    )
  const { id } = await loadUser(services, userId)
  const { token, link } = drawLink(baseUrl, 'recovery')
  const row = {
    token_sha256: hashToken(token),
    created_at: new Date(services.now()),
    expires_at: new Date(services.now() + LINK_MS),
  }
  await services.db
    .insertInto('recovery_link')
    .values({ ...row, user_id: id })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
  services.log.warn({ event: 'user.recoveryLink', userId: id })
  return { link, expiresAt: row.expires_at.toISOString() }
}

/** Sets the password and ends what a thief might hold: sessions, second factor and passkeys. @throws AppError `linkInvalid`, `weakPassword` */
export async function recover(services: Services, token: string, password: string): Promise<UserView> {
  const { db, now } = services
  const link = await db
    .selectFrom('recovery_link')
    .select('user_id')
    .where('token_sha256', '=', hashToken(token))
    .where('expires_at', '>', new Date(now()))
    .executeTakeFirst()
  if (link === undefined) throw linkInvalid()
  const userId = link.user_id
  checkPassword(password, await loadUser(services, userId))
  const passwordHash = await services.signIn.hashPassword(password)
  await db.transaction().execute(async (trx) => {
    const used = await trx.deleteFrom('recovery_link').where('token_sha256', '=', hashToken(token)).executeTakeFirst()
    if (used.numDeletedRows !== 1n) throw linkInvalid()
    const password = { password: passwordHash, updated_at: new Date(now()) }
    await trx
      .insertInto('credential')
      .values({
        ...password,
        id: newId(services, 'crd'), // who came by single sign-on had none
        user_id: userId,
        provider_id: 'credential',
        provider_user_id: userId,
        created_at: new Date(now()),
      })
      .onConflict((conflict) => conflict.columns(['provider_id', 'provider_user_id']).doUpdateSet(password))
      .execute()
    for (const table of ['second_factor', 'passkey', 'session'] as const)
      await trx.deleteFrom(table).where('user_id', '=', userId).execute()
    await trx
      .updateTable('user')
      .set({ two_factor_enabled: false, updated_at: new Date(now()) })
      .where('id', '=', userId)
      .execute()
  })
  return loadUser(services, userId)
}
