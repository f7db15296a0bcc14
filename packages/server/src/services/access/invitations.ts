/**
 * Invitations: a link that works once, for one e-mail address and role. What the inviter may no longer give is worth nothing.
 *
 * @module
 */
import type { InvitationView, MeView, MemberRole, UserView } from '@evercert/contract'
import { scopesOf } from '../../domain/access/roles.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { hashToken } from '../accounts.ts'
import { newId, notFound, type Caller, type Services } from '../context.ts'
import { requireFreshFor } from './fresh.ts'
import { checkPassword, drawLink, linkInvalid } from './links.ts'
import { describeCaller } from './me.ts'
import { checkMayGive, recordMember } from './members.ts'
import { requireUser } from './sessions.ts'
import { addUser, loadUser, type NewUser } from './users.ts'

const INVITATION_MS = 7 * DAY_MS
const COLUMNS = ['id', 'email', 'role', 'invited_by', 'created_at', 'expires_at'] as const

/** Those that wait, newest first. */
export async function listInvitations({ db, now }: Services, caller: Caller): Promise<InvitationView[]> {
  const rows = await db
    .selectFrom('invitation')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', new Date(now()))
    .orderBy('id', 'desc')
    .execute()
  return rows.map(toView)
}

/**
 * The link is in the answer and nowhere else.
 *
 * @param baseUrl where people reach the service
 * @throws AppError `forbidden`, `alreadyMember`
 */
export async function invite(
  services: Services,
  caller: Caller,
  { email, role, baseUrl }: { readonly email: string; readonly role: MemberRole; readonly baseUrl: string },
): Promise<InvitationView & { link: string }> {
  checkMayGive(caller, role)
  await requireFreshFor(services, caller, { scopes: scopesOf(role), what: 'Inviting somebody whose role leads to private keys' })
  const { token, link } = drawLink(baseUrl, 'invitation')
  const row = {
    id: newId(services, 'inv'),
    email,
    role,
    invited_by: caller.actor,
    created_at: new Date(services.now()),
    expires_at: await endOf(services, caller),
  }
  await services.db.transaction().execute(async (trx) => {
    await trx.selectFrom('account').select('id').where('id', '=', caller.accountId).forUpdate().execute()
    const member = await trx
      .selectFrom('member')
      .innerJoin('user', 'user.id', 'member.user_id')
      .select('user.id')
      .where('member.account_id', '=', caller.accountId)
      .where('email', '=', email)
      .executeTakeFirst()
    if (member !== undefined)
      throw new AppError('alreadyMember', `Inviting ${email}: they are a member already: change their role instead.`)
    await trx
      .deleteFrom('invitation')
      .where('account_id', '=', caller.accountId)
      .where('email', '=', email)
      .where('accepted_at', 'is', null)
      .execute()
    await trx
      .insertInto('invitation')
      .values({ ...row, account_id: caller.accountId, token_sha256: hashToken(token), accepted_at: null, accepted_by: null })
      .execute()
    await recordMember(services, trx, caller, { userId: email, from: null, to: `invited as ${role}` })
  })
  return { ...toView(row), link }
}

/** A token that ends leaves no way in behind. */
async function endOf({ db, now }: Services, { tokenId }: Caller): Promise<Date> {
  const own = await db.selectFrom('access_token').select('expires_at').where('id', '=', tokenId).executeTakeFirst()
  return new Date(Math.min(now() + INVITATION_MS, own?.expires_at?.getTime() ?? Infinity))
}

/** @throws AppError `notFound` */
export async function removeInvitation({ db }: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const result = await db
    .deleteFrom('invitation')
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .executeTakeFirst()
  if (result.numDeletedRows !== 1n) throw notFound('invitation', id)
  return { id }
}

/** @throws AppError `linkInvalid` */
export async function inspectInvitation(services: Services, token: string) {
  const { email, role, accountName, expiresAt } = await findInvitation(services, services.db, token)
  const user = await services.db.selectFrom('user').select('id').where('email', '=', email).executeTakeFirst()
  return { email, role, accountName, isUser: user !== undefined, expiresAt: expiresAt.toISOString() }
}

/** Makes the user and the member in one. @throws AppError `linkInvalid`, `weakPassword`, `conflict` when the user exists and has to join */
export async function acceptInvitation(services: Services, token: string, wish: Omit<NewUser, 'email'>): Promise<UserView> {
  const { email } = await findInvitation(services, services.db, token)
  checkPassword(wish.password, { email, name: wish.name })
  const passwordHash = await services.signIn.hashPassword(wish.password)
  const userId = newId(services, 'usr')
  await services.db.transaction().execute(async (trx) => {
    const invitation = await useInvitation(services, trx, token, userId)
    const known = await trx.selectFrom('user').select('id').where('email', '=', email).executeTakeFirst()
    if (known !== undefined)
      throw new AppError('conflict', `Accepting the invitation: ${email} is a user already: sign in, then join by the link.`)
    await addUser(services, trx, { id: userId, ...wish, email, passwordHash, isInstallationOperator: false })
    await addMember(services, trx, { ...invitation, userId, actor: email })
  })
  return loadUser(services, userId)
}

/** For who is a user already: the invitation has to be theirs. @throws AppError `forbidden`, `linkInvalid`, `alreadyMember` */
export async function joinAccount(services: Services, caller: Caller, token: string): Promise<MeView> {
  const { userId } = requireUser(caller)
  const { email } = await loadUser(services, userId)
  await services.db.transaction().execute(async (trx) => {
    const invitation = await useInvitation(services, trx, token, userId)
    if (invitation.email !== email) throw linkInvalid() // and it stays good for whom it is
    await addMember(services, trx, { ...invitation, userId, actor: email })
  })
  return describeCaller(services, caller)
}

async function findInvitation({ now }: Services, db: Db | Trx, token: string) {
  const row = await db
    .selectFrom('invitation')
    .innerJoin('account', 'account.id', 'invitation.account_id')
    .select(['email', 'role', 'account.name as accountName', 'expires_at as expiresAt'])
    .where('token_sha256', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', new Date(now()))
    .executeTakeFirst()
  if (row === undefined) throw linkInvalid()
  return row
}

async function useInvitation({ now }: Services, trx: Trx, token: string, userId: string) {
  const row = await trx
    .updateTable('invitation')
    .set({ accepted_at: new Date(now()), accepted_by: userId })
    .where('token_sha256', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', new Date(now()))
    .returning(['account_id as accountId', 'email', 'role'])
    .executeTakeFirst()
  if (row === undefined) throw linkInvalid()
  return row
}

async function addMember(
  services: Services,
  trx: Trx,
  member: { readonly accountId: string; readonly userId: string; readonly role: MemberRole; readonly actor: string },
): Promise<void> {
  const { accountId, userId, role, actor } = member
  const added = await trx
    .insertInto('member')
    .values({ account_id: accountId, user_id: userId, role, created_at: new Date(services.now()) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (added.numInsertedOrUpdatedRows !== 1n) throw new AppError('alreadyMember', 'Joining the account: you are a member already.')
  await recordMember(services, trx, { accountId, actor }, { userId, from: null, to: role })
}

function toView(row: {
  readonly id: string
  readonly email: string
  readonly role: MemberRole
  readonly invited_by: string
  readonly created_at: Date
  readonly expires_at: Date
}): InvitationView {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    invitedBy: row.invited_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}
