import type { SameKeys } from '../texts.ts'
import type { firstSteps as zh } from '../zh/first-steps.ts'

export const firstSteps: SameKeys<typeof zh> = {
  intro:
    'From a certificate to its first proved renewal, in about 5 minutes. Each step is ticked by what is really true of your account; put it away at any time and go on later.',
  states: { done: 'Done', now: 'Next', later: 'Not begun' },
  progress: '{{count}} of {{all}} steps done',
  titles: {
    certificate: 'Have a certificate here',
    issued: 'Have it issued',
    site: 'Say where it is used',
    renewed: 'Renew it once',
    proved: 'See it proved',
  },
  texts: {
    certificate:
      'Upload one that you use with its key; or buy one: those of the built-in CA wait for nobody, and suit private networks and trials.',
    issued:
      'What was uploaded is issued already. For what was bought, submit the application and prove the domain; the built-in CA mostly takes less than a minute.',
    site: 'On the page of the certificate, add the endpoints that clients connect to and, for Evercert to install it, a target through an agent. Without an endpoint nothing can be proved.',
    renewed:
      'Renewing opens when a certificate expires soon. Before that, what was bought is reissued at no charge within the period paid for, in the very same way.',
    proved:
      'Evercert shakes hands with every address of the endpoints until all of them serve the new certificate, and signs a receipt.',
  },
  links: {
    certificate: 'Upload a certificate',
    issued: 'Open the application',
    site: 'Open the certificate',
    renewed: 'Renew or reissue',
    proved: 'See the receipts',
  },
  buy: 'Buy one',
  allDone: 'All done: the first renewal is proved. Every other one goes this way, and by itself once the certificate is managed.',
  putAway: 'Put the tour away',
  resume: 'Show the tour on the overview',
  isAway: 'The tour is put away; go on here whenever you like.',
  open: 'Go on with the tour',
}
