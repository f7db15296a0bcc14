// Installs the Debian packages that the tests and benches use where it can (root and apt-get); otherwise names the one command.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian package, the program that shows it is there, and one that does as well where the package cannot be had. */
const PROGRAMS: readonly (readonly [packageName: string, program: string, substitute?: string])[] = [
  ['pebble', 'pebble'],
  ['caddy', 'caddy'],
  ['nginx-light', 'nginx'],
  ['bind9', 'named'],
  ['bind9-dnsutils', 'nsupdate'],
  ['postgresql', 'initdb'],
  ['postfix', 'postfix'],
  ['dovecot-imapd', 'dovecot'],
  ['dovecot-pop3d', 'pop3-login'],
  ['slapd', 'slapd'],
  ['vsftpd', 'vsftpd'],
  ['mariadb-server-core', 'mariadbd'],
  ['openssl', 'openssl'],
  ['acl', 'setfacl'],
  ['strace', 'strace'],
  ['iproute2', 'ip'],
  ['softhsm2', 'softhsm2-util'],
  ['default-jre-headless', 'keytool'],
  // The programs alone, without the packages that start them as services.
  ['apache2-bin', 'apache2'],
  ['tomcat10-common', 'catalina.sh'],
  ['haproxy', 'haproxy'],
  ['lighttpd-mod-openssl', 'mod_openssl.so'],
  ['lighttpd', 'lighttpd'],
  ['tinyproxy-bin', 'tinyproxy'],
  ['openssh-server', 'sshd'],
  ['certbot', 'certbot'],
  ['lego', 'lego'],
  ['zip', 'zip'],
  ['chromium-headless-shell', 'chromium-headless-shell', 'chromium'],
]

function isInstalled(program: string): boolean {
  const postgres = '/usr/lib/postgresql'
  const versions = existsSync(postgres) ? readdirSync(postgres).map((version) => join(postgres, version, 'bin')) : []
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    '/usr/lib/dovecot',
    '/usr/lib/lighttpd',
    '/usr/share/tomcat10/bin',
    ...versions,
  ]
  return folders.some((folder) => existsSync(join(folder, program)))
}

/** The Debian packages without which tests fail on this machine. */
export function missingPrograms(): string[] {
  return wantedPackages(
    ([, program, substitute]) => isInstalled(program) || (substitute !== undefined && isInstalled(substitute)),
  )
}

function wantedPackages(isThere: (entry: (typeof PROGRAMS)[number]) => boolean): string[] {
  return PROGRAMS.filter((entry) => !isThere(entry)).map(([name]) => name)
}

function aptGet(args: readonly string[]): boolean {
  const result = spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  return result.status === 0
}

const START_POLICY = '/usr/sbin/policy-rc.d'

/** The tests start servers of their own, on ports of their own: those that the packages bring stay stopped (policy-rc.d(8)). */
function withoutStarting<Value>(work: () => Value): Value {
  if (existsSync(START_POLICY)) return work()
  writeFileSync(START_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return work()
  } finally {
    rmSync(START_POLICY)
  }
}

function install(): number {
  const missing = wantedPackages(([, program]) => isInstalled(program))
  if (missing.length === 0) return 0
  const isNeeded = missingPrograms().length > 0
  const command = `apt-get install ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`These programs are missing. Install them, then run again: ${command}`)
    return isNeeded ? 1 : 0
  }
  console.error(`Installing what the tests use: ${missing.join(' ')} ...`)
  const isDone = withoutStarting(
    () => aptGet(['update', '-qq']) && aptGet(['install', '-y', '-qq', '--no-install-recommends', ...missing]),
  )
  if (!isDone) {
    console.error(`"${command}" failed. Run it by hand, then run again.`)
    return missingPrograms().length > 0 ? 1 : 0
  }
  return 0
}

if (import.meta.main) process.exit(install())
