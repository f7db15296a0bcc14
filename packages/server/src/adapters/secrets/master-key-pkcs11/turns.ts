/**
 * One at a time, each within a time: who does not come back in it holds up nobody. Until it has come back, and a trial went well, every
 * other is refused at once.
 *
 * @module
 */
import { AppError } from '../../../domain/errors.ts'

export interface Patience {
  readonly limitMs: number
  /** What must go well before tasks are taken again after one took too long. Nobody waits for it. */
  readonly retrial: () => Promise<unknown>
}

export interface Turns {
  /** @throws AppError `masterKeyAway` when it takes too long, or another did */
  run<Value>(patience: Patience, task: () => Promise<Value>): Promise<Value>
  /** A call has not come back, or it did and the trial has not gone well yet. */
  readonly isStuck: boolean
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  let isStuck = false
  let isTrying = false

  const tryAgain = async ({ retrial }: Patience): Promise<void> => {
    isTrying = true
    try {
      await retrial()
      isStuck = false
    } catch {
      // the next who comes has it tried again
    } finally {
      isTrying = false
    }
  }

  const refusal = (patience: Patience): AppError => {
    if (!isTrying) void tryAgain(patience)
    return awayProblem(`it did not answer within ${patience.limitMs / 1000} s`)
  }

  const within = async <Value>(patience: Patience, task: () => Promise<Value>): Promise<Value> => {
    if (isStuck) throw refusal(patience)
    const work = task()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      isStuck = true
      isTrying = true
      const after = (): Promise<void> => tryAgain(patience)
      void work.then(after, after)
      late.reject(refusal(patience))
    }, patience.limitMs)
    try {
      return await Promise.race([work, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    get isStuck() {
      return isStuck
    },
    run: (patience, task) => {
      if (isStuck) return Promise.reject(refusal(patience))
      const turn = last.then(() => within(patience, task))
      last = turn.catch(() => {})
      return turn
    },
  }
}

export function awayProblem(why: string, cause?: unknown): AppError {
  return new AppError('masterKeyAway', `Asking the token of the master key: ${why}: see that it is connected and powered.`, {
    ...(cause !== undefined && { cause }),
    retryAfterSeconds: 10,
  })
}
