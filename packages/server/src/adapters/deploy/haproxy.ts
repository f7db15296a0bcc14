/**
 * HAProxy: chain and key in one PEM file (`crt`). Files with a dot in front are not read from a folder of certificates, so that the kept
 * versions do not disturb one.
 *
 * @module
 */
import { z } from 'zod'
import { deployAdapter } from '../../ports/deploy.ts'
import { oneFile } from '@evercert/pair-files/layout'
import { absolutePath, commandSettings, filesTarget, keyMode, writtenFiles } from '../kit/target-settings.ts'

export const haproxy = deployAdapter({
  kind: 'deploy',
  id: 'haproxy',
  title: 'HAProxy',
  apiDocs: 'https://docs.haproxy.org/2.8/configuration.html#5.1-crt',
  config: z.object({
    pemPath: absolutePath.describe('Where HAProxy reads chain and key (one PEM file)'),
    pemMode: keyMode,
    configPath: absolutePath.default('/etc/haproxy/haproxy.cfg').describe('Configuration that the test names'),
    ...commandSettings,
  }),
  writes: (config) => writtenFiles(config, oneFile(config.pemPath)),
  create: (config, kit) =>
    filesTarget(kit, config, oneFile(config.pemPath, config.pemMode), {
      testCommand: ['haproxy', '-c', '-f', config.configPath],
      reloadCommand: ['systemctl', 'reload', 'haproxy'],
    }),
})
