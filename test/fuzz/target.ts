/**
 * What the fuzzer feeds.
 *
 * @module
 */
import type { Random } from './random.ts'

/** `accepted` and `refused` are both right; anything thrown is a finding. */
export type Verdict = 'accepted' | 'refused'

export interface Target {
  readonly name: string
  /** Its part of all inputs; the parts of all targets add up to 1. */
  readonly share: number
  /** Feeds one input. @throws on a crash, a failure of the service's own, or anything stored in part */
  feed(random: Random): Verdict | Promise<Verdict>
  /** Looks at what is left after all inputs. @throws when something was stored in part */
  readonly inspect?: () => Promise<void>
}

/** Runs `read`; only errors of the given classes are refusals. */
export function refusalsOf(classes: readonly (abstract new (...args: never[]) => Error)[], read: () => unknown): Verdict {
  try {
    read()
    return 'accepted'
  } catch (error) {
    if (classes.some((one) => error instanceof one)) return 'refused'
    throw error
  }
}
