/**
 * Postfix: a chain and a key in two PEM files.
 *
 * @module
 */
import { z } from 'zod'
import { deployAdapter } from '../../ports/deploy.ts'
import { twoFiles } from '@evercert/pair-files/layout'
import {
  areTwoFiles,
  commandSettings,
  filesTarget,
  NOT_TWO_FILES,
  twoFileSettings,
  writtenFiles,
} from '../kit/target-settings.ts'

export const postfix = deployAdapter({
  kind: 'deploy',
  id: 'postfix',
  title: 'Postfix',
  apiDocs: 'https://www.postfix.org/TLS_README.html',
  config: z.object({ ...twoFileSettings, ...commandSettings }).refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['postfix', 'check'],
      reloadCommand: ['postfix', 'reload'],
    }),
})
