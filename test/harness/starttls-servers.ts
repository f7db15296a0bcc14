/**
 * Debian's OpenLDAP, vsftpd and MariaDB with a certificate, a folder and a port of their own: servers that begin in the clear. There is
 * nothing in them.
 *
 * @module
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answers } from './dovecot.ts'
import { accepts, freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface TlsPair {
  readonly chainPem: string
  readonly privateKeyPem: string
}

export interface StartedServer {
  /** On 127.0.0.1. */
  readonly port: number
  stop(): Promise<void>
}

interface Recipe {
  readonly command: string
  readonly debianPackage: string
  readonly args: (folder: string, port: number) => readonly string[]
  readonly settings: (folder: string, port: number) => string
  readonly isReady: (port: number) => Promise<boolean>
}

async function start(recipe: Recipe, pair: TlsPair): Promise<StartedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-starttls-'))
  const port = await freePort()
  chmodSync(folder, 0o755)
  for (const name of ['data', 'empty']) mkdirSync(join(folder, name), { mode: 0o755 })
  writeFileSync(join(folder, 'chain.pem'), pair.chainPem)
  writeFileSync(join(folder, 'key.pem'), pair.privateKeyPem, { mode: 0o600 })
  writeFileSync(join(folder, 'settings'), recipe.settings(folder, port))
  const running = await startProcess({
    command: recipe.command,
    args: recipe.args(folder, port),
    debianPackage: recipe.debianPackage,
    isReady: () => recipe.isReady(port),
  })
  return {
    port,
    stop: async () => {
      await running.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** OpenLDAP; its GnuTLS wants the key beside the chain. */
export function startSlapd(pair: TlsPair): Promise<StartedServer> {
  return start(
    {
      command: '/usr/sbin/slapd',
      debianPackage: 'slapd',
      args: (folder, port) => ['-d', '0', '-h', `ldap://127.0.0.1:${port}`, '-f', join(folder, 'settings')],
      settings: (folder) => `include /etc/ldap/schema/core.schema
pidfile ${folder}/slapd.pid
TLSCertificateFile ${folder}/chain.pem
TLSCertificateKeyFile ${folder}/key.pem
`,
      isReady: accepts,
    },
    pair,
  )
}

export function startVsftpd(pair: TlsPair): Promise<StartedServer> {
  return start(
    {
      command: '/usr/sbin/vsftpd',
      debianPackage: 'vsftpd',
      args: (folder) => [join(folder, 'settings')],
      settings: (folder, port) => `listen=YES
listen_address=127.0.0.1
listen_port=${port}
background=NO
anonymous_enable=YES
nopriv_user=nobody
ftp_username=nobody
secure_chroot_dir=${folder}/empty
ssl_enable=YES
rsa_cert_file=${folder}/chain.pem
rsa_private_key_file=${folder}/key.pem
`,
      isReady: (port) => answers(port, '220'),
    },
    pair,
  )
}

/** Without any table: it greets and shakes hands, and that is all it is asked for. */
export function startMariadb(pair: TlsPair): Promise<StartedServer> {
  return start(
    {
      command: '/usr/sbin/mariadbd',
      debianPackage: 'mariadb-server-core',
      args: (folder, port) => [
        '--no-defaults',
        ...(process.getuid?.() === 0 ? ['--user=root'] : []),
        `--datadir=${join(folder, 'data')}`,
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-grant-tables=1',
        '--skip-networking=0',
        '--skip-name-resolve',
        '--skip-innodb',
        '--default-storage-engine=Aria',
        `--ssl-cert=${join(folder, 'chain.pem')}`,
        `--ssl-key=${join(folder, 'key.pem')}`,
      ],
      settings: () => '',
      isReady: accepts,
    },
    pair,
  )
}
