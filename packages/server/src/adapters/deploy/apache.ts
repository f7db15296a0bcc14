/**
 * Apache httpd: a chain and a key in two PEM files.
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

export const apache = deployAdapter({
  kind: 'deploy',
  id: 'apache',
  title: 'Apache httpd',
  apiDocs: 'https://httpd.apache.org/docs/2.4/mod/mod_ssl.html',
  config: z.object({ ...twoFileSettings, ...commandSettings }).refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['apachectl', 'configtest'],
      reloadCommand: ['apachectl', 'graceful'],
    }),
})
