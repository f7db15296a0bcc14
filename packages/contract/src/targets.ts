/**
 * Where certificates are installed.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, read, remove, write } from './operation.ts'
import { endpointProtocol, id, page, targetView } from './views.ts'

export const targetDetail = targetView.extend({
  config: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets' }),
  secretsSet: z.array(z.string()).meta({ description: 'Which secrets are set' }),
})
export type TargetDetail = z.infer<typeof targetDetail>

const name = line(64)
const probe = z.strictObject({
  host: z.string().min(1).max(253),
  protocol: endpointProtocol.default('tls'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({ description: 'Default: that of the protocol, such as 443 for tls and 25 for smtp' }),
  serverName: z.string().min(1).max(253).optional(),
})

export const targets = {
  list: read('/targets', 'Targets', 'List deployment targets', 'targets:read').output(page(targetView)),
  create: write('/targets', 'Targets', 'Add a target; it may run commands on the server (operator)', 'installation:operate', {
    created: true,
  })
    .input(
      z.strictObject({
        certificateId: id,
        name,
        kind: z.string().min(1).max(32),
        config: z.record(z.string(), z.unknown()),
        canary: z.boolean().optional().meta({ description: 'The other targets wait until this one is proved; needs probe' }),
        probe: probe.optional().meta({
          description: "The target's own address: if it does not serve the new certificate, the deployment is taken back",
        }),
      }),
    )
    .output(targetView),
  get: read('/targets/{id}', 'Targets', 'One target with its settings, without their secrets (operator)', 'installation:operate')
    .input(byId)
    .output(targetDetail),
  update: write(
    '/targets/{id}',
    'Targets',
    'Change name, settings, own address or canary; secrets that are left out stay unless they would go elsewhere; the certificate is deployed there anew (operator)',
    'installation:operate',
  )
    .input(
      z.strictObject({
        id,
        name: name.optional(),
        config: z.record(z.string(), z.unknown()).optional().meta({ description: 'All settings but secrets anew' }),
        canary: z.boolean().optional(),
        probe: probe.nullable().optional().meta({ description: 'Null: none any more' }),
      }),
    )
    .output(targetDetail),
  deploy: write('/targets/{id}/deploy', 'Targets', 'Deploy again what failed or was rolled back', 'targets:write')
    .input(byId)
    .output(targetView),
  remove: remove('/targets/{id}', 'Targets', 'Forget a target; what is installed there stays', 'targets:write')
    .input(byId)
    .output(byId),
}
