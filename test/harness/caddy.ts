/**
 * Debian's `caddy` as a CA: its `acme_server` with the internal CA. It validates on port 80 of what DNS says and has no setting for
 * either, so it runs in a mount namespace with a resolv.conf of its own, and DNS and port 80 are on a loopback address of their own.
 * That needs root on Linux; {@link canStartCaddy} tells.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChallengeServer } from './challenge-server.ts'
import type { ChallengeServer } from './challenge-server.ts'
import { startDns } from './challtestsrv.ts'
import type { DnsServer } from './challtestsrv.ts'
import { createRequester } from './https-request.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'
import type { RunningProcess } from './process.ts'

export interface Caddy {
  readonly directoryUrl: string
  /** The root of the API's own certificate, and of what it issues: Caddy has one CA. */
  readonly caPem: string
  rootPem(): Promise<string>
  /** Every name leads to {@link files}. */
  readonly dns: DnsServer
  /** On port 80 of Caddy's view of the world. */
  readonly files: ChallengeServer
  readonly process: RunningProcess
  stop(): Promise<void>
}

const DNS_PORT = 53
const HTTP_PORT = 80

/** Whether this machine lets a test bind low ports and mount: Linux, as root. */
export function canStartCaddy(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0
}

export async function startCaddy(): Promise<Caddy> {
  const folder = await mkdtemp(join(tmpdir(), 'evercert-caddy-'))
  const port = await freePort()
  const directoryUrl = `https://localhost:${port}/acme/local/directory`
  // Any of 127.0.0.0/8 is ours; one in sixteen million keeps tests apart that run at once.
  const address = `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`
  const dns = await startDns({ address, port: DNS_PORT, defaultIPv4: address })
  const files = await startChallengeServer(HTTP_PORT, address)
  await writeFile(join(folder, 'resolv.conf'), `nameserver ${address}\n`)
  await writeFile(join(folder, 'caddy.json'), JSON.stringify(settings(folder, port)))
  const rootFile = join(folder, 'data', 'pki', 'authorities', 'local', 'root.crt')
  const running = await startProcess({
    command: 'unshare',
    // The shell becomes Caddy, so that the process we stop is Caddy itself.
    args: ['--mount', 'sh', '-c', 'mount --bind resolv.conf /etc/resolv.conf && exec caddy run --config caddy.json'],
    cwd: folder,
    env: { HOME: folder, XDG_DATA_HOME: join(folder, 'data'), XDG_CONFIG_HOME: join(folder, 'config') },
    debianPackage: 'util-linux',
    isReady: async (logs) => {
      if (logs.includes('caddy: not found')) throw new Error('caddy is not installed: apt-get install caddy')
      const request = createRequester(await readFile(rootFile, 'utf8'))
      const { status } = await request(directoryUrl).finally(() => request.close())
      return status === 200
    },
  })
  const rootPem = (): Promise<string> => readFile(rootFile, 'utf8')
  return {
    directoryUrl,
    caPem: await rootPem(),
    rootPem,
    dns,
    files,
    process: running,
    stop: async () => {
      await Promise.all([running.stop(), files.stop(), dns.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function settings(folder: string, port: number): unknown {
  return {
    admin: { disabled: true },
    storage: { module: 'file_system', root: join(folder, 'data') },
    apps: {
      http: {
        servers: {
          acme: {
            listen: [`127.0.0.1:${port}`],
            routes: [{ match: [{ host: ['localhost'] }], handle: [{ handler: 'acme_server', ca: 'local' }] }],
            tls_connection_policies: [{}],
            automatic_https: { disable_redirects: true },
          },
        },
      },
      pki: { certificate_authorities: { local: { install_trust: false } } },
      tls: { automation: { policies: [{ subjects: ['localhost'], issuers: [{ module: 'internal' }] }] } },
    },
  }
}
