/**
 * Idempotency keys: the same key and request give the same answer and one effect, also when two arrive at once.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { isDeadlock, writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { Caller, Services } from './context.ts'

export interface IdempotentCall {
  /** Null when the client sent none: the effect then happens once for each call. */
  readonly key: string | null
  readonly operation: string
  readonly request: unknown
}

const MAX_KEY_LENGTH = 128

/**
 * Runs the effect in a transaction that also stores its answer under the key.
 *
 * @throws AppError `idempotencyKeyReused` when the key came with another request; `invalid` for a malformed key
 */
export async function runOnce<Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  effect: (trx: Trx) => Promise<Result>,
): Promise<Result> {
  return perform(services, caller, call, () => repeat(() => runInTransaction(services, caller, call, effect), isDeadlock))
}

/**
 * As {@link runOnce}, for an effect that needs to know much.
 *
 * @param read what the effect needs, before its transaction: what may change meanwhile, the effect must refuse as stale; then all is done again
 */
export async function runOnceWith<Known, Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  read: () => Promise<Known>,
  effect: (trx: Trx, known: Known) => Promise<Result>,
): Promise<Result> {
  const attempt = async (): Promise<Result> => {
    const known = await read()
    return runInTransaction(services, caller, call, (trx) => effect(trx, known))
  }
  return perform(services, caller, call, () => whileStale(attempt))
}

async function perform<Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  run: () => Promise<Result>,
): Promise<Result> {
  services.onStep(call.operation, 'intended')
  const result = await answeredOr(services, caller, call, run)
  services.onStep(call.operation, 'recorded')
  return result
}

/** What made it stale is read by the next attempt, which mostly says what it is. Others are not in the way each time. */
const MAX_ATTEMPTS = 3

/** @throws what the last attempt is refused with */
export function whileStale<Result>(attempt: () => Promise<Result>): Promise<Result> {
  return repeat(attempt, (error) => isDeadlock(error) || (error instanceof AppError && error.stale))
}

async function repeat<Result>(attempt: () => Promise<Result>, isPassing: (error: unknown) => boolean): Promise<Result> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isPassing(error) || count === MAX_ATTEMPTS) throw error
    }
  }
}

/** What the same call was answered before comes first: the effect itself may be impossible for being done. */
async function answeredOr<Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    const answer = await findAnswer<Result>(services, caller, call)
    if (answer === null) throw error
    return answer
  }
}

async function runInTransaction<Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  effect: (trx: Trx) => Promise<Result>,
): Promise<Result> {
  const { key } = call
  const run = async (trx: Trx): Promise<Result> => {
    const result = await effect(trx)
    services.onStep(call.operation, 'done')
    return result
  }
  if (key === null) return services.db.transaction().execute(run)
  if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
    throw new AppError('invalid', `Reading the Idempotency-Key: it must have 1 to ${MAX_KEY_LENGTH} characters.`)
  }
  const requestSha256 = sha256Of(call.request)
  return services.db.transaction().execute(async (trx) => {
    // The second of two equal requests waits here until the first commits, fails as the key is there, and then finds its answer.
    const claim = trx.insertInto('idempotency_key').values({
      account_id: caller.accountId,
      key,
      operation: call.operation,
      request_sha256: requestSha256,
      response: null,
      created_at: new Date(services.now()),
    })
    await writeLater(trx, claim)
    const result = await run(trx)
    const answer = sql`update idempotency_key set response = ${JSON.stringify(result)}::jsonb
      where account_id = ${caller.accountId} and key = ${key}`
    await writeLater(trx, answer.compile(trx))
    return result
  })
}

/** The answer that the same call got before; for effects outside that come before the transaction. @throws AppError `idempotencyKeyReused` */
export async function findAnswer<Result>(services: Services, caller: Caller, call: IdempotentCall): Promise<Result | null> {
  const { key } = call
  if (key === null) return null
  const known = await services.db
    .selectFrom('idempotency_key')
    .select('key')
    .where('account_id', '=', caller.accountId)
    .where('key', '=', key)
    .executeTakeFirst()
  return known === undefined ? null : storedAnswer<Result>(services.db, caller, call, sha256Of(call.request))
}

function sha256Of(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex')
}

async function storedAnswer<Result>(trx: Trx | Db, caller: Caller, call: IdempotentCall, requestSha256: string): Promise<Result> {
  const stored = await trx
    .selectFrom('idempotency_key')
    .select(['operation', 'request_sha256', 'response'])
    .where('account_id', '=', caller.accountId)
    .where('key', '=', call.key)
    .executeTakeFirstOrThrow()
  if (stored.operation !== call.operation || stored.request_sha256 !== requestSha256) {
    throw new AppError(
      'idempotencyKeyReused',
      `Calling ${call.operation}: the Idempotency-Key was used for another request: use a new one.`,
    )
  }
  return stored.response as Result
}
