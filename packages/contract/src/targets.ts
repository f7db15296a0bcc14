/**
 * Where certificates are installed.
 *
 * @module
 */
import { z } from 'zod'
import { byId, read, remove, write } from './operation.ts'
import { id, page, targetView } from './views.ts'

export const targets = {
  list: read('/targets', 'Targets', 'List deployment targets', 'targets:read').output(page(targetView)),
  create: write('/targets', 'Targets', 'Add a target; it may run commands on the server (operator)', 'installation:operate', {
    created: true,
  })
    .input(
      z.strictObject({
        certificateId: id,
        name: z.string().trim().min(1).max(64),
        kind: z.string().min(1).max(32),
        config: z.record(z.string(), z.unknown()),
        canary: z.boolean().optional().meta({ description: 'The other targets wait until this one is proved; needs probe' }),
        probe: z
          .strictObject({
            host: z.string().min(1).max(253),
            port: z.int().min(1).max(65_535).default(443),
            serverName: z.string().min(1).max(253).optional(),
          })
          .optional()
          .meta({
            description: "The target's own address: if it does not serve the new certificate, the deployment is taken back",
          }),
      }),
    )
    .output(targetView),
  deploy: write('/targets/{id}/deploy', 'Targets', 'Deploy again what failed or was rolled back', 'targets:write')
    .input(byId)
    .output(targetView),
  remove: remove('/targets/{id}', 'Targets', 'Forget a target; what is installed there stays', 'targets:write')
    .input(byId)
    .output(byId),
}
