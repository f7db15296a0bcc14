/**
 * The way of an application from the form to the issuance (DOMAIN §2).
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * An application exists from the moment its form is saved. OV and EV start `inReview`, with people: once they approve, the domains are
 * validated (`pendingValidation`), and the CA issues (`inReview` again).
 * A CA that refuses while it validates (ACME) leads to `reviewFailed` too: the reason is shown, and the form edited and sent again. An order
 * that the CA ended by an error of its own is placed anew: back to `pendingValidation`.
 */
export const applicationMachine = machine('application', 'pendingValidation', {
  pendingValidation: ['inReview', 'reviewFailed', 'withdrawn'],
  inReview: ['issued', 'reviewFailed', 'withdrawn', 'pendingValidation'],
  reviewFailed: ['inReview', 'pendingValidation', 'withdrawn'],
  issued: [],
  withdrawn: [],
})

export type ApplicationState = (typeof applicationMachine.states)[number]
