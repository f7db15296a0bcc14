/**
 * Where certificates are installed: each operation one line to its service.
 *
 * @module
 */
import { loadTarget, updateTarget } from '../../services/target-changes.ts'
import { listTargetViews } from '../../services/target-views.ts'
import { createTarget, deployAgain, removeTarget } from '../../services/targets.ts'
import { onePage, operations } from './operation.ts'

export const targets = {
  list: operations.targets.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listTargetViews(services, caller, null)),
  ),
  create: operations.targets.create.handler(({ context: { services, caller }, input }) => createTarget(services, caller, input)),
  get: operations.targets.get.handler(({ context: { services, caller }, input }) => loadTarget(services, caller, input.id)),
  update: operations.targets.update.handler(({ context: { services, caller }, input }) =>
    updateTarget(services, caller, input.id, input),
  ),
  remove: operations.targets.remove.handler(({ context: { services, caller }, input }) =>
    removeTarget(services, caller, input.id),
  ),
  deploy: operations.targets.deploy.handler(({ context: { services, caller }, input }) =>
    deployAgain(services, caller, input.id),
  ),
}
