/**
 * STARTTLS against real servers; XMPP, and what goes wrong, against fixtures that check what they are sent byte by byte.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { CAN_RUN_DOVECOT, startDovecot, type Dovecot } from '../../../../test/harness/dovecot.ts'
import { NO_MAIL_SERVER, startMailServer, type MailServer } from '../../../../test/harness/mail-server.ts'
import { startPostgres, type Postgres } from '../../../../test/harness/postgres.ts'
import { startMariadb, startSlapd, startVsftpd, type StartedServer } from '../../../../test/harness/starttls-servers.ts'
import { verifyHost, type EndpointProtocol } from '../../src/probe/index.ts'
import { serveTcp, type Running } from './servers.ts'

const authority = createChain()
const leaf = authority.issue({ names: ['localhost'], key: 'rsa2048' })
const roots = [authority.rootPem]

function verify(protocol: EndpointProtocol, port: number, expected: TestLeaf | { sha256: string } = leaf, extraRoots = roots) {
  return verifyHost({
    host: 'localhost',
    port,
    protocol,
    resolver: () => Promise.resolve(['127.0.0.1']),
    expected: { sha256: expected.sha256 },
    concurrency: 4,
    timeoutMs: 3000,
    trustedRootsPem: extraRoots,
    now: Date.now(),
  })
}

async function verdictOf(...args: Parameters<typeof verify>) {
  const [address] = (await verify(...args)).addresses
  return [address?.verdict, address?.observation.reachable === false ? address.observation.failure : null]
}

describe.skipIf(!CAN_RUN_DOVECOT)('mail, by postfix and dovecot, which need root', () => {
  let mail: MailServer
  let dovecot: Dovecot
  beforeAll(async () => {
    ;[mail, dovecot] = await Promise.all([startMailServer(), startDovecot({ user: 'a', password: 'b', tls: leaf })])
  })
  afterAll(() => Promise.all([mail.stop(), dovecot.stop()]))

  test('postfix', async () => {
    expect(NO_MAIL_SERVER).toBeNull()
    expect(await verdictOf('smtp', mail.port, mail, [mail.rootPem])).toEqual(['served', null])
    expect(await verdictOf('smtp', mail.port, leaf, [mail.rootPem])).toEqual(['otherCertificate', null])
    expect(await verdictOf('smtp', mail.plainPort)).toEqual(['notTls', 'noStartTls'])
    expect(await verdictOf('tls', mail.port)).toEqual(['notTls', 'notTls'])
  })

  test('dovecot: IMAP and POP3', async () => {
    expect(await verdictOf('imap', dovecot.imapPort)).toEqual(['served', null])
    expect(await verdictOf('pop3', dovecot.pop3Port)).toEqual(['served', null])
    expect(await verdictOf('imap', dovecot.pop3Port)).toEqual(['notTls', 'wrongProtocol'])
    expect(await verdictOf('smtp', dovecot.imapPort)).toEqual(['notTls', 'wrongProtocol'])
  })
})

describe('directories, files, databases', () => {
  let postgres: Postgres
  let plainPostgres: Postgres
  let slapd: StartedServer
  let mariadb: StartedServer
  beforeAll(async () => {
    ;[postgres, plainPostgres, slapd, mariadb] = await Promise.all([
      startPostgres({ tls: leaf }),
      startPostgres(),
      startSlapd(leaf),
      startMariadb(leaf),
    ])
  })
  afterAll(() => Promise.all([postgres.stop(), plainPostgres.stop(), slapd.stop(), mariadb.stop()]))

  test('PostgreSQL', async () => {
    expect(await verdictOf('postgresql', postgres.port)).toEqual(['served', null])
    expect(await verdictOf('postgresql', plainPostgres.port)).toEqual(['notTls', 'noStartTls'])
  })
  test('OpenLDAP', async () => {
    expect(await verdictOf('ldap', slapd.port)).toEqual(['served', null])
  })
  test('MariaDB', async () => {
    expect(await verdictOf('mysql', mariadb.port)).toEqual(['served', null])
  })
  test.skipIf(process.getuid?.() !== 0)('vsftpd, which needs root', async () => {
    const vsftpd = await startVsftpd(leaf)
    expect(await verdictOf('ftp', vsftpd.port)).toEqual(['served', null])
    await vsftpd.stop()
  })
})

/** Expects each text and answers it; after the last one speaks TLS, where the script says so. */
function serveScript(steps: readonly { readonly expects: string; readonly says: string }[], greeting = '', tls = true) {
  const seen: string[] = []
  const onConnection = (socket: Socket): void => {
    let at = 0
    let received = ''
    socket.write(greeting)
    const onData = (data: Buffer): void => {
      received += data.toString('latin1')
      const step = steps[at]
      if (step === undefined || received.length < step.expects.length) return
      seen.push(received)
      if (received !== step.expects) return void socket.destroy()
      received = ''
      at += 1
      socket.write(Buffer.from(step.says, 'latin1'))
      if (at < steps.length || !tls) return
      socket.off('data', onData)
      const secured = new TLSSocket(socket, { isServer: true, cert: leaf.chainPem, key: leaf.privateKeyPem })
      secured.on('error', () => {}).resume()
    }
    socket.on('data', onData)
  }
  return { running: serveTcp(onConnection), seen }
}

async function withScript(
  protocol: EndpointProtocol,
  script: ReturnType<typeof serveScript>,
): Promise<readonly (string | null | undefined)[]> {
  const running: Running = await script.running
  try {
    return await verdictOf(protocol, running.port)
  } finally {
    await running.close()
  }
}

const STREAM =
  "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
const START = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
const FEATURES = `<?xml version='1.0'?><stream:stream from='localhost' id='1' version='1.0' xmlns:stream='http://etherx.jabber.org/streams'><stream:features>${START.replace('/>', '><required/></starttls>')}</stream:features>`

describe('fixtures that check every byte', () => {
  test('XMPP', async () => {
    const go = { expects: START, says: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" }
    expect(await withScript('xmpp', serveScript([{ expects: STREAM, says: FEATURES }, go]))).toEqual(['served', null])
    const without = FEATURES.replace(/<starttls.*<\/starttls>/, '')
    expect(await withScript('xmpp', serveScript([{ expects: STREAM, says: without }], '', false))).toEqual([
      'notTls',
      'noStartTls',
    ])
    const refusing = { ...go, says: "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>" }
    const refused = serveScript([{ expects: STREAM, says: FEATURES }, refusing], '', false)
    expect(await withScript('xmpp', refused)).toEqual(['notTls', 'noStartTls'])
  })

  test('PostgreSQL and LDAP ask with exactly these bytes', async () => {
    const ssl = serveScript([{ expects: '\0\0\0\b\x04\xd2\x16\x2f', says: 'S' }])
    expect(await withScript('postgresql', ssl)).toEqual(['served', null])
    const request = `0\x1d\x02\x01\x01w\x18\x80\x161.3.6.1.4.1.1466.20037`
    expect(
      await withScript('ldap', serveScript([{ expects: request, says: '0\x0c\x02\x01\x01x\x07\n\x01\0\x04\0\x04\0' }])),
    ).toEqual(['served', null])
    const refusal = serveScript([{ expects: request, says: '0\x0c\x02\x01\x01x\x07\n\x01\x02\x04\0\x04\0' }], '', false)
    expect(await withScript('ldap', refusal)).toEqual(['notTls', 'noStartTls'])
  })

  test('what comes after the answer and before TLS is refused: it could be taken for protected', async () => {
    const injecting = serveScript([{ expects: '\0\0\0\b\x04\xd2\x16\x2f', says: 'SR\0\0\0\b\0\0\0\0' }], '', false)
    expect(await withScript('postgresql', injecting)).toEqual(['notTls', 'wrongProtocol'])
    const stripped = serveScript([{ expects: 'STLS\r\n', says: '+OK go\r\n+OK logged in\r\n' }], '+OK hello\r\n', false)
    expect(await withScript('pop3', stripped)).toEqual(['notTls', 'wrongProtocol'])
  })

  test.each<[EndpointProtocol, string]>([
    ['smtp', '220 endless\r\n'.repeat(0) + '220-'.padEnd(9000, 'x')],
    ['imap', 'x'.repeat(70_000)],
    ['ftp', '220-a\r\n'.repeat(10_000)],
    ['mysql', '\xff\xff\xff\0'],
    ['ldap', '0\x84\xff\xff\xff\xff'],
    ['xmpp', '<'.padEnd(70_000, 'x')],
  ])('%s: a greeting without end is cut off', async (protocol, greeting) => {
    expect(await withScript(protocol, serveScript([], greeting, false))).toEqual(['notTls', 'wrongProtocol'])
  })

  test('silence ends with the time-out, and closes the connection', async () => {
    const running = await serveTcp(() => {})
    expect(await verdictOf('smtp', running.port)).toEqual(['unreachable', 'timedOut'])
    await expect.poll(() => running.countOpen()).toBe(0)
    await running.close()
  })

  test('a connection that is closed in the middle is a reset; no listener is a refusal', async () => {
    const running = await serveTcp((socket) => socket.end('220 hello\r\n'))
    expect(await verdictOf('smtp', running.port)).toEqual(['unreachable', 'reset'])
    await running.close()
    expect(await verdictOf('smtp', running.port)).toEqual(['unreachable', 'refused'])
  })
})
