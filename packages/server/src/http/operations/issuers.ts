/**
 * Certificate authorities and DNS connections: each operation one line to its service.
 *
 * @module
 */
import { createIssuer, listIssuers } from '../../services/catalogue.ts'
import { loadIssuer, restoreIssuer, retireIssuer, updateIssuer } from '../../services/issuer-changes.ts'
import {
  createDnsConnection,
  listDnsConnections,
  loadDnsConnection,
  removeDnsConnection,
  updateDnsConnection,
} from '../../services/dns-connections.ts'
import { onePage, operations } from './operation.ts'

export const issuers = {
  list: operations.issuers.list.handler(async ({ context: { services } }) => onePage(await listIssuers(services))),
  create: operations.issuers.create.handler(({ context: { services }, input }) => createIssuer(services, input)),
  get: operations.issuers.get.handler(({ context: { services }, input }) => loadIssuer(services, input.id)),
  update: operations.issuers.update.handler(({ context: { services }, input }) => updateIssuer(services, input.id, input)),
  retire: operations.issuers.retire.handler(({ context: { services }, input }) => retireIssuer(services, input.id)),
  restore: operations.issuers.restore.handler(({ context: { services }, input }) => restoreIssuer(services, input.id)),
}

export const dnsConnections = {
  list: operations.dnsConnections.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listDnsConnections(services, caller)),
  ),
  create: operations.dnsConnections.create.handler(({ context: { services, caller }, input }) =>
    createDnsConnection(services, caller, input),
  ),
  get: operations.dnsConnections.get.handler(({ context: { services, caller }, input }) =>
    loadDnsConnection(services, caller, input.id),
  ),
  update: operations.dnsConnections.update.handler(({ context: { services, caller }, input }) =>
    updateDnsConnection(services, caller, input.id, input),
  ),
  remove: operations.dnsConnections.remove.handler(({ context: { services, caller }, input }) =>
    removeDnsConnection(services, caller, input.id),
  ),
}
