/**
 * Whose a name is: each operation one line to its service.
 *
 * @module
 */
import { assignName, listNames, releaseName } from '../../services/names.ts'
import { operations } from './operation.ts'

export const names = {
  list: operations.names.list.handler(({ context: { services, caller }, input }) => listNames(services, caller, input)),
  assign: operations.names.assign.handler(({ context: { services, caller }, input }) => assignName(services, caller, input)),
  release: operations.names.release.handler(({ context: { services, caller }, input }) =>
    releaseName(services, caller, input.name),
  ),
}
