/**
 * Who calls, and the first user: each operation one line to its service.
 *
 * @module
 */
import { createFirstOperatorUser } from '../../services/access/first-operator.ts'
import { describeCaller } from '../../services/access/me.ts'
import { operations } from './operation.ts'

export const me = {
  get: operations.me.get.handler(({ context: { services, caller } }) => describeCaller(services, caller)),
}

export const firstOperator = {
  create: operations.firstOperator.create.handler(({ context: { services }, input: { token, ...user } }) =>
    createFirstOperatorUser(services, token, user),
  ),
}
