/**
 * Mail against Debian's postfix: STARTTLS, TLS and neither, with and without a login.
 */
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NO_MAIL_SERVER, startMailServer, type MailServer } from '../../../../test/harness/mail-server.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { smtp } from '../../src/adapters/notify/smtp.ts'
import { aMessage, notifyContract, type ArrivedMessage } from './notify-contract.ts'
import { createNotifyKits } from './notify-kit.ts'

/** Header and body of a mail as a reader shows them. */
function readMail(raw: string): ArrivedMessage {
  const [head = '', ...rest] = raw.replaceAll('\r\n', '\n').split('\n\n')
  const headers = head.replaceAll(/\n[ \t]+/g, ' ')
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1] ?? ''
  const subject = header('Subject')
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?([BQ])\?(.*?)\?=/gi, (_all, kind: string, text: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(text, 'base64').toString('latin1') : unquote(text.replaceAll('_', ' ')),
    )
  const body = rest.join('\n\n')
  const encoding = header('Content-Transfer-Encoding')
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? Buffer.from(unquote(body.replaceAll('=\n', '')), 'latin1').toString('utf8')
        : body
  return { id: header('Message-ID'), shown: `${Buffer.from(subject, 'latin1').toString('utf8')}\n${text}` }
}

function unquote(text: string): string {
  return text.replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Accepts connections and says nothing. */
async function startSilence(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(() => undefined)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

const settingsFor = (server: MailServer) => ({
  host: 'localhost',
  port: server.port,
  user: server.user,
  password: server.password,
  from: 'evercert@example.com',
  caPem: server.rootPem,
})
const only = (email: string) => ({ recipients: [{ name: 'Someone', email }] })

describe.skipIf(NO_MAIL_SERVER !== null)('with postfix and dovecot, which need root', () => {
  notifyContract('smtp, postfix with STARTTLS and a login', async () => {
    const server = await startMailServer()
    const silence = await startSilence()
    const kits = createNotifyKits()
    const deadPort = await freePort()
    const create = (wish: Record<string, unknown> = {}, kit = kits.kit) =>
      smtp.create(smtp.config.parse({ ...settingsFor(server), ...wish }), kit)
    const toOnly = (email: string) => {
      const channel = create()
      return { send: (message: ReturnType<typeof aMessage>) => channel.send({ ...message, ...only(email) }) }
    }
    return {
      channel: create(),
      arrived: () => server.messages().map(readMail),
      withWrongCredential: () => create({ password: 'another-password' }),
      refusals: {
        'no such mailbox (550)': () => ({ channel: toOnly('refused@example.com'), code: 'misconfigured' }),
        'come back later (451)': () => ({ channel: toOnly('later@example.com'), code: 'upstreamUnavailable' }),
        'no login': () => ({ channel: create({ user: undefined, password: undefined }), code: 'misconfigured' }),
        'a certificate that is not trusted': () => ({ channel: create({ caPem: undefined }), code: 'misconfigured' }),
        'a certificate for another name': () => ({ channel: create({ host: 'mail.localhost' }), code: 'misconfigured' }),
        'a server without STARTTLS': () => ({ channel: create({ port: server.plainPort }), code: 'misconfigured' }),
      },
      withOutage: () => create({ port: deadPort }),
      withSilence: () => create({ port: silence.port }),
      withForbiddenAddress: () => create({}, kits.strict),
      secrets: [server.password, 'another-password'],
      close: async () => {
        silence.close()
        await Promise.all([server.stop(), kits.close()])
      },
    }
  })
})

describe.skipIf(NO_MAIL_SERVER !== null)('mail by postfix and dovecot, which need root', () => {
  let server: MailServer
  const kits = createNotifyKits()
  beforeAll(async () => {
    server = await startMailServer()
  })
  afterAll(async () => {
    await Promise.all([server.stop(), kits.close()])
  })
  const create = (wish: Record<string, unknown>) => smtp.create(smtp.config.parse({ ...settingsFor(server), ...wish }), kits.kit)

  test('by TLS from the first byte', async () => {
    await create({ security: 'tls', port: server.tlsPort }).send(aMessage())
    expect(server.messages().at(-1)).toMatch(/with ESMTPSA id/)
  })

  test('without TLS and login, where that is said', async () => {
    await create({ security: 'none', port: server.plainPort, user: undefined, password: undefined }).send(aMessage())
    expect(server.messages().at(-1)).toMatch(/with ESMTP id/)
  })

  test('goes to every recipient, and says which were refused', async () => {
    const recipients = [
      { name: 'One', email: 'one@example.com' },
      { name: 'Gone', email: 'refused@example.com' },
      { name: 'Two', email: 'two@example.com' },
    ]
    expect(await create({}).send(aMessage({ recipients }))).toContain('refused@example.com')
    expect(server.messages().at(-1)).toMatch(/^X-Envelope-To: one@example\.com, two@example\.com$/m)
  })

  test('without recipients there is nobody to tell', async () => {
    await expect(create({}).send(aMessage({ recipients: [] }))).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('a title with line breaks is no header, and no vacation note answers', async () => {
    await create({}).send(
      aMessage({
        title: 'a\r\nBcc: victim@example.com',
        recipients: [{ name: 'A\r\nBcc: victim@example.com', email: 'ops@example.com' }],
      }),
    )
    const mail = server.messages().at(-1) ?? ''
    expect(mail).not.toMatch(/^Bcc:/im)
    expect(mail).toMatch(/^Auto-Submitted: auto-generated$/m)
  })
})
