/**
 * The site on nginx: any user, unprivileged ports, everything inside one folder.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { once } from 'node:events'
import { startChild } from './child.ts'
import { pairPaths, VALIDATION_PATHS, type Site, type SiteOptions } from './site.ts'
import { waitFor } from './wait-for.ts'

/** Debian and others keep it outside the path of ordinary users. */
const OTHER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']

/** The program; null when there is none, or one older than 1.19.5, which cannot be told where to log (`-e`). */
export function findNginx(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...OTHER_FOLDERS]
  const program = folders.map((folder) => join(folder, 'nginx')).find((path) => isExecutable(path))
  if (program === undefined) return null
  const [, major = 0, minor = 0, patch = 0] =
    /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr) ?? []
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 1_019_005 ? program : null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function startNginxSite(program: string, options: SiteOptions): Promise<Site> {
  const { folder } = options
  const configPath = join(folder, 'nginx.conf')
  const logPath = join(folder, 'error.log')
  await mkdir(join(folder, 'hosts'))
  await writeFile(configPath, mainConfig(folder))
  await writeFile(join(folder, 'hosts', 'http.conf'), httpHost(options))
  const command = [program, '-p', folder, '-c', configPath, '-e', logPath]
  const child = await startChild([...command, '-g', 'daemon off;'])
  await waitFor(async () => (child.exitCode() !== null || (await accepts(options)) ? true : null), { what: 'nginx' })
  const log = () => readFile(logPath, 'utf8').catch(() => '')
  if (child.exitCode() !== null) throw new Error(`nginx did not start: ${child.recentLines().join('\n')}\n${await log()}`)
  return {
    title: 'nginx',
    pid: child.pid,
    ...pairPaths(folder),
    testCommand: [...command, '-t', '-q'],
    reloadCommand: [...command, '-s', 'reload'],
    enableHttps: () => writeFile(join(folder, 'hosts', 'https.conf'), httpsHost(options)),
    recentLines: child.recentLines,
    stop: () => child.stop('SIGTERM'),
  }
}

async function accepts({ addresses, httpPort }: SiteOptions): Promise<boolean> {
  const socket = connect({ host: addresses[0] ?? '127.0.0.1', port: httpPort })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Temporary files inside the folder too; root's workers stay root, since the folder is closed to everybody else. */
function mainConfig(folder: string): string {
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};\n` : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`)
  return `${user}worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
${temporary.join('\n')}
  include ${folder}/hosts/*.conf;
}
`
}

function httpHost({ name, addresses, httpPort, validationUrl }: SiteOptions): string {
  const validation = VALIDATION_PATHS.map(
    (path) => `  location ${path} {
    proxy_pass ${validationUrl};
    proxy_set_header Host $http_host;
  }`,
  )
  return `server {
${listen(addresses, httpPort, '')}
  server_name ${name};
${validation.join('\n')}
  location / { return 301 https://$host$request_uri; }
}
`
}

function httpsHost(options: SiteOptions): string {
  const { name, addresses, httpsPort, folder } = options
  const { certificatePath, keyPath } = pairPaths(folder)
  return `server {
${listen(addresses, httpsPort, ' ssl')}
  server_name ${name};
  ssl_certificate ${certificatePath};
  ssl_certificate_key ${keyPath};
  ssl_protocols TLSv1.2 TLSv1.3;
  location / {
    default_type text/plain;
    return 200 "The shop is open.\\n";
  }
}
`
}

function listen(addresses: readonly string[], port: number, suffix: string): string {
  return addresses.map((address) => `  listen ${address.includes(':') ? `[${address}]` : address}:${port}${suffix};`).join('\n')
}
