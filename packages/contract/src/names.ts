/**
 * Whose a domain name is: the account that proved it, or that the operator gave it to.
 *
 * @module
 */
import { z } from 'zod'
import { paging, read, write } from './operation.ts'
import { id, instant, page } from './views.ts'

const name = z.string().min(1).max(300)

export const nameClaimView = z.object({
  name: z.string().meta({ description: 'With its wildcard and the names below that have no claim of their own' }),
  accountId: id,
  how: z.enum(['proved', 'assigned']),
  at: instant,
  applicationId: id.nullable().meta({ description: 'Whose proof it was; null when the operator assigned it' }),
})
export type NameClaimView = z.infer<typeof nameClaimView>

export const names = {
  list: read('/names', 'Names', 'List the names of the account; for the operator, of all accounts', 'certificates:read')
    .input(
      z.strictObject({
        ...paging,
        of: z
          .enum(['account', 'installation'])
          .default('account')
          .meta({ description: 'installation: those of all accounts (operator)' }),
        accountId: id.optional().meta({ description: 'Those of this account (operator)' }),
        name: name.optional().meta({ description: 'This name and those below it' }),
      }),
    )
    .output(page(nameClaimView)),
  assign: write('/names/assign', 'Names', 'Give a name to an account, also from another one (operator)', 'installation:operate')
    .input(z.strictObject({ name, accountId: id }))
    .output(nameClaimView),
  release: write(
    '/names/release',
    'Names',
    'Give up a name that no valid certificate of the account has; the operator any name',
    'certificates:write',
  )
    .input(z.strictObject({ name }))
    .output(nameClaimView),
}
