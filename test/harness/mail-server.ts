/**
 * A real mail server: Debian's postfix, with folders, ports and rules of its own; dovecot checks the logins. What it accepts is held in its
 * queue, where the test reads it.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChain } from './certificates.ts'
import { answers, CAN_RUN_DOVECOT, startDovecot } from './dovecot.ts'
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
  /** SHA-256 of its certificate, lower-case hex. */
  readonly sha256: string
  /** Each message that was accepted, oldest first, as it was sent, with `X-Envelope-To` added. */
  messages(): string[]
  stop(): Promise<void>
}

/** Another name of its certificate, for those who ask a name server of the test. */
export const MAIL_NAME = 'mail.evercert.test'

/** Why there is no mail server here; null when there is one. Tests that need it are skipped under this reason. */
export const NO_MAIL_SERVER: string | null = CAN_RUN_DOVECOT
  ? null
  : 'postfix and dovecot start their parts under other users, which only root can'

const POSTFIX = '/usr/sbin/postfix'
const DAEMONS = '/usr/lib/postfix/sbin'
const USER = 'evercert'
const PASSWORD = 'mail-secret-5b1c'

/** Recipients `refused@…` get 550 and `later@…` 451. */
export async function startMailServer(): Promise<MailServer> {
  const dovecot = await startDovecot({ user: USER, password: PASSWORD })
  try {
    return await startPostfix(dovecot)
  } catch (error) {
    await dovecot.stop()
    throw error
  }
}

async function startPostfix(dovecot: { readonly authSocket: string; stop(): Promise<void> }): Promise<MailServer> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-postfix-'))
  const [settings, queue, data] = ['conf', 'queue', 'data'].map((name) => join(folder, name)) as [string, string, string]
  const [port, tlsPort, plainPort] = [await freePort(), await freePort(), await freePort()]
  const leaf = createChain().issue({ names: ['localhost', MAIL_NAME] })
  const pair = join(folder, 'pair.pem')
  chmodSync(folder, 0o755)
  for (const place of [settings, queue, data]) mkdirSync(place)
  writeFileSync(pair, leaf.privateKeyPem + leaf.chainPem, { mode: 0o600 })
  writeFileSync(join(settings, 'main.cf'), mainSettings({ queue, data, pair, authSocket: dovecot.authSocket }))
  writeFileSync(join(settings, 'master.cf'), masterSettings({ port, tlsPort, plainPort }))
  execFileSync('chown', ['postfix', data])
  execFileSync(POSTFIX, ['-c', settings, 'check'], { stdio: 'pipe' }) // makes the queue's folders
  const running = await startProcess({
    command: join(DAEMONS, 'master'),
    args: ['-c', settings, '-s'], // in the foreground, with a process group of its own
    debianPackage: 'postfix',
    isReady: async () => (await answers(port, '220')) && (await answers(plainPort, '220')),
  })
  const seen = new Map<string, string>()
  const read = (id: string): string => {
    const message = seen.get(id) ?? readHeld(settings, id)
    seen.set(id, message)
    return message
  }
  return {
    port,
    tlsPort,
    plainPort,
    user: USER,
    password: PASSWORD,
    rootPem: leaf.rootPem,
    sha256: leaf.sha256,
    messages: () => readdirSync(join(queue, 'hold')).toSorted().map(read),
    stop: async () => {
      await Promise.all([running.stop(), dovecot.stop()])
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function readHeld(settings: string, id: string): string {
  const postcat = (what: string) => execFileSync('/usr/sbin/postcat', ['-c', settings, what, '-q', id], { encoding: 'utf8' })
  const recipients = [...postcat('-e').matchAll(/^recipient: (.*)$/gm)].map(([, address]) => address)
  return `X-Envelope-To: ${recipients.join(', ')}\n${postcat('-bh')}`
}

function mainSettings(place: { queue: string; data: string; pair: string; authSocket: string }): string {
  return `compatibility_level = 3.6
queue_directory = ${place.queue}
data_directory = ${place.data}
command_directory = /usr/sbin
daemon_directory = ${DAEMONS}
meta_directory = /etc/postfix
maillog_file = ${place.data}/log
maillog_file_prefixes = ${place.data}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination =
mynetworks =
alias_maps =
smtputf8_enable = yes
# Names of queue files that are in the order of time.
enable_long_queue_ids = yes
smtpd_tls_chain_files = ${place.pair}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = unix:${place.authSocket}
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_relay_restrictions =
marked_recipients = check_recipient_access inline:{ {refused@ = 550 5.1.1 no such mailbox here}, {later@ = 451 4.3.0 come back later} }
smtpd_recipient_restrictions = $marked_recipients, permit_sasl_authenticated, permit_mynetworks, reject
smtpd_data_restrictions = check_client_access static:HOLD
`
}

function masterSettings(ports: { port: number; tlsPort: number; plainPort: number }): string {
  return `127.0.0.1:${ports.port} inet n - n - - smtpd
127.0.0.1:${ports.tlsPort} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:${ports.plainPort} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_sasl_auth_enable=no
  -o mynetworks=127.0.0.0/8
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`
}
