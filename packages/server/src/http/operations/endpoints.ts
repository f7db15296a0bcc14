/**
 * What clients connect to: each operation one line to its service.
 *
 * @module
 */
import { loadEndpointView, mapEndpoints } from '../../services/endpoint-map.ts'
import { createEndpoint, listEndpointViews, removeEndpoint } from '../../services/endpoints.ts'
import { onePage, operations } from './operation.ts'

export const endpoints = {
  remove: operations.endpoints.remove.handler(({ context: { services, caller }, input }) =>
    removeEndpoint(services, caller, input.id),
  ),
  list: operations.endpoints.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listEndpointViews(services, caller, null)),
  ),
  map: operations.endpoints.map.handler(({ context: { services, caller } }) => mapEndpoints(services, caller)),
  get: operations.endpoints.get.handler(({ context: { services, caller }, input }) =>
    loadEndpointView(services, caller, input.id),
  ),
  create: operations.endpoints.create.handler(({ context: { services, caller }, input }) =>
    createEndpoint(services, caller, input),
  ),
}
