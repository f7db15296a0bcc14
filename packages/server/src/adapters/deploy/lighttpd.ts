/**
 * lighttpd: a chain and a key in two PEM files.
 *
 * @module
 */
import { z } from 'zod'
import { deployAdapter } from '../../ports/deploy.ts'
import { twoFiles } from '@evercert/pair-files/layout'
import {
  absolutePath,
  areTwoFiles,
  commandSettings,
  filesTarget,
  NOT_TWO_FILES,
  twoFileSettings,
  writtenFiles,
} from '../kit/target-settings.ts'

export const lighttpd = deployAdapter({
  kind: 'deploy',
  id: 'lighttpd',
  title: 'lighttpd',
  apiDocs: 'https://redmine.lighttpd.net/projects/lighttpd/wiki/Mod_openssl',
  config: z
    .object({
      ...twoFileSettings,
      configPath: absolutePath.default('/etc/lighttpd/lighttpd.conf').describe('Configuration that the commands name'),
      ...commandSettings,
    })
    .refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['lighttpd', '-tt', '-f', config.configPath],
      reloadCommand: ['systemctl', 'reload', 'lighttpd'],
    }),
})
