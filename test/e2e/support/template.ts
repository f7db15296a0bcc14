/**
 * A data folder that is filled once and copied for each case.
 *
 * @module
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'

export function copyTemplate(template: string, folder: string): Promise<void> {
  return cp(join(template, 'data'), join(folder, 'data'), { recursive: true })
}
