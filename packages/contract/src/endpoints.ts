/**
 * What clients connect to, and the proof of what it serves.
 *
 * @module
 */
import { z } from 'zod'
import { byId, read, remove, write } from './operation.ts'
import { endpointProtocol, endpointView, id, page } from './views.ts'

/** What a map shows of an endpoint: little, for there may be thousands. */
export const endpointCell = endpointView
  .pick({
    id: true,
    certificateId: true,
    host: true,
    port: true,
    serverName: true,
    protocol: true,
    keyKind: true,
    verdict: true,
    probedAt: true,
  })
  .extend({ targets: z.array(z.string()).meta({ description: 'Names of the targets of its certificate' }) })
export type EndpointCell = z.infer<typeof endpointCell>

const port = z.int().min(1).max(65_535)

export const endpoints = {
  list: read('/endpoints', 'Endpoints', 'List endpoints with the latest proof of each address', 'targets:read').output(
    page(endpointView),
  ),
  map: read(
    '/endpoints/map',
    'Endpoints',
    'Every endpoint with its verdict alone, by host: for pictures of thousands',
    'targets:read',
  ).output(
    page(endpointCell).extend({ all: z.int().meta({ description: 'How many there are; at most 20,000 are in the answer' }) }),
  ),
  get: read('/endpoints/{id}', 'Endpoints', 'One endpoint with the latest proof of each address', 'targets:read')
    .input(byId)
    .output(endpointView),
  create: write('/endpoints', 'Endpoints', 'Add an endpoint to prove', 'targets:write', { created: true })
    .input(
      z.strictObject({
        certificateId: id,
        host: z.string().min(1).max(253),
        protocol: endpointProtocol.default('tls'),
        port: port.optional().meta({ description: 'Default: that of the protocol, such as 443 for tls and 25 for smtp' }),
        serverName: z.string().min(1).max(253).optional(),
      }),
    )
    .output(endpointView),
  remove: remove('/endpoints/{id}', 'Endpoints', 'Forget an endpoint and its proof', 'targets:write').input(byId).output(byId),
}
