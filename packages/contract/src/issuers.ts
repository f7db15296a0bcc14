/**
 * Certificate authorities and DNS connections.
 *
 * @module
 */
import { z } from 'zod'
import { read, write } from './operation.ts'
import { id, issuerView, page } from './views.ts'

export const issuers = {
  list: read('/issuers', 'Issuers', 'List certificate authorities', 'orders:read').output(page(issuerView)),
  create: write('/issuers', 'Issuers', 'Connect a certificate authority (operator)', 'installation:operate', { created: true })
    .input(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
        title: z.string().trim().min(1).max(64),
        kind: z.string().min(1).max(32),
        config: z.record(z.string(), z.unknown()),
        rootPem: z.string().max(65_536).optional().meta({ description: 'Root trusted when sites of this issuer are proved' }),
      }),
    )
    .output(issuerView),
}

export const dnsConnections = {
  list: read('/dns-connections', 'DNS', 'List DNS connections', 'targets:read').output(
    page(z.object({ id, name: z.string(), kind: z.string() })),
  ),
  create: write('/dns-connections', 'DNS', 'Connect a DNS provider for automatic validation', 'targets:write', {
    created: true,
  })
    .input(
      z.strictObject({
        name: z.string().trim().min(1).max(64),
        kind: z.string().max(32),
        config: z.record(z.string(), z.unknown()),
      }),
    )
    .output(z.object({ id, name: z.string(), kind: z.string() })),
}
