/**
 * Mail, by any SMTP server: STARTTLS or TLS, with or without a login.
 *
 * @module
 */
import { isIP } from 'node:net'
import { getCACertificates } from 'node:tls'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief } from '../kit/post-json.ts'
import { destination, secret } from '../kit/secret.ts'

const smtpConfig = z.object({
  host: destination(z.string().min(1).max(253).meta({ description: 'Mail server' })),
  port: destination(z.int().min(1).max(65_535).default(587)),
  security: destination(
    z.enum(['starttls', 'tls', 'none']).default('starttls').meta({
      description: 'starttls (usually port 587), tls (465), or none: readable on the way, for a server on this machine',
    }),
  ),
  user: z.string().min(1).optional().meta({ description: 'Login; leave out when the server wants none' }),
  password: secret('Password of the login').optional(),
  from: z.email().meta({ description: 'Sender address' }),
  caPem: destination(z.string().min(1).optional().meta({ description: 'PEM roots to trust besides those of the system' })),
})

type Config = z.infer<typeof smtpConfig>

const WHAT = 'Sending mail'
const TIMEOUT_MS = 15_000
const TOTAL_MS = 60_000

export const smtp = notifyAdapter<Config>({
  kind: 'notify',
  id: 'smtp',
  title: 'Mail (SMTP)',
  apiDocs: 'RFC 5321, RFC 3207, RFC 4954',
  config: smtpConfig,
  create: (config, kit) => ({ send: (message, signal) => send(config, kit, message, signal) }),
})

async function send(config: Config, kit: AdapterKit, message: NoticeMessage, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted()
  if (message.recipients.length === 0) {
    throw new AppError('misconfigured', `${WHAT}: there are no recipients: add some to the notice settings`)
  }
  const timeout = AbortSignal.timeout(TOTAL_MS)
  const { createTransport } = await import('nodemailer') // a tenth of the start, and of no use without mail
  const transport = createTransport({ ...transportOptions(config, await addressOf(config, kit)) })
  try {
    const result = await transport.sendMail({
      ...toMail(config, message),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    const refused = result.rejected.length === 0 ? '' : `; refused: ${result.rejected.map(String).join(', ')}`
    return brief(`${result.response}${refused}`)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw refusalOf(config, error)
  } finally {
    transport.close()
  }
}

/** The name is looked up once and the connection goes to that address: nobody reaches the operator's own network this way. */
async function addressOf({ host }: Config, kit: AdapterKit): Promise<string> {
  const addresses = isIP(host) === 0 ? await kit.resolver.resolveAddresses(host) : [host]
  for (const address of addresses) {
    const refusal = kit.guardAddress(address)
    if (refusal === null) continue
    throw new AppError(
      'addressForbidden',
      `${WHAT}: ${host} has the address ${address}, which is ${refusal}: allow it with EVERCERT_ALLOW_ADDRESSES`,
    )
  }
  const [address] = addresses
  if (address !== undefined) return address
  throw new AppError('upstreamUnavailable', `${WHAT}: the server ${host} has no address: check the name and its DNS`)
}

function transportOptions(config: Config, address: string) {
  const { host, port, security, user, password, caPem } = config
  return {
    host: address,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: {
      minVersion: 'TLSv1.2' as const,
      ...(isIP(host) === 0 && { servername: host }),
      ...(caPem !== undefined && { ca: [...getCACertificates('default'), caPem] }),
    },
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function toMail({ from }: Config, { id, title, text, url, createdAt, language, recipients }: NoticeMessage) {
  return {
    from: { name: 'Evercert', address: from },
    to: recipients.map(({ name, email }) => ({ name, address: email })),
    subject: title,
    text: url === null ? `${text}\n` : `${text}\n\n${url}\n`,
    date: new Date(createdAt),
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    headers: {
      'Auto-Submitted': 'auto-generated', // RFC 3834 §5: no vacation note answers it
      'Content-Language': language,
    },
  }
}

interface MailFailure {
  readonly code?: string
  readonly responseCode?: number
  readonly response?: string
  readonly message?: string
}

/** 4yz is a refusal for now, 5yz for good (RFC 5321 §4.2.1). */
function refusalOf({ host, port }: Config, error: unknown): AppError {
  const { code = '', responseCode = 0, response, message = '' } = error as MailFailure
  const said = brief(response ?? message)
  const what = `${WHAT} by ${host}:${port}: ${said}`
  const isFinal = responseCode >= 500
  if (code === 'EAUTH' && (isFinal || responseCode === 0))
    return new AppError('credentialsRejected', `${what}: correct user and password of the channel`)
  if (code === 'ENOAUTH') return new AppError('credentialsRejected', `${what}: give user and password of the channel`)
  if (isFinal) return new AppError('misconfigured', `${what}: correct sender and recipients, or ask the server's postmaster`)
  if (code === 'ETLS' || isAboutTrust(message))
    return new AppError('misconfigured', `${what}: check the channel's security, its host name and the server's certificate`)
  return new AppError('upstreamUnavailable', `${what}: it is tried again later`)
}

function isAboutTrust(message: string): boolean {
  return /certificate|self.signed|altnames/i.test(message)
}
