/**
 * A real nginx in a folder of its own, on free loopback ports, as root or as any user.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface NginxOptions {
  /** PEM files that the server reads; they must exist. */
  readonly certificatePath: string
  readonly keyPath: string
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
  /** Ends the server, waits for it and removes its folder. */
  stop(): Promise<void>
}

const START_ATTEMPTS = 3

/** Starts nginx and waits until it accepts connections. @throws Error with the log when it does not start */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const addresses = (await hasIpv6()) ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  let failure: unknown
  // Between choosing a free port and listening on it another process may take it.
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    try {
      return await startOnce(options, addresses)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

async function startOnce(options: NginxOptions, addresses: readonly string[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-nginx-'))
  const configPath = join(folder, 'nginx.conf')
  const [httpsPort, httpPort] = [await freePort(), await freePort()]
  const extraPath = join(folder, 'extra.conf')
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name))
  writeFileSync(extraPath, '')
  writeFileSync(configPath, toConfig({ ...options, folder, addresses, httpsPort, httpPort }))
  const program = findNginx()
  const argv = [program, '-p', folder, '-e', join(folder, 'error.log'), '-c', configPath]
  const child = spawn(program, argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })
  const readLog = () => readFileSync(join(folder, 'error.log'), 'utf8')
  const stop = async () => {
    await endProcess(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await waitUntilListening(child, [
      [httpsPort, '127.0.0.1'],
      [httpPort, '127.0.0.1'],
    ])
  } catch (cause) {
    const log = readLog()
    await stop()
    throw new Error(`nginx did not start: ${log}`, { cause })
  }
  return {
    addresses,
    httpsPort,
    httpPort,
    configPath,
    testCommand: [...argv, '-t', '-q'],
    reloadCommand: [...argv, '-s', 'reload'],
    readLog,
    appendConfig: (lines) => writeFileSync(extraPath, `${lines}\n`, { flag: 'a' }),
    stop,
  }
}

interface ConfigFacts extends NginxOptions {
  readonly folder: string
  readonly addresses: readonly string[]
  readonly httpsPort: number
  readonly httpPort: number
}

function toConfig(facts: ConfigFacts): string {
  const { folder, addresses, httpsPort, httpPort, wellKnownProxy } = facts
  const listen = (port: number, flags: string) =>
    addresses.map((address) => `listen ${address.includes(':') ? `[${address}]` : address}:${port}${flags};`).join(' ')
  const https = (flags: string, host: { serverName?: string; certificatePath: string; keyPath: string }) => `
  server {
    ${listen(httpsPort, ` ssl${flags}`)}
    server_name ${host.serverName ?? '_'};
    ssl_certificate ${host.certificatePath};
    ssl_certificate_key ${host.keyPath};
    location / { return 200 "ok\\n"; }
  }`
  // Workers run as the one who starts nginx: then they may read the folder, and need no account of their own.
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
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

function findNginx(): string {
  for (const program of ['nginx', '/usr/sbin/nginx', '/sbin/nginx']) {
    if (spawnSync(program, ['-v']).status === 0) return program
  }
  throw new Error('nginx is missing: apt-get install nginx-light')
}

const START_TIMEOUT_MS = 10_000

async function waitUntilListening(
  child: ChildProcess,
  places: readonly (readonly [port: number, host: string])[],
): Promise<void> {
  const giveUpAt = Date.now() + START_TIMEOUT_MS
  for (const [port, host] of places) {
    while (!(await accepts(port, host))) {
      if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`nothing listens on ${host}:${port}`)
      await sleep(20)
    }
  }
}

async function accepts(port: number, host: string): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false // refused: not listening yet
  } finally {
    socket.destroy()
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const hardStop = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(hardStop)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port')
  return bound.port
}

async function hasIpv6(): Promise<boolean> {
  const server = createServer().listen(0, '::1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false // no ::1 on this machine
  } finally {
    server.close()
  }
}
