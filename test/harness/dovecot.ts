/**
 * Debian's dovecot with a folder and ports of its own: the logins of others (SASL), and IMAP and POP3 with STARTTLS where asked.
 *
 * @module
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

const GREETING_MS = 2000

/** It starts each of its parts under another user, which only root can. */
export const CAN_RUN_DOVECOT = process.getuid?.() === 0

export interface DovecotWish {
  readonly user: string
  readonly password: string
  /** With it, IMAP and POP3 are served and offer STARTTLS. */
  readonly tls?: { readonly chainPem: string; readonly privateKeyPem: string }
}

export interface Dovecot {
  /** UNIX socket that speaks dovecot's authentication protocol, for everybody. */
  readonly authSocket: string
  readonly imapPort: number
  readonly pop3Port: number
  /** What it reads, with `tls`. */
  readonly certificatePath: string
  readonly keyPath: string
  readonly reloadCommand: readonly string[]
  stop(): Promise<void>
}

export async function startDovecot(wish: DovecotWish): Promise<Dovecot> {
  if (!CAN_RUN_DOVECOT) throw new Error('dovecot runs its parts under other users: run the tests as root to have it')
  const folder = mkdtempSync(join(tmpdir(), 'evercert-dovecot-'))
  chmodSync(folder, 0o755)
  const [imapPort, pop3Port] = [await freePort(), await freePort()]
  const settings = join(folder, 'dovecot.conf')
  const authSocket = join(folder, 'auth')
  writeFileSync(join(folder, 'users'), `${wish.user}:{PLAIN}${wish.password}\n`)
  if (wish.tls !== undefined) {
    writeFileSync(join(folder, 'chain.pem'), wish.tls.chainPem)
    writeFileSync(join(folder, 'key.pem'), wish.tls.privateKeyPem, { mode: 0o600 })
  }
  writeFileSync(settings, configuration({ folder, authSocket, imapPort, pop3Port, hasTls: wish.tls !== undefined }))
  const running = await startProcess({
    command: '/usr/sbin/dovecot',
    args: ['-F', '-c', settings],
    debianPackage: 'dovecot-imapd dovecot-pop3d',
    isReady: async () =>
      (await answers(authSocket, 'VERSION')) &&
      (wish.tls === undefined || ((await answers(imapPort, '* OK')) && (await answers(pop3Port, '+OK')))),
  })
  return {
    authSocket,
    certificatePath: join(folder, 'chain.pem'),
    keyPath: join(folder, 'key.pem'),
    reloadCommand: ['/usr/bin/doveadm', '-c', settings, 'reload'],
    imapPort,
    pop3Port,
    stop: async () => {
      await running.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Whether the server greets so. */
export function answers(place: number | string, greeting: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString('latin1').startsWith(greeting))
    })
    for (const end of ['error', 'close']) socket.once(end, () => resolve(false))
    socket.setTimeout(GREETING_MS, () => socket.destroy())
  })
}

interface Place {
  readonly folder: string
  readonly authSocket: string
  readonly imapPort: number
  readonly pop3Port: number
  readonly hasTls: boolean
}

function configuration({ folder, authSocket, imapPort, pop3Port, hasTls }: Place): string {
  const listener = (protocol: 'imap' | 'pop3', port: number) => `service ${protocol}-login {
  inet_listener ${protocol} {
    port = ${port}
  }
  inet_listener ${protocol}s {
    port = 0
  }
}
`
  const tls = `ssl = yes
ssl_cert = <${folder}/chain.pem
ssl_key = <${folder}/key.pem
${listener('imap', imapPort)}${listener('pop3', pop3Port)}`
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
listen = 127.0.0.1
protocols = ${hasTls ? 'imap pop3' : ''}
mail_location = maildir:${folder}/mail
auth_mechanisms = plain
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
service auth {
  unix_listener ${authSocket} {
    mode = 0666
  }
}
${hasTls ? tls : 'ssl = no\n'}`
}
