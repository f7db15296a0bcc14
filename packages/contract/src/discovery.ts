/**
 * Finding endpoints: from names, from those of a certificate, or in a range that the operator allowed.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, paging, read, remove, write } from './operation.ts'
import { bilingual, endpointProtocol, endpointView, id, instant, page, sha256, verdict } from './views.ts'

/** Sites (a host and a port) that one request looks at. */
export const MAX_DISCOVERED_AT_ONCE = 256

const discoveryRequest = z.strictObject({
  names: z.array(line(253)).max(MAX_DISCOVERED_AT_ONCE).default([]).meta({
    description: 'Host names; addresses only of EVERCERT_DISCOVERY_RANGES',
  }),
  certificateId: id
    .optional()
    .meta({ description: 'The names of this certificate, without wildcards, and addresses of EVERCERT_DISCOVERY_RANGES' }),
  range: z.union([z.cidrv4(), z.cidrv6()]).optional().meta({
    description: 'CIDR, within EVERCERT_DISCOVERY_RANGES: every address is looked at without a name',
  }),
  protocol: endpointProtocol.default('tls'),
  ports: z.array(z.int().min(1).max(65_535)).max(8).default([]).meta({ description: 'Default: that of the protocol' }),
})
export type DiscoveryRequest = z.input<typeof discoveryRequest>

const candidateAddress = z.object({
  address: z.string(),
  verdict,
  sha256: sha256.nullable(),
  subject: z.string().nullable(),
  issuer: z.string().nullable(),
  names: z.array(z.string()),
  notAfter: instant.nullable(),
  cause: bilingual,
  remedy: bilingual,
})

const candidateView = z.object({
  id,
  host: z.string(),
  port: z.int(),
  serverName: z.string(),
  protocol: endpointProtocol,
  addresses: z.array(candidateAddress),
  certificateId: id.nullable().meta({ description: 'The certificate that it belongs to' }),
  matchedBy: z
    .enum(['sha256', 'names'])
    .nullable()
    .meta({ description: 'sha256: it is served there; names: it covers the name' }),
  observedAt: instant,
})
export type CandidateView = z.infer<typeof candidateView>

const discoveryResult = z.object({
  looked: z.int().meta({ description: 'Sites that were looked at' }),
  silent: z.int().meta({ description: 'Sites where no certificate was seen' }),
  known: z.int().meta({ description: 'Sites that are endpoints already' }),
  items: z.array(candidateView),
})
export type DiscoveryResult = z.infer<typeof discoveryResult>

export const discovery = {
  look: write('/discoveries', 'Discovery', 'Look for endpoints now; what is found is kept as candidates', 'targets:write')
    .input(discoveryRequest)
    .output(discoveryResult),
  list: read('/endpoint-candidates', 'Discovery', 'List candidates', 'targets:read')
    .input(z.strictObject(paging))
    .output(page(candidateView)),
  accept: write(
    '/endpoint-candidates/{id}/accept',
    'Discovery',
    'Make a candidate an endpoint of its certificate',
    'targets:write',
    {
      created: true,
    },
  )
    .input(z.strictObject({ id, certificateId: id.optional().meta({ description: 'In place of the one that was found' }) }))
    .output(endpointView),
  dismiss: remove('/endpoint-candidates/{id}', 'Discovery', 'Forget a candidate', 'targets:write').input(byId).output(byId),
}
