/**
 * Dovecot: a chain and a key in two PEM files.
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

export const dovecot = deployAdapter({
  kind: 'deploy',
  id: 'dovecot',
  title: 'Dovecot',
  apiDocs: 'https://doc.dovecot.org/',
  config: z.object({ ...twoFileSettings, ...commandSettings }).refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['doveconf', '-h', 'ssl'],
      reloadCommand: ['doveadm', 'reload'],
    }),
})
