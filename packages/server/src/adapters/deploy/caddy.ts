/**
 * Caddy: a chain and a key in two PEM files.
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

export const caddy = deployAdapter({
  kind: 'deploy',
  id: 'caddy',
  title: 'Caddy',
  apiDocs: 'https://caddyserver.com/docs/caddyfile/directives/tls',
  config: z
    .object({
      ...twoFileSettings,
      configPath: absolutePath.default('/etc/caddy/Caddyfile').describe('Configuration that the commands name'),
      ...commandSettings,
    })
    .refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['caddy', 'validate', '--config', config.configPath],
      reloadCommand: ['caddy', 'reload', '--force', '--config', config.configPath],
    }),
})
