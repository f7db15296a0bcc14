/**
 * A real mail server: Debian's exim, with a folder, ports and rules of its own. What it accepts stays in its queue, where the test reads it.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChain } from './certificates.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface MailServer {
  /** Offers STARTTLS; wants a login. */
  readonly port: number
  /** TLS from the first byte; wants a login. */
  readonly tlsPort: number
  /** Neither TLS nor login. */
  readonly plainPort: number
  readonly user: string
  readonly password: string
  /** The root of its certificate for `localhost` and {@link MAIL_NAME}. */
  readonly rootPem: string
  /** Each message that was accepted, oldest first, as it was sent, with `X-Envelope-To` added. */
  messages(): string[]
  stop(): Promise<void>
}

/** Another name of its certificate, for those who ask a name server of the test. */
export const MAIL_NAME = 'mail.evercert.test'
const EXIM = '/usr/sbin/exim4'
const USER = 'evercert'
const PASSWORD = 'mail-secret-5b1c'

/** Recipients `refused@…` get 550 and `later@…` 451. */
export async function startMailServer(): Promise<MailServer> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-exim-'))
  const spool = join(folder, 'spool')
  const [port, tlsPort, plainPort] = [await freePort(), await freePort(), await freePort()]
  const leaf = createChain().issue({ names: ['localhost', MAIL_NAME] })
  const certificate = join(folder, 'chain.pem')
  const key = join(folder, 'key.pem')
  const settings = join(folder, 'exim.conf')
  mkdirSync(spool)
  writeFileSync(certificate, leaf.chainPem)
  writeFileSync(key, leaf.privateKeyPem)
  writeFileSync(settings, configuration({ spool, certificate, key, port, tlsPort, plainPort }))
  const isRoot = process.getuid?.() === 0
  chmodSync(folder, 0o755)
  // Exim gives up being root; only its settings must stay root's.
  if (isRoot) execFileSync('chown', ['-R', 'Debian-exim:Debian-exim', spool, certificate, key])
  const running = await startProcess({
    command: EXIM,
    args: ['-C', settings, '-bdf'],
    debianPackage: 'exim4-daemon-light',
    isReady: async () => (await greets(port)) && (await greets(plainPort)),
  })
  return {
    port,
    tlsPort,
    plainPort,
    user: USER,
    password: PASSWORD,
    rootPem: leaf.rootPem,
    messages: () => queued(spool).map((id) => execFileSync(EXIM, ['-C', settings, '-Mvc', id], { encoding: 'utf8' })),
    stop: async () => {
      await running.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function queued(spool: string): string[] {
  const names = readdirSync(join(spool, 'input'), { recursive: true }).map((name) => String(name).split('/').at(-1) ?? '')
  return names
    .filter((name) => name.endsWith('-H'))
    .map((name) => name.slice(0, -2))
    .toSorted()
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', (data) => {
      socket.end('QUIT\r\n')
      resolve(data.toString().startsWith('220'))
    })
    socket.once('error', () => resolve(false))
  })
}

interface Place {
  readonly spool: string
  readonly certificate: string
  readonly key: string
  readonly port: number
  readonly tlsPort: number
  readonly plainPort: number
}

function configuration({ spool, certificate, key, port, tlsPort, plainPort }: Place): string {
  const login = (user: string, password: string): string => `\${if and{{eq{${user}}{${USER}}}{eq{${password}}{${PASSWORD}}}}}`
  return `primary_hostname = mail.test
local_interfaces = <; [127.0.0.1]:${port} ; [127.0.0.1]:${tlsPort} ; [127.0.0.1]:${plainPort}
tls_on_connect_ports = ${tlsPort}
tls_advertise_hosts = \${if eq{$received_port}{${plainPort}}{}{*}}
tls_certificate = ${certificate}
tls_privatekey = ${key}
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/exim.pid
host_lookup =
rfc1413_hosts =
queue_only = true
keep_environment =
acl_smtp_rcpt = check_recipient
acl_smtp_data = note_recipients

begin acl
check_recipient:
  deny    local_parts = refused
          message = no such mailbox here
  defer   local_parts = later
          message = come back later
  accept  condition = \${if eq{$received_port}{${plainPort}}}
  deny    !authenticated = *
          message = authentication required
  accept

note_recipients:
  warn    add_header = X-Envelope-To: $recipients
  accept

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_set_id = $auth2
  server_condition = ${login('$auth2', '$auth3')}
  server_advertise_condition = \${if def:tls_in_cipher}
`
}
