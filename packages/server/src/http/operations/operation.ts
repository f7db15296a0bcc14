/**
 * What every operation has in common: its context, and the permission that the contract declares, checked once.
 *
 * @module
 */
import { implement } from '@orpc/server'
import { contract } from '@evercert/contract'
import { requireScope } from '../../services/accounts.ts'
import type { Caller, Services } from '../../services/context.ts'
import { checkInput } from '../check-input.ts'

/** What each request carries to its operation. */
export interface RequestContext {
  readonly services: Services
  readonly caller: Caller
  readonly idempotencyKey: string | null
  readonly requestId: string
  /** Where people reach the service: as it was set, or as this request reached it. */
  readonly baseUrl: string
  /** Set once the request was read: a syntax error before that is the caller's, after that ours. */
  readonly progress: { isRead: boolean }
}

export const operations = implement(contract)
  .$context<RequestContext>()
  .use(({ context, procedure, next }, input: unknown) => {
    context.progress.isRead = true
    const { operation } = procedure['~orpc'].meta
    if (operation === undefined) throw new Error('an operation of the contract declares no scope')
    if (operation.scope !== null) requireScope(context.caller, operation.scope)
    checkInput(input)
    return next()
  })

export const onePage = <Item>(items: readonly Item[]) => ({ items: [...items], nextCursor: null })

export const call = (context: RequestContext, operation: string, request: unknown) => ({
  key: context.idempotencyKey,
  operation,
  request,
})
