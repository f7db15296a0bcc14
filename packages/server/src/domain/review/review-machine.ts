/**
 * The review of an OV or EV application by a person.
 *
 * @module
 */
import { machine } from '../machine.ts'

export const reviewMachine = machine('review', 'waiting', {
  waiting: ['approved', 'refused'],
  approved: [],
  refused: [],
})

export type ReviewState = (typeof reviewMachine.states)[number]
