/**
 * Users of the installation. In which accounts they are is in members.ts.
 *
 * @module
 */
import type { Language, UserView } from '@evercert/contract'
import type { Selectable } from 'kysely'
import type { UserTable } from '../../db/access-tables.ts'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { newId, notFound, type Services } from '../context.ts'

export interface NewUser {
  readonly email: string
  readonly password: string
  readonly name: string
  readonly language: Language | null
}

export interface UserRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly language: Language | null
  readonly isInstallationOperator: boolean
  readonly passwordHash: string
}

/** Adds a user with a password, in the caller's transaction. The e-mail address must be new. */
export async function addUser(services: Services, trx: Trx, user: UserRow): Promise<void> {
  const at = new Date(services.now())
  await trx
    .insertInto('user')
    .values({
      id: user.id,
      email: user.email,
      name: user.name,
      language: user.language,
      installation_operator: user.isInstallationOperator,
      created_at: at,
      updated_at: at,
    })
    .execute()
  await trx
    .insertInto('credential')
    .values({
      id: newId(services, 'crd'),
      user_id: user.id,
      provider_id: 'credential',
      provider_user_id: user.id,
      password: user.passwordHash,
      created_at: at,
      updated_at: at,
    })
    .execute()
}

/** @throws AppError `notFound` */
export async function loadUser({ db }: Services, id: string): Promise<UserView> {
  const row = await selectUsers(db).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('user', id)
  return toView(row)
}

/** All users, oldest first. */
export async function listUsers({ db }: Services): Promise<UserView[]> {
  return (await selectUsers(db).orderBy('id').execute()).map(toView)
}

const COLUMNS = ['id', 'email', 'name', 'language', 'installation_operator', 'two_factor_enabled'] as const

function selectUsers(db: Db) {
  return db
    .selectFrom('user')
    .select(COLUMNS)
    .select((select) =>
      select
        .exists(
          select
            .selectFrom('credential')
            .select('credential.id')
            .whereRef('credential.user_id', '=', 'user.id')
            .where('provider_id', '=', 'credential')
            .where('password', 'is not', null),
        )
        .as('has_password'),
    )
}

interface Row extends Pick<Selectable<UserTable>, (typeof COLUMNS)[number]> {
  readonly has_password: unknown
}

function toView(row: Row): UserView {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    language: row.language,
    isInstallationOperator: row.installation_operator,
    hasSecondFactor: row.two_factor_enabled,
    hasPassword: row.has_password === true,
  }
}
