/**
 * A real OpenSSH server on a free loopback port, as root or as any user, that lets one key in.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { descendantsOf } from './descendants.ts'
import { accepts, freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface SshServer {
  readonly port: number
  /** Who may sign in: whoever started it. */
  readonly user: string
  /** `SHA256:…` of its host key. */
  readonly hostKey: string
  /** Opens the door. */
  readonly privateKey: string
  /** One that does not. */
  readonly strangersKey: string
  /** Ends all connections in the middle of whatever they do. */
  cut(): void
  /**
   * Stops what it started, so that it is there and does not answer: the sessions, or what gives them files. New ones are not concerned.
   *
   * @returns what ends the stopped ones
   */
  freeze(program: 'sshd' | 'sftp-server'): () => void
  logs(): string
  stop(): Promise<void>
}

export interface SshServerOptions {
  /** What runs instead of what was asked for, which is in SSH_ORIGINAL_COMMAND; a script. */
  readonly forcedCommand?: string
}

export const SFTP_SERVER = '/usr/lib/openssh/sftp-server'

/** Starts sshd and waits until it accepts connections. @throws Error with what it wrote when it does not start */
export async function startSshServer({ forcedCommand }: SshServerOptions = {}): Promise<SshServer> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-sshd-'))
  const port = await freePort()
  const isRoot = process.getuid?.() === 0
  if (isRoot && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 })
  for (const name of ['host', 'client', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  }
  const prefix = forcedCommand === undefined ? '' : `command="${forcedCommand}",restrict `
  writeFileSync(join(folder, 'authorized_keys'), prefix + readFileSync(join(folder, 'client.pub'), 'utf8'), { mode: 0o600 })
  const configPath = join(folder, 'sshd_config')
  writeFileSync(
    configPath,
    `ListenAddress 127.0.0.1
Port ${port}
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp ${SFTP_SERVER}
`,
  )
  const server = await startProcess({
    command: '/usr/sbin/sshd',
    args: ['-D', '-e', '-f', configPath],
    debianPackage: 'openssh-server',
    isReady: () => accepts(port),
  })
  const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'host.pub')], { encoding: 'utf8' })
  return {
    port,
    user: userInfo().username,
    hostKey: fingerprint.split(' ')[1] ?? '',
    privateKey: readFileSync(join(folder, 'client'), 'utf8'),
    strangersKey: readFileSync(join(folder, 'stranger'), 'utf8'),
    freeze: (program) => {
      const frozen = descendantsOf(server.pid).filter(({ name }) => name.startsWith(program))
      if (frozen.length === 0) throw new Error(`sshd has no ${program}`)
      for (const { pid } of frozen) process.kill(pid, 'SIGSTOP')
      return () => {
        for (const { pid } of frozen) endIfThere(pid)
      }
    },
    cut: () => void spawnSync('pkill', ['-KILL', '--parent', String(server.pid)]),
    logs: () => server.logs(),
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with its connection.
  }
}
