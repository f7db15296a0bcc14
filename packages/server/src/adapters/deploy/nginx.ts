/**
 * nginx: a chain and a key in two PEM files.
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

export const nginx = deployAdapter({
  kind: 'deploy',
  id: 'nginx',
  title: 'nginx',
  apiDocs: 'https://nginx.org/en/docs/http/ngx_http_ssl_module.html',
  config: z.object({ ...twoFileSettings, ...commandSettings }).refine(areTwoFiles, NOT_TWO_FILES),
  writes: (config) => writtenFiles(config, twoFiles(config)),
  create: (config, kit) =>
    filesTarget(kit, config, twoFiles(config), {
      testCommand: ['nginx', '-t', '-q'],
      reloadCommand: ['nginx', '-s', 'reload'],
    }),
})
