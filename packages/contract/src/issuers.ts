/**
 * Certificate authorities and DNS connections.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, read, remove, write } from './operation.ts'
import { id, issuerView, page } from './views.ts'

export const issuerDetail = issuerView.extend({
  config: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets' }),
  secretsSet: z.array(z.string()).meta({ description: 'Which secrets are set' }),
})
export type IssuerDetail = z.infer<typeof issuerDetail>

export const issuers = {
  list: read('/issuers', 'Issuers', 'List certificate authorities', 'orders:read').output(page(issuerView)),
  create: write('/issuers', 'Issuers', 'Connect a certificate authority (operator)', 'installation:operate', { created: true })
    .input(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
        title: line(64),
        kind: z.string().min(1).max(32),
        config: z.record(z.string(), z.unknown()),
        rootPem: z.string().max(65_536).optional().meta({ description: 'Root trusted when sites of this issuer are proved' }),
      }),
    )
    .output(issuerView),
  get: read('/issuers/{id}', 'Issuers', 'One issuer with its settings, without their secrets (operator)', 'installation:operate')
    .input(byId)
    .output(issuerDetail),
  update: write(
    '/issuers/{id}',
    'Issuers',
    'Change title, settings or root; secrets that are left out stay unless they would go elsewhere (operator)',
    'installation:operate',
  )
    .input(
      z.strictObject({
        id,
        title: line(64).optional(),
        config: z.record(z.string(), z.unknown()).optional().meta({ description: 'All settings but secrets anew' }),
        rootPem: z.string().max(65_536).nullable().optional(),
      }),
    )
    .output(issuerDetail),
  retire: write(
    '/issuers/{id}/retire',
    'Issuers',
    'Take no more orders for it; what was sold goes on (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(issuerDetail),
  restore: write('/issuers/{id}/restore', 'Issuers', 'Take orders for it again (operator)', 'installation:operate')
    .input(byId)
    .output(issuerDetail),
}

const dnsConnection = z.object({ id, name: z.string(), kind: z.string() })
const dnsConnectionDetail = dnsConnection.extend({
  config: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets' }),
  secretsSet: z.array(z.string()).meta({ description: 'Which secrets are set' }),
})
export type DnsConnectionDetail = z.infer<typeof dnsConnectionDetail>

export const dnsConnections = {
  list: read('/dns-connections', 'DNS', 'List DNS connections', 'targets:read').output(page(dnsConnection)),
  create: write('/dns-connections', 'DNS', 'Connect a DNS provider for automatic validation', 'targets:write', {
    created: true,
  })
    .input(
      z.strictObject({
        name: line(64),
        kind: z.string().max(32),
        config: z.record(z.string(), z.unknown()),
      }),
    )
    .output(dnsConnection),
  get: read('/dns-connections/{id}', 'DNS', 'One connection with its settings, without their secrets', 'targets:write')
    .input(byId)
    .output(dnsConnectionDetail),
  update: write(
    '/dns-connections/{id}',
    'DNS',
    'Change name or settings; secrets that are left out stay unless they would go elsewhere',
    'targets:write',
  )
    .input(
      z.strictObject({
        id,
        name: line(64).optional(),
        config: z.record(z.string(), z.unknown()).optional().meta({ description: 'All settings but secrets anew' }),
      }),
    )
    .output(dnsConnectionDetail),
  remove: remove('/dns-connections/{id}', 'DNS', 'Forget a connection that nothing uses, with its settings', 'targets:write')
    .input(byId)
    .output(byId),
}
