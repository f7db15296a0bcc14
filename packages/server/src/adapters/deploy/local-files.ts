/**
 * Any server that reads a chain and a key from two files and has, or needs, a command to read them again.
 *
 * @module
 */
import { z } from 'zod'
import { deployAdapter, type DeployTarget } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { twoFiles } from '@evercert/pair-files/layout'
import type { Step } from '@evercert/pair-files/pair-context'
import {
  areTwoFiles,
  commandSettings,
  filesTarget,
  NOT_TWO_FILES,
  twoFileSettings,
  writtenFiles,
} from '../kit/target-settings.ts'

export const localFilesConfig = z.object({ ...twoFileSettings, ...commandSettings }).refine(areTwoFiles, NOT_TWO_FILES)
export type LocalFilesConfig = z.infer<typeof localFilesConfig>

export const localFiles = deployAdapter({
  kind: 'deploy',
  id: 'localFiles',
  title: 'Files with a test and a reload command',
  apiDocs: 'https://man7.org/linux/man-pages/man2/rename.2.html',
  config: localFilesConfig,
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) => localFilesTarget(config, kit),
})

/** @param onStep called after each step; tests let the process die there */
export function localFilesTarget(config: LocalFilesConfig, kit: AdapterKit, onStep?: (step: Step) => void): DeployTarget {
  return filesTarget(kit, config, twoFiles(config), {}, onStep)
}
