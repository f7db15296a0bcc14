/**
 * A revocation: from the wish to the CA's confirmation.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * `awaitingConfirmation`: OV and EV, the contact has not confirmed yet; DV passes through it at once. `confirmed`: the CA is being asked,
 * again and again while it does not answer. `revoked`: the CA confirmed. `declined`: the contact said no. `refused`: the CA said no for
 * good, or the certificate expired first. After `declined` and `refused` the certificate is what it was, and may be revoked again.
 */
export const revocationMachine = machine('revocation', 'awaitingConfirmation', {
  awaitingConfirmation: ['confirmed', 'declined'],
  confirmed: ['revoked', 'refused'],
  revoked: [],
  declined: [],
  refused: [],
})

export type RevocationState = (typeof revocationMachine.states)[number]
