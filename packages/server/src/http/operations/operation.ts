/**
 * What every operation has in common: its context, and the permission that the contract declares, checked once.
 *
 * @module
 */
import { implement } from '@orpc/server'
import { contract, NEEDS_IDEMPOTENCY_KEY, type OperationMeta } from '@evercert/contract'
import { requireScope } from '../../services/accounts.ts'
import { identify } from '../../services/access/callers.ts'
import { requireNarrowed } from '../../services/access/narrowing.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller, type Services } from '../../services/context.ts'
import type { IdempotentCall } from '../../services/idempotency.ts'
import { recordCall } from '../audit-trail.ts'
import { checkInput } from '../check-input.ts'
import { credentialsOf } from '../credentials.ts'

/** What each request carries to its operation. */
export interface RequestContext {
  readonly services: Services
  readonly caller: Caller
  readonly idempotencyKey: string | null
  readonly requestId: string
  /** Network address of who asks; null: not known. */
  readonly address: string | null
  readonly headers: Headers
  /** Where people reach the service: as it was set, or as this request reached it. */
  readonly baseUrl: string
  /** Set once the request was read: a syntax error before that is the caller's, after that ours. */
  readonly progress: { isRead: boolean }
}

export const operations = implement(contract)
  .$context<RequestContext>()
  .use(({ context, procedure, path, next }, input: unknown) => {
    context.progress.isRead = true
    const { meta, route, inputSchema } = procedure['~orpc']
    const { operation } = meta
    if (operation === undefined) throw new Error('an operation of the contract declares no scope')
    const { services, caller, address, requestId } = context
    const call = {
      services,
      caller,
      address,
      requestId,
      action: path.join('.'),
      method: route.method ?? 'POST',
      operation,
      input,
      schema: inputSchema,
    }
    return recordCall(call, {
      permit: async () => {
        requireKind(caller, operation)
        if (operation.scope !== null) requireScope(caller, operation.scope)
        checkInput(input)
        await requireNarrowed(services.db, caller, { operation: call.action, input })
      },
      run: next,
    })
  })

/** Agents call what is for agents, everybody else the rest. @throws AppError `forbidden` */
function requireKind(caller: Caller, { isForAgents = false, isOpen = false }: OperationMeta): void {
  if (isOpen || isForAgents === (caller.agentId !== undefined)) return
  const who = isForAgents ? 'it is for enrolled agents alone' : 'an agent may only take work, report and tell what is on its host'
  throw new AppError('forbidden', `Calling this operation: ${who}.`)
}

/**
 * For what goes on after the answer began: that the caller would be let in anew.
 *
 * @throws AppError `unauthenticated`, `forbidden`, `notFound`, `tokenNarrowed`
 */
export async function requireStill(
  { services, caller, headers }: RequestContext,
  operation: 'certificates.events' | 'certificates.changes',
  input: { readonly id?: string },
): Promise<void> {
  const now = await identify(services, credentialsOf(headers))
  if (now.caller.accountId !== caller.accountId) throw notFound('certificate', input.id ?? 'list') // the session is elsewhere
  requireScope(now.caller, 'certificates:read')
  await requireNarrowed(services.db, now.caller, { operation, input })
}

export const onePage = <Item>(items: readonly Item[]) => ({ items: [...items], nextCursor: null })

/** @throws AppError `idempotencyKeyMissing` where the contract demands one: a repetition would move money twice */
export function call(context: RequestContext, operation: string, request: unknown): IdempotentCall {
  if (context.idempotencyKey === null && NEEDS_IDEMPOTENCY_KEY.has(operation)) {
    throw new AppError(
      'idempotencyKeyMissing',
      `Calling ${operation}: it moves money and came without an Idempotency-Key: send a key of your own (1 to 128 characters), and the same one when you repeat the call.`,
    )
  }
  return { key: context.idempotencyKey, operation, request }
}
