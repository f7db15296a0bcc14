/**
 * API tokens: each operation one line to its service.
 *
 * @module
 */
import { createToken, listTokens, removeToken } from '../../services/tokens.ts'
import { onePage, operations } from './operation.ts'

export const tokens = {
  list: operations.tokens.list.handler(async ({ context: { services, caller } }) => onePage(await listTokens(services, caller))),
  create: operations.tokens.create.handler(({ context: { services, caller }, input }) => createToken(services, caller, input)),
  remove: operations.tokens.remove.handler(({ context: { services, caller }, input }) => removeToken(services, caller, input.id)),
}
