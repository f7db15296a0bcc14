/**
 * The accounts of the installation, and its users: for its operator.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { linkToken, newPassword, userView } from './me.ts'
import { anybody, byId, read, write } from './operation.ts'
import { id, instant, page } from './views.ts'

export const accountView = z.object({ id, name: z.string(), members: z.int(), createdAt: instant })
export type AccountView = z.infer<typeof accountView>

export const accounts = {
  list: read('/accounts', 'Accounts', 'List the accounts of the installation (operator)', 'installation:operate').output(
    page(accountView),
  ),
  create: write('/accounts', 'Accounts', 'Make a further account; invite its owner next (operator)', 'installation:operate', {
    created: true,
  })
    .input(z.strictObject({ name: line(64) }))
    .output(accountView),
}

export const users = {
  list: read('/users', 'Users', 'List the users of the installation (operator)', 'installation:operate').output(page(userView)),
  recover: write(
    '/users/{id}/recovery',
    'Users',
    'A link with which a user sets a new password; it ends their second factor (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(z.object({ link: z.url(), expiresAt: instant })),
}

export const recovery = {
  use: anybody('POST', '/recovery', 'Users', 'Set a new password, by the link; all sessions and the second factor end')
    .input(z.strictObject({ token: linkToken, password: newPassword }))
    .output(userView),
}
