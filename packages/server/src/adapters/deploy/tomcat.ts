/**
 * Tomcat, and other Java servers: a PKCS#12 keystore (`certificateKeystoreFile`). Tomcat has no command of its own to read it again;
 * by default the service is restarted.
 *
 * @module
 */
import { z } from 'zod'
import { deployAdapter } from '../../ports/deploy.ts'
import { keystoreFile } from '@evercert/pair-files/layout'
import { absolutePath, commandSettings, filesTarget, keyMode, writtenFiles } from '../kit/target-settings.ts'
import { secret } from '../kit/secret.ts'

export const tomcat = deployAdapter({
  kind: 'deploy',
  id: 'tomcat',
  title: 'Tomcat (PKCS#12 keystore)',
  apiDocs: 'https://tomcat.apache.org/tomcat-10.1-doc/config/http.html',
  config: z.object({
    keystorePath: absolutePath.describe('Where Tomcat reads the keystore'),
    keystorePassword: secret('Password of the keystore, as Tomcat has it').regex(
      /^[\x20-\x7e]{6,128}$/,
      '6 to 128 ASCII characters',
    ),
    keystoreMode: keyMode,
    alias: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/)
      .default('tomcat')
      .describe('What the entry is called in the keystore'),
    ...commandSettings,
  }),
  writes: (config) => writtenFiles(config, { files: [{ name: 'keystore', path: config.keystorePath, isSecret: true }] }),
  create: (config, kit) => {
    const { keystorePath: path, keystorePassword: password, keystoreMode: mode, alias } = config
    return filesTarget(kit, config, keystoreFile({ path, password, alias, mode }), {
      reloadCommand: ['systemctl', 'restart', 'tomcat10'],
    })
  },
})
