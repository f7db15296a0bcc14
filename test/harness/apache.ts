/**
 * A real Apache in a folder of its own, on a free loopback port, as root or as any user. Of Debian only the programs are needed
 * (apache2-bin), not the package that starts it as a service.
 *
 * @module
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface ApacheOptions {
  /** As its directives of these names want them. */
  readonly certificatePath: string
  readonly chainPath: string
  readonly keyPath: string
}

export interface Apache {
  readonly httpsPort: number
  /** Ends the server, waits for it and removes its folder. */
  stop(): Promise<void>
}

const MODULES = '/usr/lib/apache2/modules'
const WANTED = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl']

/** Starts Apache and waits until it accepts connections. @throws Error with what it wrote when it does not start */
export async function startApache(options: ApacheOptions): Promise<Apache> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-apache-'))
  const httpsPort = await freePort()
  const configPath = join(folder, 'apache.conf')
  const logPath = join(folder, 'error.log')
  const readLog = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '')
  writeFileSync(configPath, toConfig(options, folder, httpsPort))
  try {
    const server = await startProcess({
      command: '/usr/sbin/apache2',
      args: ['-f', configPath, '-D', 'FOREGROUND'],
      debianPackage: 'apache2-bin',
      // It listens before it can answer.
      isReady: () => readLog().includes('resuming normal operations'),
    })
    return {
      httpsPort,
      stop: async () => {
        await server.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (cause) {
    const log = readLog()
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`Apache did not start:\n${log}`, { cause })
  }
}

function toConfig({ certificatePath, chainPath, keyPath }: ApacheOptions, folder: string, httpsPort: number): string {
  return `ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
Mutex file:${folder} default
${WANTED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
StartServers 1
ServerName localhost
Listen 127.0.0.1:${httpsPort}
<VirtualHost 127.0.0.1:${httpsPort}>
  SSLEngine on
  SSLCertificateFile ${certificatePath}
  SSLCertificateChainFile ${chainPath}
  SSLCertificateKeyFile ${keyPath}
</VirtualHost>
`
}
