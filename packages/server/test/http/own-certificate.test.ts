/** The service's own certificate: managed by itself, replaced under its feet, broken on disk. `openssl s_client` says what is served. */
import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { CertificateDetail } from '@evercert/contract'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { createTemporaryPair } from '../../src/adapters/ca/index.ts'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { openOwnPair } from '../../src/http/own-pair.ts'
import { aForm, anAccount, aSite, buyCertificate, obtain } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { openerOf, temporaryFolder, type TestDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const open = openerOf('embedded')
const authority = createRoot()
// Handshakes are judged by the machine's clock: a certificate of last year that is in its window today.
const clock = createClock(Date.now() - 350 * DAY_MS)
let service: TestService
let database: TestDatabase
let files: { certificatePath: string; keyPath: string }
let port: number

beforeAll(async () => {
  database = await open()
  const folder = join(database.dataDir, 'own')
  mkdirSync(folder)
  files = { certificatePath: join(folder, 'chain.pem'), keyPath: join(folder, 'key.pem') }
  service = await startTestService({
    database,
    clock,
    environment: {
      EVERCERT_TLS_CERTIFICATE: files.certificatePath,
      EVERCERT_TLS_KEY: files.keyPath,
      EVERCERT_LOOPBACK_PORT: '0',
    },
  })
  port = Number(new URL(service.running.url).port)
})
afterAll(() => service.stop())

/** @param args added to `openssl s_client` */
async function handshake(...args: string[]): Promise<string> {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...args])
  child.stdin.end()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  return output
}

async function servedFingerprint(): Promise<string> {
  const pem = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/.exec(await handshake())?.[0] ?? ''
  const child = spawn('openssl', ['x509', '-noout', '-fingerprint', '-sha256'])
  child.stdin.end(pem)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  return output.split('=').at(-1)?.trim().replaceAll(':', '').toLowerCase() ?? ''
}

const serves = (sha256: string): Promise<boolean> =>
  waitFor(`${sha256} to be served`, async () => ((await servedFingerprint()) === sha256 ? true : null))

/** Each file in one instant, as others replace them. */
function put(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

test('from a first start without files to a renewal, the service is deployed to and proved on its own port', async () => {
  expect(service.running.ownCertificate?.problem).toContain('ENOENT')
  expect(await handshake()).toMatch(/self[- ]signed/)
  const account = await anAccount(service)
  const name = aSite(service)
  const bought = await buyCertificate(account)
  const first = await obtain(account, bought.id, aForm([name]))
  await account.client.endpoints.create({ certificateId: first.id, host: '127.0.0.1', port, serverName: name })
  await account.client.targets.create({ certificateId: first.id, name: 'the service itself', kind: 'localFiles', config: files })
  const proved = (id: string): Promise<CertificateDetail> =>
    waitFor('the proof', async () => {
      const detail = await account.client.certificates.verify({ id })
      return detail.servedAt === null ? null : detail
    })
  expect(await serves((await proved(first.id)).sha256 ?? '')).toBe(true)

  clock.moveTo(Date.now())
  const next = await buyCertificate(account, { renewsCertificateId: first.id })
  const { form } = await account.client.applications.get({ id: next.id })
  const renewed = await obtain(account, next.id, form)
  expect(renewed.sha256).not.toBe(first.sha256)
  const closed = await waitFor('the renewal to close', async () => {
    const detail = await account.client.certificates.get({ id: renewed.id })
    return detail.servedAt === null ? null : detail
  })
  expect(await servedFingerprint()).toBe(closed.sha256)
})

test('a request that is half-way when the pair changes is answered, and its connection goes on', async () => {
  const [before, after] = [authority.issue(), authority.issue()]
  put(files.certificatePath, before.chainPem)
  put(files.keyPath, before.privateKeyPem)
  await serves(before.sha256)
  const socket = connect({ host: '127.0.0.1', port, ca: authority.rootPem, servername: 'localhost' })
  const body = '{"name":"x"}'
  const answers = { text: '' }
  socket.on('data', (chunk: Buffer) => (answers.text += chunk.toString()))
  const head = `POST /api/v1/tokens HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`
  socket.write(`${head}authorization: Bearer ${service.operatorToken}\r\n\r\n${body.slice(0, 4)}`)
  put(files.certificatePath, after.chainPem)
  put(files.keyPath, after.privateKeyPem)
  expect(await serves(after.sha256)).toBe(true)
  expect(answers.text).toBe('')
  socket.write(body.slice(4))
  await waitFor('the answer', () => Promise.resolve(answers.text.includes('"code"') ? true : null))
  expect(answers.text).toMatch(/^HTTP\/1\.1 4\d\d/)
  answers.text = ''
  socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await waitFor('the next answer', () => Promise.resolve(answers.text.endsWith('ok') ? true : null))
  expect(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase()).toBe(before.sha256)
  socket.destroy()
})

test('TLS 1.1 is refused, 1.2 and 1.3 are spoken; only over TLS does an answer ask for TLS, and cookies are for TLS alone', async () => {
  expect(await handshake('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0')).toContain('Cipher is (NONE)')
  expect(await handshake('-tls1_2')).toContain('TLSv1.2, Cipher is ECDHE')
  expect(await handshake('-tls1_3')).toContain('TLSv1.3, Cipher is TLS')
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) =>
    request({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false }, (answer) => {
      answer.resume()
      resolve(answer.headers)
    })
      .once('error', reject)
      .end(),
  )
  expect(headers['strict-transport-security']).toBe('max-age=15552000')
  const plain = await service.fetch('/healthz')
  expect(plain.headers.get('strict-transport-security')).toBeNull()
  expect(service.services.signIn.hasCookie(new Headers({ cookie: '__Host-evercert.session_token=x' }))).toBe(true)
})

test('a broken pair keeps the one that works and says so, once; a sound one is taken', async () => {
  const folder = temporaryFolder()
  const paths = { certificatePath: join(folder, 'chain.pem'), keyPath: join(folder, 'key.pem') }
  const [first, second] = [authority.issue(), authority.issue()]
  const old = authority.issue({ notAfter: Date.now() - DAY_MS, notBefore: Date.now() - 9 * DAY_MS })
  put(paths.certificatePath, first.chainPem)
  put(paths.keyPath, first.privateKeyPem)
  const lines: { event: string; problem?: string }[] = []
  const log = pino(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString()) as { event: string })
        done()
      },
    }),
  )
  const makeTemporary = () => createTemporaryPair('localhost', Date.now())
  const pair = await openOwnPair({ files: paths, now: Date.now, log, makeTemporary, pollMs: 10 })
  const used: unknown[] = []
  onTestFinished(pair.watch(({ cert }) => void used.push(cert)))
  const problemAfter = async (change: () => void): Promise<string | undefined> => {
    const known = lines.length
    change()
    await waitFor('a line', () => Promise.resolve(lines.length > known ? true : null))
    expect([used, pair.current().sha256]).toEqual([[], first.sha256])
    return lines.at(-1)?.problem
  }
  expect(await problemAfter(() => put(paths.keyPath, second.privateKeyPem))).toContain('not that of the certificate')
  expect(await problemAfter(() => put(paths.certificatePath, 'nothing'))).toBeTruthy()
  expect(await problemAfter(() => put(paths.certificatePath, 'x'.repeat(300_000)))).toContain('larger than')
  const expired = (): void => {
    put(paths.keyPath, old.privateKeyPem)
    put(paths.certificatePath, old.chainPem)
  }
  expect(await problemAfter(expired)).toContain('expired')
  expect(lines.map(({ event }) => event)).toEqual(lines.map(() => 'tls.pairRefused'))
  put(paths.certificatePath, second.chainPem)
  put(paths.keyPath, second.privateKeyPem)
  await waitFor('the sound pair', () => Promise.resolve(used.length > 0 ? true : null))
  expect([used, pair.current().sha256]).toEqual([[second.chainPem], second.sha256])
  expect(JSON.stringify(lines)).not.toContain('PRIVATE KEY')
})

test('settings that cannot be meant are refused together', () => {
  const wrong = { EVERCERT_TLS_CERTIFICATE: '/etc/a.pem', EVERCERT_PUBLIC_URL: 'http://a.example.com' }
  expect(() => loadConfig(wrong)).toThrow(/one without the other[^]+https:/)
  expect(() => loadConfig({ EVERCERT_TLS_CERTIFICATE: 'a.pem', EVERCERT_TLS_KEY: '/k.pem' })).toThrow(ConfigError)
  expect(() => loadConfig({ EVERCERT_TLS_CERTIFICATE: '/a.pem', EVERCERT_TLS_KEY: '/a.pem' })).toThrow(/another file/)
})
