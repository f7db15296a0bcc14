/**
 * A real nginx in a folder of its own, on free loopback ports, as root or as any user.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendantsOf } from './descendants.ts'
import { accepts, freePort } from './ports.ts'
import { startProcess, type RunningProcess } from './process.ts'

export interface NginxOptions {
  /** PEM files that the server reads; they must exist. */
  readonly certificatePath: string
  readonly keyPath: string
  /** Served besides, for the other kind of key. */
  readonly besides?: { readonly certificatePath: string; readonly keyPath: string }
  /** Default: loopback, of both families where the machine has them. */
  readonly addresses?: readonly string[]
  /** Default `_`: answers for every name. */
  readonly serverName?: string
  /** Where `/.well-known/` of the plain HTTP port is passed on to, for instance `http://127.0.0.1:8080`. */
  readonly wellKnownProxy?: string
  /** Other HTTPS virtual hosts on the same port. */
  readonly virtualHosts?: readonly { readonly serverName: string; readonly certificatePath: string; readonly keyPath: string }[]
}

export interface Nginx {
  /** `127.0.0.1`, and `::1` where the machine has IPv6: both ports listen on each. */
  readonly addresses: readonly string[]
  readonly httpsPort: number
  readonly httpPort: number
  readonly configPath: string
  /** Arguments to spawn; the first is the program. */
  readonly testCommand: readonly string[]
  readonly reloadCommand: readonly string[]
  /** The error log so far. */
  readLog(): string
  /** Adds lines inside the `http` block, or breaks the configuration; takes effect with the next reload. */
  appendConfig(lines: string): void
  /** Takes back what was appended. */
  mendConfig(): void
  /** Until the last reload is over: for a tenth of a second the worker of before takes connections beside the new one. */
  settle(): Promise<void>
  /** Ends the server, waits for it and removes its folder. */
  stop(): Promise<void>
}

/** Starts nginx and waits until it accepts connections. @throws Error with what it wrote when it does not start */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const addresses = options.addresses ?? ((await hasIpv6()) ? ['127.0.0.1', '::1'] : ['127.0.0.1'])
  const [address = '127.0.0.1'] = addresses
  const folder = mkdtempSync(join(tmpdir(), 'evercert-nginx-'))
  const [httpsPort, httpPort] = [await freePort(address), await freePort(address)]
  const configPath = join(folder, 'nginx.conf')
  const extraPath = join(folder, 'extra.conf')
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name))
  writeFileSync(extraPath, '')
  writeFileSync(configPath, toConfig({ ...options, folder, addresses, httpsPort, httpPort }))
  const command = findNginx()
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', configPath]
  const server = await start({ folder, command, args, address, ports: [httpsPort, httpPort] })
  return {
    addresses,
    httpsPort,
    httpPort,
    configPath,
    testCommand: [command, ...args, '-t', '-q'],
    reloadCommand: [command, ...args, '-s', 'reload'],
    readLog: () => readFileSync(join(folder, 'error.log'), 'utf8'),
    appendConfig: (lines) => writeFileSync(extraPath, `${lines}\n`, { flag: 'a' }),
    mendConfig: () => writeFileSync(extraPath, ''),
    settle: async () => {
      while (descendantsOf(server.pid).length > WORKERS) await sleep(10)
    },
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Start {
  readonly folder: string
  readonly command: string
  readonly args: string[]
  readonly address: string
  readonly ports: readonly number[]
}

async function start({ folder, command, args, address, ports }: Start): Promise<RunningProcess> {
  const isReady = async () => (await Promise.all(ports.map((port) => accepts(port, address)))).every(Boolean)
  try {
    return await startProcess({ command, args, debianPackage: 'nginx-light', isReady })
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

interface ConfigFacts extends NginxOptions {
  readonly folder: string
  readonly addresses: readonly string[]
  readonly httpsPort: number
  readonly httpPort: number
}

const WORKERS = 1

function toConfig(facts: ConfigFacts): string {
  const { folder, addresses, httpsPort, httpPort, wellKnownProxy } = facts
  const listen = (port: number, flags: string) =>
    addresses.map((address) => `listen ${address.includes(':') ? `[${address}]` : address}:${port}${flags};`).join(' ')
  const pair = (of: { certificatePath: string; keyPath: string }) => `ssl_certificate ${of.certificatePath};
    ssl_certificate_key ${of.keyPath};`
  const https = (flags: string, host: Pick<NginxOptions, 'serverName' | 'certificatePath' | 'keyPath' | 'besides'>) => `
  server {
    ${listen(httpsPort, ` ssl${flags}`)}
    server_name ${host.serverName ?? '_'};
    ${pair(host)}
    ${host.besides === undefined ? '' : pair(host.besides)}
    location / { return 200 "ok\\n"; }
  }`
  // Workers run as the one who starts nginx: then they may read the folder, and need no account of their own.
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes ${WORKERS};
pid ${folder}/nginx.pid;
error_log ${folder}/error.log info;
events { worker_connections 512; }
http {
  access_log off;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${https(' default_server', facts)}
${(facts.virtualHosts ?? []).map((host) => https('', host)).join('\n')}
  server {
    ${listen(httpPort, '')}
    ${wellKnownProxy === undefined ? '' : `location ^~ /.well-known/ { proxy_pass ${wellKnownProxy}; }`}
    location / { return 200 "ok\\n"; }
  }
  include ${folder}/extra.conf;
}
`
}

/** Debian has it in a folder that is not on everyone's PATH. The whole path, as a target's commands have a PATH of their own. */
function findNginx(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path)) ?? 'nginx'
}

function hasIpv6(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(0, '::1', () => server.close(() => resolve(true)))
  return promise
}
