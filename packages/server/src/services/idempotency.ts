/**
 * Idempotency keys: the same key and request give the same answer and one effect, also when two arrive at once.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { writeLater } from '../db/later.ts'
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
  return runOnceWith(services, caller, call, () => Promise.resolve(null), effect)
}

/**
 * As {@link runOnce}, for an effect that needs to know much.
 *
 * @param read what the effect needs, before its transaction: what may change meanwhile, the effect must refuse by itself
 */
export async function runOnceWith<Known, Result extends object>(
  services: Services,
  caller: Caller,
  call: IdempotentCall,
  read: () => Promise<Known>,
  effect: (trx: Trx, known: Known) => Promise<Result>,
): Promise<Result> {
  services.onStep(call.operation, 'intended')
  const result = await answeredOr(services, caller, call, async () => {
    const known = await read()
    return runInTransaction(services, caller, call, async (trx) => {
      const done = await effect(trx, known)
      services.onStep(call.operation, 'done')
      return done
    })
  })
  services.onStep(call.operation, 'recorded')
  return result
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
  if (key === null) return services.db.transaction().execute(effect)
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
    const result = await effect(trx)
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
