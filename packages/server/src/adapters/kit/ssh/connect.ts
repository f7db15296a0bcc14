/**
 * A connection to a server whose key is pinned, over an address that the operator allows. ssh2 is loaded when the first is opened.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Client, SFTPWrapper } from 'ssh2'
import { AppError } from '../../../domain/errors.ts'
import type { AdapterKit, SshLimits } from '../../../ports/kit.ts'
import type { SshSettings } from './ssh-settings.ts'

export interface SshConnection {
  readonly client: Client
  readonly sftp: SFTPWrapper
  /** Rejects, with `targetUnreachable`, when the connection ends before `close`. */
  readonly lost: Promise<never>
  /**
   * Waits for an answer, within its limit. Who does not answer is believed no more: the connection is cut, and all who use it hear why.
   *
   * @param question for people: `rename /etc/tls/a.pem`
   * @throws AppError `targetUnreachable`
   */
  readonly answered: <Value>(question: string, answer: Promise<Value>) => Promise<Value>
  close(): void
}

const LIMITS: SshLimits = { readyMs: 15_000, answerMs: 30_000, endMs: 2_000 }
const KEEPALIVE_MS = 5_000

/**
 * @throws AppError `targetUnreachable`, `addressForbidden`, `credentialsRejected`, `misconfigured` (another host key, an unreadable
 * private key)
 */
export async function connectSsh(settings: SshSettings, kit: AdapterKit): Promise<SshConnection> {
  const where = `${settings.user}@${settings.host}:${settings.port}`
  const { sshLimits: limits = LIMITS } = kit
  const address = await allowedAddress(settings.host, kit)
  const { Client: SshClient } = (await import('ssh2')).default
  const client = new SshClient()
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => {}) // whoever waits for an answer has it
  let shown: string | null = null
  const ready = Promise.withResolvers<void>()
  client.once('ready', () => {
    client.setNoDelay(true) // many small questions, each waiting for the answer to the one before
    ready.resolve()
  })
  client.on('error', (error) => {
    ready.reject(toAppError(where, error, shown))
    lost.reject(unreachable(where, error.message))
  })
  client.once('close', () => {
    ready.reject(unreachable(where, 'the connection was closed'))
    lost.reject(unreachable(where, 'the connection was closed'))
  })
  const answered: SshConnection['answered'] = (question, answer) => {
    const timer = setTimeout(() => {
      lost.reject(unreachable(where, noAnswer(question, limits.answerMs)))
      client.destroy()
    }, limits.answerMs)
    return Promise.race([lost.promise, answer]).finally(() => clearTimeout(timer))
  }
  const close = (): void => {
    const timer = setTimeout(() => client.destroy(), limits.endMs)
    client.once('close', () => clearTimeout(timer))
    client.end()
  }
  try {
    client.connect({
      host: address,
      port: settings.port,
      username: settings.user,
      readyTimeout: limits.readyMs,
      keepaliveInterval: KEEPALIVE_MS,
      hostVerifier: (key: Buffer) => {
        const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
        if (settings.hostKeys.some((pinned) => isSame(pinned, fingerprint))) return true
        shown = fingerprint
        return false
      },
      ...(settings.privateKey !== undefined && { privateKey: settings.privateKey }),
      ...(settings.passphrase !== undefined && { passphrase: settings.passphrase }),
      ...(settings.password !== undefined && { password: settings.password }),
    })
    await ready.promise
    const sftp = await answered('the sftp subsystem', openSftp(client, where))
    return { client, sftp, lost: lost.promise, answered, close }
  } catch (error) {
    close()
    throw error instanceof AppError ? error : new AppError('misconfigured', badKey(where), { cause: error })
  }
}

function noAnswer(question: string, limitMs: number): string {
  return `no answer to ${question} within ${limitMs / 1_000} s, the connection was cut: look at the load and the disks of the server`
}

function openSftp(client: Client, where: string): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error === undefined) return resolve(sftp)
      reject(
        new AppError('misconfigured', `Connecting to ${where}: it offers no SFTP (${error.message}): allow the sftp subsystem.`),
      )
    })
  })
}

/** One that is not allowed refuses them all. @throws AppError `addressForbidden`, `targetUnreachable` */
async function allowedAddress(host: string, kit: AdapterKit): Promise<string> {
  const addresses = isIP(host) === 0 ? await kit.resolver.resolveAddresses(host) : [host]
  for (const address of addresses) {
    const refusal = kit.guardAddress(address)
    if (refusal === null) continue
    throw new AppError(
      'addressForbidden',
      `Connecting to ${host}: ${address} is ${refusal}: allow the range with EVERCERT_ALLOW_ADDRESSES if this is meant.`,
    )
  }
  const [address] = addresses
  if (address === undefined) throw unreachable(host, 'the name has no address')
  return address
}

function isSame(pinned: string, shown: string): boolean {
  return pinned.length === shown.length && timingSafeEqual(Buffer.from(pinned), Buffer.from(shown))
}

function toAppError(where: string, error: Error & { level?: string }, shownKey: string | null): AppError {
  if (shownKey !== null) {
    return new AppError(
      'misconfigured',
      `Connecting to ${where}: the server shows the host key ${shownKey}, which is not pinned; nothing was sent: if the server was set up anew, add this fingerprint to the target's hostKeys.`,
      { facts: { shownKey } },
    )
  }
  if (error.level === 'client-authentication') {
    return new AppError(
      'credentialsRejected',
      `Connecting to ${where}: the server accepts neither the key nor the password: correct them.`,
    )
  }
  return unreachable(where, error.message)
}

function badKey(where: string): string {
  return `Connecting to ${where}: the private key cannot be read: give an OpenSSH or PEM key, with its passphrase if it has one.`
}

export function unreachable(where: string, reason: string): AppError {
  return new AppError('targetUnreachable', `Connecting to ${where}: ${reason}: it is tried again later.`)
}
