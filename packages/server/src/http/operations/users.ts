/**
 * Users, sessions, members and accounts: each operation one line to its service.
 *
 * @module
 */
import { addAccount, listAccounts } from '../../services/access/account-list.ts'
import { chooseAccountOfSession } from '../../services/access/callers.ts'
import { createFirstOperatorUser } from '../../services/access/first-operator.ts'
import {
  acceptInvitation,
  inspectInvitation,
  invite,
  joinAccount,
  listInvitations,
  removeInvitation,
} from '../../services/access/invitations.ts'
import { confirmationWays, confirmSession, requireFresh } from '../../services/access/fresh.ts'
import { describeCaller, updateMe } from '../../services/access/me.ts'
import { changeRole, listMembers, removeMember } from '../../services/access/members.ts'
import { createRecoveryLink, recover } from '../../services/access/recovery.ts'
import { endOtherSessions, endSession, listSessions } from '../../services/access/sessions.ts'
import { listPasskeys, passkeySite, removePasskey, renamePasskey } from '../../services/access/passkeys.ts'
import {
  createSignInProvider,
  listSignInProviders,
  nameSignInProviders,
  removeSignInProvider,
  updateSignInProvider,
} from '../../services/access/sign-in-providers.ts'
import { listUsers } from '../../services/access/users.ts'
import { onePage, operations } from './operation.ts'

export const me = {
  get: operations.me.get.handler(({ context: { services, caller } }) => describeCaller(services, caller)),
  update: operations.me.update.handler(({ context: { services, caller }, input }) => updateMe(services, caller, input)),
}

export const sessions = {
  list: operations.sessions.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listSessions(services, caller)),
  ),
  remove: operations.sessions.remove.handler(({ context: { services, caller }, input }) =>
    endSession(services, caller, input.id),
  ),
  removeOthers: operations.sessions.removeOthers.handler(({ context: { services, caller } }) =>
    endOtherSessions(services, caller),
  ),
  confirm: operations.sessions.confirm.handler(({ context: { services, caller, headers, address }, input }) =>
    confirmSession(services, caller, input, { headers, address }),
  ),
  ways: operations.sessions.ways.handler(({ context: { services, caller } }) => confirmationWays(services, caller)),
  chooseAccount: operations.sessions.chooseAccount.handler(async ({ context: { services, caller }, input }) =>
    describeCaller(services, await chooseAccountOfSession(services, caller, input.accountId)),
  ),
}

export const passkeys = {
  list: operations.passkeys.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listPasskeys(services, caller)),
  ),
  rename: operations.passkeys.rename.handler(({ context: { services, caller }, input }) =>
    renamePasskey(services, caller, input.id, input.name),
  ),
  remove: operations.passkeys.remove.handler(({ context: { services, caller }, input }) =>
    removePasskey(services, caller, input.id),
  ),
}

export const signInWays = {
  get: operations.signInWays.get.handler(async ({ context: { services } }) => ({
    passkeys: passkeySite(services.publicUrl) !== null,
    providers: await nameSignInProviders(services),
  })),
}

export const signInProviders = {
  list: operations.signInProviders.list.handler(async ({ context: { services } }) =>
    onePage(await listSignInProviders(services)),
  ),
  // A provider can sign in as any user of its domains.
  create: operations.signInProviders.create.handler(async ({ context: { services, caller }, input }) => {
    await requireFresh(services, caller, 'Connecting who says who somebody is')
    return createSignInProvider(services, input)
  }),
  update: operations.signInProviders.update.handler(async ({ context: { services, caller }, input: { id, ...change } }) => {
    await requireFresh(services, caller, 'Changing who says who somebody is')
    return updateSignInProvider(services, id, change)
  }),
  remove: operations.signInProviders.remove.handler(({ context: { services }, input }) =>
    removeSignInProvider(services, input.id),
  ),
}

export const firstOperator = {
  create: operations.firstOperator.create.handler(({ context: { services }, input: { token, ...user } }) =>
    createFirstOperatorUser(services, token, user),
  ),
}

export const recovery = {
  use: operations.recovery.use.handler(({ context: { services }, input }) => recover(services, input.token, input.password)),
}

export const members = {
  list: operations.members.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listMembers(services, caller)),
  ),
  changeRole: operations.members.changeRole.handler(({ context: { services, caller }, input }) =>
    changeRole(services, caller, input.id, input.role),
  ),
  remove: operations.members.remove.handler(({ context: { services, caller }, input }) =>
    removeMember(services, caller, input.id),
  ),
}

export const invitations = {
  list: operations.invitations.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listInvitations(services, caller)),
  ),
  create: operations.invitations.create.handler(({ context: { services, caller, baseUrl }, input }) =>
    invite(services, caller, { ...input, baseUrl }),
  ),
  remove: operations.invitations.remove.handler(({ context: { services, caller }, input }) =>
    removeInvitation(services, caller, input.id),
  ),
  inspect: operations.invitations.inspect.handler(({ context: { services }, input }) => inspectInvitation(services, input.token)),
  accept: operations.invitations.accept.handler(({ context: { services }, input: { token, ...user } }) =>
    acceptInvitation(services, token, user),
  ),
  join: operations.invitations.join.handler(({ context: { services, caller }, input }) =>
    joinAccount(services, caller, input.token),
  ),
}

export const accounts = {
  list: operations.accounts.list.handler(async ({ context: { services } }) => onePage(await listAccounts(services))),
  create: operations.accounts.create.handler(({ context: { services }, input }) => addAccount(services, input.name)),
}

export const users = {
  list: operations.users.list.handler(async ({ context: { services } }) => onePage(await listUsers(services))),
  recover: operations.users.recover.handler(({ context: { services, caller, baseUrl }, input }) =>
    createRecoveryLink(services, caller, { userId: input.id, baseUrl }),
  ),
}
