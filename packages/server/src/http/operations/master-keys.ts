/**
 * Master keys: each operation one line to its service.
 *
 * @module
 */
import { removeMasterKey, rotateMasterKey, viewKeyHealth, viewMasterKeys } from '../../services/master-keys.ts'
import { operations } from './operation.ts'

export const masterKeys = {
  list: operations.masterKeys.list.handler(({ context: { services } }) => viewMasterKeys(services)),
  health: operations.masterKeys.health.handler(({ context: { services } }) => viewKeyHealth(services)),
  rotate: operations.masterKeys.rotate.handler(({ context: { services } }) => rotateMasterKey(services)),
  remove: operations.masterKeys.remove.handler(({ context: { services }, input }) => removeMasterKey(services, input.id)),
}
