/**
 * A request that waits for a second person.
 *
 * @module
 */
import { machine } from '../machine.ts'

/** `approved` is a go-ahead that who asked uses once: for what only they can take, such as a file with a key. */
export const approvalMachine = machine('approval', 'waiting', {
  waiting: ['approved', 'done', 'refused', 'withdrawn', 'expired', 'lapsed'],
  approved: ['done', 'withdrawn', 'expired', 'lapsed'],
  done: [],
  refused: [],
  withdrawn: [],
  expired: [],
  lapsed: [],
})
