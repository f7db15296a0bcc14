/**
 * Finding endpoints: each operation one line to its service.
 *
 * @module
 */
import { acceptCandidate, dismissCandidate, listCandidates } from '../../services/discovery/candidates.ts'
import { discover } from '../../services/discovery/discover.ts'
import { operations } from './operation.ts'

export const discovery = {
  look: operations.discovery.look.handler(({ context: { services, caller }, input }) => discover(services, caller, input)),
  list: operations.discovery.list.handler(({ context: { services, caller }, input }) => listCandidates(services, caller, input)),
  accept: operations.discovery.accept.handler(({ context: { services, caller }, input }) =>
    acceptCandidate(services, caller, input),
  ),
  dismiss: operations.discovery.dismiss.handler(({ context: { services, caller }, input }) =>
    dismissCandidate(services, caller, input.id),
  ),
}
