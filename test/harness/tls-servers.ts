/**
 * Real servers that read a certificate and its key from files, each in a folder of its own on a free loopback port: what a deployment
 * reloads. nginx is in nginx.ts.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accepts, freePort } from './ports.ts'
import { startProcess } from './process.ts'

export type TlsServerKind = 'apache' | 'haproxy' | 'lighttpd' | 'caddy' | 'dovecot' | 'postfix'

export interface TlsFiles {
  /** For HAProxy the one file with both. */
  readonly certificatePath: string
  readonly keyPath: string
}

export interface TlsServer {
  readonly port: number
  readonly configPath: string
  /** Arguments to spawn; the first is the program. */
  readonly testCommand: readonly string[]
  readonly reloadCommand: readonly string[]
  /** Adds a line that the server does not understand. */
  breakConfiguration(): void
  mendConfiguration(): void
  logs(): string
  /** Ends the server, waits for it and removes its folder. */
  stop(): Promise<void>
}

interface Place extends TlsFiles {
  readonly folder: string
  readonly configPath: string
  readonly pidPath: string
  readonly port: number
  readonly adminPort: number
}

interface Recipe {
  readonly configName: string
  readonly debianPackage: string
  config(place: Place): string
  prepare?(place: Place): void
  readonly brokenLine: string
  command(place: Place): readonly [string, ...string[]]
  test(place: Place): readonly string[]
  reload(place: Place): readonly string[]
  /** For a server that does not end with the process that was started. */
  quit?(place: Place): readonly [string, ...string[]]
}

const signal = (name: string, { pidPath }: Place): readonly string[] => ['sh', '-c', `kill -${name} "$(cat ${pidPath})"`]
const APACHE_MODULES = '/usr/lib/apache2/modules'
const isRoot = process.getuid?.() === 0

const RECIPES: Readonly<Record<TlsServerKind, Recipe>> = {
  apache: {
    configName: 'apache.conf',
    debianPackage: 'apache2-bin',
    config: ({ folder, pidPath, port, certificatePath, keyPath }) => `ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${pidPath}
ErrorLog ${folder}/error.log
Mutex file:${folder} default
${['mpm_event', 'authz_core', 'socache_shmcb', 'ssl'].map((name) => `LoadModule ${name}_module ${APACHE_MODULES}/mod_${name}.so`).join('\n')}
${isRoot ? 'User www-data\nGroup www-data' : ''}
StartServers 1
ServerName localhost
Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  SSLEngine on
  SSLCertificateFile ${certificatePath}
  SSLCertificateKeyFile ${keyPath}
</VirtualHost>
`,
    brokenLine: 'NoSuchDirective on',
    command: ({ configPath }) => ['/usr/sbin/apache2', '-f', configPath, '-D', 'FOREGROUND'],
    test: ({ configPath }) => ['/usr/sbin/apache2', '-f', configPath, '-t'],
    reload: ({ configPath }) => ['/usr/sbin/apache2', '-f', configPath, '-k', 'graceful'],
  },
  haproxy: {
    configName: 'haproxy.cfg',
    debianPackage: 'haproxy',
    config: ({ port, certificatePath }) => `global
  maxconn 500
defaults
  mode http
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend site
  bind 127.0.0.1:${port} ssl crt ${certificatePath}
  http-request return status 200
`,
    brokenLine: 'no_such_keyword on',
    command: ({ configPath, pidPath }) => ['/usr/sbin/haproxy', '-W', '-f', configPath, '-p', pidPath],
    test: ({ configPath }) => ['/usr/sbin/haproxy', '-c', '-f', configPath],
    reload: (place) => signal('USR2', place),
  },
  lighttpd: {
    configName: 'lighttpd.conf',
    debianPackage: 'lighttpd',
    config: ({ folder, pidPath, port, certificatePath, keyPath }) => `server.modules = ( "mod_openssl" )
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.pid-file = "${pidPath}"
server.errorlog = "${folder}/error.log"
ssl.engine = "enable"
ssl.pemfile = "${certificatePath}"
ssl.privkey = "${keyPath}"
`,
    brokenLine: 'no_such_directive on',
    command: ({ configPath }) => ['/usr/sbin/lighttpd', '-D', '-f', configPath],
    test: ({ configPath }) => ['/usr/sbin/lighttpd', '-tt', '-f', configPath],
    reload: (place) => signal('USR1', place),
  },
  caddy: {
    configName: 'Caddyfile',
    debianPackage: 'caddy',
    config: ({ folder, port, adminPort, certificatePath, keyPath }) => `{
  admin 127.0.0.1:${adminPort}
  auto_https disable_redirects
  storage file_system ${folder}/data
}
https://site.test:${port} {
  bind 127.0.0.1
  tls ${certificatePath} ${keyPath}
  respond "ok"
}
`,
    brokenLine: 'https://other.test {\n  no_such_directive on\n}',
    command: ({ configPath }) => ['/usr/bin/caddy', 'run', '--config', configPath],
    test: ({ configPath }) => ['/usr/bin/caddy', 'validate', '--config', configPath],
    reload: ({ configPath }) => ['/usr/bin/caddy', 'reload', '--force', '--config', configPath],
  },
  dovecot: {
    configName: 'dovecot.conf',
    debianPackage: 'dovecot-imapd',
    config: ({ folder, port, certificatePath, keyPath }) => `protocols = imap
base_dir = ${folder}/run
log_path = ${folder}/error.log
ssl = required
ssl_cert = <${certificatePath}
ssl_key = <${keyPath}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${port}
    ssl = yes
  }
}
`,
    brokenLine: 'no_such_setting = on',
    command: ({ configPath }) => ['/usr/sbin/dovecot', '-F', '-c', configPath],
    test: ({ configPath }) => ['/usr/bin/doveconf', '-c', configPath, '-h', 'ssl'],
    reload: ({ configPath }) => ['/usr/bin/doveadm', '-c', configPath, 'reload'],
  },
  // It logs nothing: postlogd stands still for ever when it warns of a broken configuration while its own socket is full.
  postfix: {
    configName: 'main.cf',
    debianPackage: 'postfix',
    prepare: ({ folder, port }) => {
      // The user that Postfix runs as must reach its folders; mkdtemp keeps others out.
      chmodSync(folder, 0o755)
      const { status } = spawnSync('chown', ['postfix', join(folder, 'data')])
      if (status !== 0) throw new Error('there is no user postfix: apt-get install postfix')
      writeFileSync(
        join(folder, 'master.cf'),
        `127.0.0.1:${port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
`,
      )
    },
    config: ({ folder, certificatePath, keyPath }) => `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
myhostname = site.test
alias_maps =
local_recipient_maps =
smtpd_tls_cert_file = ${certificatePath}
smtpd_tls_key_file = ${keyPath}
smtpd_tls_security_level = may
`,
    brokenLine: 'queue_directory = /nonexistent/queue',
    command: ({ folder }) => ['/usr/sbin/postfix', '-c', folder, 'start-fg'],
    test: ({ folder }) => ['/usr/sbin/postfix', '-c', folder, 'check'],
    reload: ({ folder }) => ['/usr/sbin/postfix', '-c', folder, 'reload'],
    quit: ({ folder }) => ['/usr/sbin/postfix', '-c', folder, 'stop'],
  },
}

/** Whether this machine lets a test start the server: Dovecot and Postfix take other users' rights, which needs root. */
export function canStart(kind: TlsServerKind): boolean {
  return isRoot || (kind !== 'dovecot' && kind !== 'postfix')
}

/** Starts the server and waits until it accepts connections. @throws Error with what it wrote when it does not start */
export async function startTlsServer(kind: TlsServerKind, files: TlsFiles): Promise<TlsServer> {
  const recipe = RECIPES[kind]
  const folder = mkdtempSync(join(tmpdir(), `evercert-${kind}-`))
  for (const name of ['run', 'data', 'queue']) mkdirSync(join(folder, name))
  const [port, adminPort] = [await freePort(), await freePort()]
  const configPath = join(folder, recipe.configName)
  const place: Place = { ...files, folder, configPath, pidPath: join(folder, 'server.pid'), port, adminPort }
  const config = recipe.config(place)
  writeFileSync(configPath, config)
  recipe.prepare?.(place)
  const logs = (): string => read(join(folder, 'error.log'))
  const [command, ...args] = recipe.command(place)
  const quit = (): void => {
    const [program, ...rest] = recipe.quit?.(place) ?? ['true']
    spawnSync(program, rest)
  }
  try {
    const server = await startProcess({
      command,
      args,
      env: { HOME: folder },
      debianPackage: recipe.debianPackage,
      isReady: () => accepts(port),
    })
    return {
      port,
      configPath,
      testCommand: recipe.test(place),
      reloadCommand: recipe.reload(place),
      breakConfiguration: () => writeFileSync(configPath, `${config}\n${recipe.brokenLine}\n`),
      mendConfiguration: () => writeFileSync(configPath, config),
      logs: () => `${server.logs()}\n${logs()}`,
      stop: async () => {
        quit()
        await server.stop()
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      },
    }
  } catch (cause) {
    quit()
    const log = logs()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    throw new Error(`${kind} did not start:\n${log}`, { cause })
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // not written yet
  }
}
