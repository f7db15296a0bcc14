/**
 * API tokens: each operation one line to its service.
 *
 * @module
 */
import { beginDeviceLogin, decideDeviceLogin, inspectDeviceLogin, pollDeviceLogin } from '../../services/access/device-logins.ts'
import { listOwnTokens, removeOwnToken } from '../../services/access/own-tokens.ts'
import { createToken, listTokens, removeToken } from '../../services/tokens.ts'
import { onePage, operations } from './operation.ts'

export const tokens = {
  list: operations.tokens.list.handler(async ({ context: { services, caller } }) => onePage(await listTokens(services, caller))),
  create: operations.tokens.create.handler(({ context: { services, caller }, input }) => createToken(services, caller, input)),
  remove: operations.tokens.remove.handler(({ context: { services, caller }, input }) => removeToken(services, caller, input.id)),
}

export const deviceLogins = {
  begin: operations.deviceLogins.begin.handler(({ context: { services, address, baseUrl }, input }) =>
    beginDeviceLogin(services, { ...input, address, baseUrl }),
  ),
  poll: operations.deviceLogins.poll.handler(({ context: { services, address }, input }) =>
    pollDeviceLogin(services, { ...input, address }),
  ),
  inspect: operations.deviceLogins.inspect.handler(({ context: { services, caller, headers, address }, input }) =>
    inspectDeviceLogin(services, caller, input.userCode, { headers, address }),
  ),
  decide: operations.deviceLogins.decide.handler(({ context: { services, caller, headers, address }, input }) =>
    decideDeviceLogin(services, caller, input, { headers, address }),
  ),
}

export const ownTokens = {
  list: operations.ownTokens.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listOwnTokens(services, caller)),
  ),
  remove: operations.ownTokens.remove.handler(({ context: { services, caller }, input }) =>
    removeOwnToken(services, caller, input.id),
  ),
}
