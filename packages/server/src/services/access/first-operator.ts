/**
 * The first user. There is no default password: as long as nobody followed it, each start prints a link that makes the installation's operator.
 *
 * @module
 */
import type { UserView } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import { hashToken } from '../accounts.ts'
import { newId, type Services } from '../context.ts'
import { checkPassword, drawLink, linkInvalid } from './links.ts'
import { addUser, loadUser, type NewUser } from './users.ts'

const LINK_MS = DAY_MS

/**
 * A new link for the first operator, shown once; null when there was one. Earlier links stay good until one is used: another node may
 * have printed one.
 *
 * @param baseUrl where people reach the service, without a final slash
 */
export async function createFirstOperatorLink({ db, now }: Services, baseUrl: string): Promise<string | null> {
  const first = await db.selectFrom('first_operator').select('user_id').executeTakeFirst()
  if (first !== undefined) return null
  const { token, link } = drawLink(baseUrl, 'welcome')
  await db.deleteFrom('first_operator_link').where('expires_at', '<=', new Date(now())).execute()
  await db
    .insertInto('first_operator_link')
    .values({ token_sha256: hashToken(token), created_at: new Date(now()), expires_at: new Date(now() + LINK_MS) })
    .execute()
  return link
}

/**
 * Makes the first user: operator of the installation and owner of its first account. One of several at once succeeds.
 *
 * @throws AppError `linkInvalid`, `weakPassword`, `conflict` for the address of a user
 */
export async function createFirstOperatorUser(services: Services, token: string, wish: NewUser): Promise<UserView> {
  const { db, now } = services
  await checkLink(services, token) // before the costly hash
  checkPassword(wish.password, wish)
  const passwordHash = await services.signIn.hashPassword(wish.password)
  const userId = newId(services, 'usr')
  await db.transaction().execute(async (trx) => {
    // First of all, so that several wait for one another here and in no other order.
    const first = await trx
      .insertInto('first_operator')
      .values({ user_id: userId, created_at: new Date(now()) })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (first.numInsertedOrUpdatedRows !== 1n) throw linkInvalid()
    const link = await trx
      .deleteFrom('first_operator_link')
      .where('token_sha256', '=', hashToken(token))
      .where('expires_at', '>', new Date(now()))
      .executeTakeFirst()
    if (link.numDeletedRows !== 1n) throw linkInvalid()
    const known = await trx.selectFrom('user').select('id').where('email', '=', wish.email).executeTakeFirst()
    if (known !== undefined)
      throw new AppError(
        'conflict',
        `Making the first operator: ${wish.email} was invited before and is a user: take another address.`,
      )
    await addUser(services, trx, { id: userId, ...wish, passwordHash, isInstallationOperator: true })
    const account = await trx
      .selectFrom('account')
      .select('id')
      .orderBy('created_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirstOrThrow()
    await trx
      .insertInto('member')
      .values({ account_id: account.id, user_id: userId, role: 'owner', created_at: new Date(now()) })
      .execute()
    await trx.deleteFrom('first_operator_link').execute()
  })
  return loadUser(services, userId)
}

async function checkLink({ db, now }: Services, token: string): Promise<void> {
  const link = await db
    .selectFrom('first_operator_link')
    .select('token_sha256')
    .where('token_sha256', '=', hashToken(token))
    .where('expires_at', '>', new Date(now()))
    .executeTakeFirst()
  if (link === undefined) throw linkInvalid()
}
