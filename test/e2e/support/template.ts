/**
 * A data folder that is filled once and copied for each case.
 *
 * @module
 */
import { join } from 'node:path'
import { copyFolder } from '../../harness/folders.ts'

export function copyTemplate(template: string, folder: string): void {
  copyFolder(join(template, 'data'), join(folder, 'data'))
}
