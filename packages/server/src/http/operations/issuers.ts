/**
 * Certificate authorities and DNS connections: each operation one line to its service.
 *
 * @module
 */
import { createIssuer, listIssuers } from '../../services/catalogue.ts'
import { createDnsConnection, listDnsConnections } from '../../services/dns-connections.ts'
import { onePage, operations } from './operation.ts'

export const issuers = {
  list: operations.issuers.list.handler(async ({ context: { services } }) => onePage(await listIssuers(services))),
  create: operations.issuers.create.handler(({ context: { services }, input }) => createIssuer(services, input)),
}

export const dnsConnections = {
  list: operations.dnsConnections.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listDnsConnections(services, caller)),
  ),
  create: operations.dnsConnections.create.handler(({ context: { services, caller }, input }) =>
    createDnsConnection(services, caller, input),
  ),
}
