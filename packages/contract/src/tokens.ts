/**
 * API tokens of the account: one for each person or program, since history and reviews tell people apart by them.
 *
 * @module
 */
import { z } from 'zod'
import { tag } from './certificate-list.ts'
import { line } from './line.ts'
import { byId, read, remove, write } from './operation.ts'
import { SCOPES } from './scopes.ts'
import { id, instant, page } from './views.ts'

export const tokenView = z.object({
  id,
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  tags: z
    .array(z.string())
    .nullable()
    .meta({ description: 'It sees only certificates with one of these; null: all of the account' }),
  isCaller: z.boolean().meta({ description: 'The token that asks' }),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable().meta({ description: 'To the minute; null: never' }),
})
export type TokenView = z.infer<typeof tokenView>

export const tokens = {
  list: read('/tokens', 'Tokens', 'List the API tokens of the account', 'tokens:read').output(page(tokenView)),
  create: write('/tokens', 'Tokens', 'Make an API token; it is shown this once', 'tokens:write', {
    created: true,
  })
    .input(
      z.strictObject({
        name: line(64),
        scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
        expiresAt: instant.nullable().default(null),
        tags: z
          .array(tag)
          .min(1)
          .max(20)
          .nullable()
          .default(null)
          .meta({ description: 'Only certificates with one of these tags, and what belongs to them; null: all of the account' }),
      }),
    )
    .output(tokenView.extend({ token: z.string() })),
  remove: remove('/tokens/{id}', 'Tokens', 'End a token; not the one that asks', 'tokens:write').input(byId).output(byId),
}
