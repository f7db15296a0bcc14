/**
 * Who may do what in an account, and how somebody comes in: by a link that works once, since there may be no mail server.
 *
 * @module
 */
import { z } from 'zod'
import { emailAddress, linkToken, meView, newPassword, personName, userView } from './me.ts'
import { anybody, anyCaller, byId, read, remove, write } from './operation.ts'
import { language, memberRole } from './roles.ts'
import { id, instant, page } from './views.ts'

const MEMBERS = 'Members'

export const memberView = z.object({
  id: id.meta({ description: 'Of the user' }),
  email: z.string(),
  name: z.string(),
  role: memberRole,
  hasSecondFactor: z.boolean(),
  isCaller: z.boolean(),
  joinedAt: instant,
})
export type MemberView = z.infer<typeof memberView>

export const invitationView = z.object({
  id,
  email: z.string(),
  role: memberRole,
  invitedBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
})
export type InvitationView = z.infer<typeof invitationView>

const link = z.url().meta({ description: 'Shown this once; works once' })

export const members = {
  list: read('/members', MEMBERS, 'List the members of the account', 'members:read').output(page(memberView)),
  changeRole: write('/members/{id}/role', MEMBERS, 'Give a member another role', 'members:write')
    .input(byId.extend({ role: memberRole }))
    .output(memberView),
  remove: remove('/members/{id}', MEMBERS, 'Take a member out of the account; their tokens in it end', 'members:write')
    .input(byId)
    .output(byId),
}

export const invitations = {
  list: read('/invitations', MEMBERS, 'List invitations that wait to be accepted', 'members:read').output(page(invitationView)),
  create: write('/invitations', MEMBERS, 'Invite somebody; an earlier invitation of theirs ends', 'members:write', {
    created: true,
  })
    .input(z.strictObject({ email: emailAddress, role: memberRole }))
    .output(invitationView.extend({ link })),
  remove: remove('/invitations/{id}', MEMBERS, 'Take an invitation back', 'members:write').input(byId).output(byId),
  inspect: anybody('POST', '/invitations/inspect', MEMBERS, 'What the link of an invitation is for', { audit: 'none' })
    .input(z.strictObject({ token: linkToken }))
    .output(
      z.object({
        email: z.string(),
        role: memberRole,
        accountName: z.string(),
        isUser: z.boolean().meta({ description: 'There is a user of this address, who signs in and then joins' }),
        expiresAt: instant,
      }),
    ),
  accept: anybody('POST', '/invitations/accept', MEMBERS, 'Become a user and a member, by the link', { created: true })
    .input(
      z.strictObject({ token: linkToken, password: newPassword, name: personName, language: language.nullable().default(null) }),
    )
    .output(userView),
  join: anyCaller('POST', '/invitations/join', MEMBERS, 'Become a member of a further account, by the link')
    .input(z.strictObject({ token: linkToken }))
    .output(meView),
}
