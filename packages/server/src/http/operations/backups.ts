/**
 * Backups: each operation one line to its service.
 *
 * @module
 */
import { createBackup } from '../../services/backups.ts'
import { operations } from './operation.ts'

export const backups = {
  create: operations.backups.create.handler(({ context: { services } }) => createBackup(services)),
}
