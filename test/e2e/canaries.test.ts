/**
 * Secrets of every kind are put into a service that logs all it can, used and refused, by other sides that say back what they were sent.
 * Afterwards they are in no log line, table, file, answer or export.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contract, SCOPES } from '@evercert/contract'
import { createClient } from '@evercert/contract/client'
import { caAdapters } from '../../packages/server/src/adapters/ca/index.ts'
import { deployAdapters } from '../../packages/server/src/adapters/deploy/index.ts'
import { dnsAdapters } from '../../packages/server/src/adapters/dns/index.ts'
import { notifyAdapters } from '../../packages/server/src/adapters/notify/index.ts'
import { paymentAdapters } from '../../packages/server/src/adapters/payment/index.ts'
import { openGivenMasterKeys } from '../../packages/server/src/adapters/secrets/master-key-file.ts'
import { openDatabase, type Database } from '../../packages/server/src/db/connect.ts'
import { openKeyring } from '../../packages/server/src/services/keyring.ts'
import { secretPaths } from '../../packages/server/src/services/secret-settings.ts'
import { createVault, type Vault } from '../../packages/server/src/services/vault.ts'
import { openArchive } from '../../packages/server/test/support/archive.ts'
import { aCompany, aForeignCertificate, aForm, PRIVATE_SINGLE } from '../../packages/server/test/support/builders.ts'
import { createClock } from '../../packages/server/test/support/clock.ts'
import { openerOf, type TestDatabase } from '../../packages/server/test/support/databases.ts'
import { aPng, pngChunk } from '../../packages/server/test/support/images.ts'
import { environmentFor } from '../../packages/server/test/support/service.ts'
import { typedCalls } from '../../packages/server/test/support/typed-secrets.ts'
import { totpOf } from '../../packages/server/test/support/totp.ts'
import { waitFor } from '../../packages/server/test/support/wait-for.ts'
import { startDnsServer } from '../harness/dns-server.ts'
import { startHttpReceiver, type HttpReceiver } from '../harness/http-receiver.ts'
import { freePort } from '../harness/ports.ts'
import { startProcess, type RunningProcess } from '../harness/process.ts'
import { createSoftHsm, SOFTHSM_MODULE } from '../harness/softhsm.ts'
import { createCanaries, readFiles } from './support/canaries.ts'

const MAIN = join(import.meta.dirname, '../../packages/cli/bin/main.mjs')
const open = openerOf('embedded')
const folder = mkdtempSync(join(tmpdir(), 'evercert-canaries-'))
const canaries = createCanaries()
/** What was said by whom, and which secrets it may show: those that are told once, to who made them. */
const answers: { readonly what: string; readonly text: string; readonly shows: readonly string[] }[] = []
let database: TestDatabase
let url = ''
let operatorToken = ''
let echo: HttpReceiver
let service: RunningProcess | null = null
const echoes = { status: 422 }
let logs = ''
let tables = ''
let files: Map<string, Buffer>

interface Wish {
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string
  readonly token?: string | null
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly shows?: readonly string[]
}

interface Said {
  readonly status: number
  /** Whatever it is: the test reads what it needs. */
  readonly body: Record<string, string>
  readonly bytes: Buffer
  readonly headers: Headers
}

async function say(method: string, path: string, wish: Wish = {}): Promise<Said> {
  const token = wish.token === undefined ? operatorToken : wish.token
  const sent = wish.raw ?? (wish.body === undefined ? undefined : JSON.stringify(wish.body))
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(wish.cookie === undefined && token !== null && { authorization: `Bearer ${token}` }),
      ...(wish.cookie !== undefined && { cookie: wish.cookie, origin: url, 'sec-fetch-site': 'same-origin' }),
      ...(method !== 'GET' && { 'content-type': 'application/json', 'idempotency-key': randomBytes(8).toString('hex') }),
      ...wish.headers,
    },
    ...(sent !== undefined && { body: sent }),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = `${JSON.stringify([...response.headers])}\n${bytes.toString('utf8')}`
  answers.push({ what: `${method} ${path} ${response.status}`, text, shows: wish.shows ?? [] })
  let body = {}
  try {
    body = JSON.parse(bytes.toString('utf8')) as object
  } catch {
    // no JSON
  }
  return { status: response.status, body, bytes, headers: response.headers }
}

const POSTED = Object.values(contract).flatMap((members) =>
  Object.values(members).flatMap(({ '~orpc': { route } }) =>
    route.method === 'POST' ? [new RegExp(`^${(route.path ?? '').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)] : [],
  ),
)

async function post(path: string, body: unknown, wish: Wish = {}): Promise<Said> {
  if (!POSTED.some((route) => route.test(path))) throw new Error(`${path} is no operation`) // it would test nothing
  return say('POST', `/api/v1${path}`, { body, ...wish })
}

/** Which secret settings of which adapter were planted: `targets nginx ssh.password`. */
const plantedSettings = new Set<string>()

function noteSettings(place: string, value: unknown): void {
  if (typeof value === 'string' && canaries.find(value).length > 0) plantedSettings.add(place)
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) noteSettings(`${place}${place.endsWith(' ') ? '' : '.'}${name}`, inner)
}

/** As it is right, twice, with a setting too many, and with one of a wrong kind: an error must not quote what it refuses. */
async function createWrongToo(path: string, body: Record<string, unknown> & { kind: string; config: object }): Promise<Said> {
  noteSettings(`${path.slice(1)} ${body.kind} `, body.config)
  const made = await post(path, body)
  const secret = Object.values(body.config).find((value) => typeof value === 'string' && canaries.find(value).length > 0)
  await post(path, body)
  await post(path, { ...body, name: 'other', config: { ...body.config, surplus: secret } })
  for (const name of Object.keys(body.config)) {
    await post(path, { ...body, id: 'other', name: 'other', config: { ...body.config, [name]: [secret] } })
    await post(path, {
      ...body,
      id: 'other',
      name: 'other',
      config: { ...body.config, [name]: `\n${JSON.stringify(body.config)}` },
    })
  }
  return made
}

beforeAll(async () => {
  database = await open()
  const dns = await startDnsServer()
  echo = await startHttpReceiver(({ url: { pathname, search }, headers, body }) => {
    const configuration = openIdConfiguration(pathname)
    if (configuration !== null) return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(configuration) }
    const said = `${pathname}${search} ${JSON.stringify(headers)} ${body}`
    const failure = { errcode: 310_000, code: 19_001, error_code: 400, ok: false }
    return {
      status: echoes.status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ errmsg: said, msg: said, description: said, ...failure, error: { message: said } }),
    }
  })
  const port = await freePort()
  const environment = {
    ...environmentFor(database, dns, await freePort()),
    EVERCERT_PORT: String(port),
    EVERCERT_PUBLIC_URL: `http://localhost:${port}`,
    EVERCERT_LOG_LEVEL: 'debug',
  }
  const running = await serve(environment)
  url = /Ready at (\S+)/.exec(running.logs())?.[1] ?? ''
  operatorToken = canaries.plant('operator token', readFileSync(join(database.dataDir, 'operator.token'), 'utf8').trim())
  canaries.plant('master key', readFileSync(join(database.dataDir, 'master.key'), 'utf8').trim())
  const link = canaries.plant('first-operator link', /#token=(\S+)/.exec(running.logs())?.[1] ?? '')
  const certificateId = await keysAndCertificates()
  await connections(certificateId)
  await companyDocuments()
  await people(link)
  await singleSignOn()
  await typedWhereItDoesNotBelong()
  await agents()
  await issueOne((name) => dns.add(name, 'A', '127.0.0.1'))
  await post('/master-keys/rotate', {})
  await readAll()
  await running.stop()
  for (const line of readFileSync(join(database.dataDir, 'master.key'), 'utf8').trim().split('\n'))
    canaries.plant(`master key ${line.slice(0, 4)}`, line)
  tables = await dump()
  const ofToken = await masterKeyInToken(environment)
  // The one line that tells the link, once, to who starts the service.
  logs = `${running.logs().replace(/first user.*#token=\S+/, '')}\n${ofToken}`
  tables += await rowsOf(await openDatabase(database.settings))
  await dns.close()
  await echo.close()
  files = readFiles(database.dataDir)
})

afterAll(async () => {
  await service?.stop() // also when something failed before it was stopped
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
})

async function serve(env: Readonly<Record<string, string>>): Promise<RunningProcess> {
  service = await startProcess({
    command: process.execPath,
    args: [MAIN, 'serve'],
    env,
    debianPackage: 'nodejs',
    isReady: (text) => text.includes('Ready at'),
    timeoutMs: 60_000,
  })
  return service
}

async function keysAndCertificates(): Promise<string> {
  const clock = createClock(Date.now())
  const [one, other, ofCsr] = [0, 1, 2].map(() => aForeignCertificate({ clock }, { daysLeft: 20 }))
  if (one === undefined || other === undefined || ofCsr === undefined) throw new Error('no certificates')
  const key = canaries.plant('uploaded key', one.privateKeyPem)
  const wrong = canaries.plant('refused key', other.privateKeyPem)
  const uploaded = await post('/certificates', { name: 'canary', certificatePem: one.chainPem, privateKeyPem: key })
  expect(uploaded.status).toBe(201)
  for (const [certificatePem, privateKeyPem] of [
    [one.chainPem, wrong],
    [wrong, wrong],
    [one.chainPem, wrong.replaceAll('\n', ' ')],
    [one.chainPem, `${wrong.slice(0, -60)}*`],
  ])
    await post('/certificates', { name: 'x', certificatePem, privateKeyPem })
  // Under one Idempotency-Key the same body twice, and another.
  const headers = { 'idempotency-key': 'one' }
  for (const privateKeyPem of [key, key, wrong])
    await post('/certificates', { name: 'once', certificatePem: one.chainPem, privateKeyPem }, { headers })
  const imported = canaries.plant('imported key', ofCsr.privateKeyPem)
  await post('/certificate-uploads', {
    entries: [
      { name: 'imported', certificatePem: ofCsr.chainPem, privateKeyPem: imported },
      { name: 'mismatch', certificatePem: one.chainPem, privateKeyPem: imported },
      { name: 'reversed', certificatePem: imported, privateKeyPem: one.chainPem },
    ],
  })
  await post('/csrs', { name: 'made here', domains: ['csr.example.com'] })
  await post('/csrs/upload', { name: 'no csr', csrPem: imported, privateKeyPem: imported })
  // Where nobody expects them: not JSON, in the address, as a token.
  const broken = canaries.text('body that is no JSON')
  await say('POST', '/api/v1/tokens', { raw: `{"name": ${broken}` })
  await say('POST', '/api/v1/tokens', { raw: `${broken}{"name": 1}` })
  await say('POST', '/api/v1/tokens', { raw: JSON.stringify({ name: 1, scopes: [broken], surplus: broken }) })
  const inAddress = canaries.plant('token in an address', `evc_${randomBytes(24).toString('hex')}`)
  await say('GET', `/api/v1/certificates/${inAddress}`)
  await say('GET', `/api/v1/certificates?cursor=${inAddress}&token=${inAddress}`)
  await say('GET', `/nothing/${inAddress}?key=${inAddress}`)
  await say('GET', '/api/v1/me', { token: inAddress })
  await say('GET', '/api/v1/me', { token: null, headers: { authorization: `Basic ${inAddress}` } })
  return uploaded.body['id'] ?? ''
}

async function connections(certificateId: string): Promise<void> {
  const eab = { keyId: 'kid-1', hmacKey: canaries.base64('EAB key') }
  const acme = { title: 'EAB', kind: 'acme', config: { directoryUrl: `${echo.url}/dir`, eab, again: undefined } }
  await createWrongToo('/issuers', { id: 'acme-eab', ...acme })
  await post('/issuers', { id: 'acme-bad', ...acme, config: { ...acme.config, eab: { ...eab, hmacKey: ` ${eab.hmacKey}` } } })
  const tsig = { server: '127.0.0.1', port: 1, zone: 'example.com', keyName: 'k', secret: canaries.base64('TSIG secret') }
  await createWrongToo('/dns-connections', { name: 'tsig', kind: 'rfc2136', config: tsig })
  const whsec = (name: string): string => `whsec_${canaries.base64(name)}`
  const hook = (name: string): string => `${echo.url}/hook/${canaries.plant(name, randomBytes(20).toString('hex'))}`
  const mail = await startEchoingMailServer()
  const channels = {
    webhook: { url: hook('address of a webhook'), secret: whsec('secret of a webhook') },
    slack: { webhookUrl: hook('address for Slack') },
    dingtalk: { webhookUrl: hook('address for DingTalk'), secret: canaries.text('secret for DingTalk') },
    wecom: { webhookUrl: hook('address for WeCom') },
    feishu: { webhookUrl: hook('address for Feishu'), secret: canaries.text('secret for Feishu') },
    telegram: {
      botToken: canaries.plant('token of a bot', `123456:${randomBytes(20).toString('hex')}`),
      chatId: '1',
      apiBase: echo.url,
    },
    smtp: {
      host: '127.0.0.1',
      port: mail.port,
      security: 'none',
      user: 'u',
      password: canaries.text('SMTP password'),
      from: 'a@example.com',
    },
  }
  await post('/notices/settings', { ...(await say('GET', '/api/v1/notices/settings')).body, recipients: ['a@example.com'] })
  for (const [kind, config] of Object.entries(channels)) {
    const { body } = await createWrongToo('/channels', { name: kind, kind, config })
    for (const status of [422, 403, 200]) {
      echoes.status = status
      await post(`/channels/${body['id']}/test`, {})
    }
    echoes.status = 422
  }
  mail.close()
  const stripe = {
    secretKey: canaries.plant('Stripe key', `sk_test_${randomBytes(20).toString('hex')}`),
    webhookSecret: canaries.plant('Stripe webhook secret', `whsec_${randomBytes(20).toString('hex')}`),
    returnUrl: 'https://example.com/',
    apiBase: echo.url,
  }
  await createWrongToo('/payment-connections', { id: 'stripe', title: 'Stripe', kind: 'stripe', config: stripe })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const alipay = {
    appId: '2021000000000000',
    privateKey: canaries.plant('Alipay key', privateKey),
    alipayPublicKey: publicKey,
    returnUrl: 'https://example.com/',
    gateway: `${echo.url}/gateway`,
  }
  await createWrongToo('/payment-connections', { id: 'alipay', title: 'Alipay', kind: 'alipay', config: alipay })
  const order = await post('/orders', { productId: PRIVATE_SINGLE })
  for (const method of ['stripe', 'alipay']) await post(`/orders/${order.body['id']}/pay`, { method })
  await say('POST', '/callbacks/payments/stripe', { raw: '{}', headers: { 'stripe-signature': stripe.webhookSecret } })
  await targets(certificateId, hook)
}

async function targets(certificateId: string, hook: (name: string) => string): Promise<void> {
  const sshKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const ssh = {
    host: '127.0.0.1',
    port: await freePort(),
    user: 'deploy',
    hostKeys: [`SHA256:${'A'.repeat(43)}`],
  }
  const pathsOf = (name: string) => ({ certificatePath: `/etc/x/${name}.pem`, keyPath: `/etc/x/${name}.key` })
  const alibaba = { accessKeyId: `LTAI${'a'.repeat(20)}`, name: 'canary', casEndpoint: echo.url }
  const kinds = {
    nginx: {
      ...pathsOf('nginx'),
      ssh: { ...ssh, privateKey: canaries.plant('SSH key', sshKey), passphrase: canaries.text('SSH passphrase') },
    },
    apache: { ...pathsOf('apache'), ssh: { ...ssh, password: canaries.text('SSH password') } },
    tomcat: {
      keystorePath: join(folder, 'a.p12'),
      keystorePassword: canaries.plant('keystore password', randomBytes(12).toString('hex')),
      reloadCommand: ['false'],
    },
    kubernetes: { apiServer: 'https://127.0.0.1:1', token: canaries.text('Kubernetes token'), secretName: 's' },
    webhook: {
      url: hook('address of a target'),
      secret: `whsec_${canaries.base64('secret of a target')}`,
      sendPrivateKey: true,
    },
    awsAcm: {
      region: 'eu-central-1',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: canaries.text('AWS secret'),
      name: 'canary',
      endpoint: echo.url,
    },
    alibabaCas: { ...alibaba, accessKeySecret: canaries.text('Alibaba secret') },
    alibabaCdn: {
      ...alibaba,
      accessKeySecret: canaries.text('Alibaba CDN secret'),
      domain: 'cdn.example.com',
      cdnEndpoint: echo.url,
    },
    tencentSsl: {
      secretId: `AKID${'a'.repeat(32)}`,
      secretKey: canaries.text('Tencent secret'),
      name: 'canary',
      resourceTypes: ['cdn'],
      endpoint: echo.url,
    },
    localFiles: { certificatePath: join(folder, 'a.pem'), keyPath: join(folder, 'a.key'), reloadCommand: ['false'] },
  }
  for (const [kind, config] of Object.entries(kinds)) {
    expect((await createWrongToo('/targets', { certificateId, name: kind, kind, config })).status).toBe(201)
  }
  await waitFor('every deployment to end', async () => {
    const { bytes } = await say('GET', '/api/v1/targets')
    return /"state":"(planned|deploying)"/.test(bytes.toString('utf8')) ? null : true
  })
}

/** What a company shows of itself. */
async function companyDocuments(): Promise<void> {
  const company = await post('/companies', aCompany())
  const text = canaries.text('text of a document')
  const picture = aPng({ before: [pngChunk('tEXt', Buffer.from(`Comment\0${text}`))] })
  const documents = `/companies/${company.body['id']}/documents`
  for (const content of [picture, Buffer.from(text), picture.subarray(0, -9)])
    await post(documents, { contentBase64: content.toString('base64') })
  await post(documents, { contentBase64: text })
  expect((await say('GET', `/api/v1${documents}`, { shows: ['text of a document'] })).bytes.length).toBeGreaterThan(
    picture.length,
  )
}

async function people(link: string): Promise<void> {
  const password = canaries.text('password')
  const ada = { email: 'ada@example.com', name: 'Ada' }
  await post('/first-operator', { token: `${link}x`, ...ada, password }, { token: null })
  await post('/first-operator', { token: link, ...ada, password: password.slice(0, 6) }, { token: null })
  expect((await post('/first-operator', { token: link, ...ada, password }, { token: null })).status).toBe(201)
  const wrong = canaries.text('wrong password')
  const auth = (path: string, body: object, cookie = '', shows: readonly string[] = []) =>
    say('POST', `/api/auth/${path}`, { body, cookie, shows })
  await auth('sign-in/email', { email: ada.email, password: wrong })
  await auth('sign-in/email', { email: wrong, password: wrong })
  const signedIn = await auth('sign-in/email', { email: ada.email, password }, '', ['session'])
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ')
  // What is before the point names the session; what is behind it makes a cookie of it.
  canaries.plant('session', decodeURIComponent(cookie).split('.').at(-1) ?? '')
  await auth('two-factor/enable', { password: wrong }, cookie)
  const { body } = await auth('two-factor/enable', { password }, cookie, ['TOTP secret', 'back-up code'])
  const totpUri = body['totpUri'] ?? ''
  canaries.plant('TOTP secret', new URL(totpUri).searchParams.get('secret') ?? '')
  canaries.plant('back-up code', (body['backupCodes'] as unknown as string[])[0] ?? '')
  await auth('two-factor/verify-totp', { code: '000000' }, cookie)
  await auth('two-factor/verify-totp', { code: totpOf(totpUri) }, cookie, ['session'])
  await auth('change-password', { currentPassword: wrong, newPassword: canaries.text('new password') }, cookie)

  const token = await post('/tokens', { name: 'robot', scopes: [...SCOPES] }, { shows: ['API token'] })
  const made = canaries.plant('API token', token.body['token'] ?? '')
  const reader = await post('/tokens', { name: 'reader', scopes: ['certificates:read'] }, { shows: ['token that may read'] })
  const weak = canaries.plant('token that may read', reader.body['token'] ?? '')
  for (const each of [made, weak]) {
    await say('DELETE', `/api/v1/tokens/${made}`, { token: each })
    await post('/tokens', { name: made, scopes: [made] }, { token: weak })
    await post('/master-keys/rotate', { key: made }, { token: each })
  }
  const invitation = await post('/invitations', { email: 'bob@example.com', role: 'viewer' }, { shows: ['invitation'] })
  const invited = canaries.plant('invitation', new URL(invitation.body['link'] ?? '').hash.replace('#token=', ''))
  await post('/invitations/inspect', { token: `${invited}x` }, { token: null })
  await post('/invitations/inspect', { token: invited }, { token: null })
  const ofBob = canaries.text('password of an invited user')
  await post('/invitations/accept', { token: invited, password: ofBob, name: 'Bob' }, { token: null })
  await post('/invitations/accept', { token: invited, password: ofBob, name: 'Bob' }, { token: null })
  const users = (await say('GET', '/api/v1/users')).body['items'] as unknown as { id: string; email: string }[]
  const bob = users.find(({ email }) => email === 'bob@example.com')?.id ?? ''
  const recovery = await post(`/users/${bob}/recovery`, {}, { shows: ['recovery link'] })
  const way = canaries.plant('recovery link', new URL(recovery.body['link'] ?? '').hash.replace('#token=', ''))
  await post('/recovery', { token: `${way}x`, password: ofBob }, { token: null })
  await post('/recovery', { token: way, password: canaries.text('recovered password') }, { token: null })
}

/** What discovery finds of a provider that says back all that it is sent. */
function openIdConfiguration(path: string): object | null {
  if (path !== '/corp/.well-known/openid-configuration') return null
  const issuer = `${echo.url}/corp`
  const at = (last: string): string => `${issuer}/${last}`
  return { issuer, authorization_endpoint: at('authorize'), token_endpoint: at('token'), jwks_uri: at('keys') }
}

async function singleSignOn(): Promise<void> {
  const clientSecret = canaries.plant('OIDC client secret', `s${randomBytes(15).toString('hex')}`)
  const next = canaries.plant('OIDC client secret, the next', `n${randomBytes(15).toString('hex')}`)
  const issuer = `${echo.url}/corp`
  const settings = { title: 'Corp', issuer, clientId: 'evercert', clientSecret, allowedDomains: ['example.com'], newUsers: true }
  const provider = { id: 'corp', ...settings }
  expect((await post('/sign-in-providers', provider)).status).toBe(201)
  await post('/sign-in-providers', provider)
  // Pasted into the field beside it, and whatever else is wrong.
  for (const field of ['id', 'title', 'clientId'])
    await post('/sign-in-providers', { ...provider, id: 'other', [field]: clientSecret, allowedDomains: ['no domain'] })
  await post('/sign-in-providers', { ...provider, id: clientSecret, issuer: `${echo.url}/none` })
  await post('/sign-in-providers', { ...provider, clientSecret: [clientSecret], surplus: clientSecret })
  await post('/sign-in-providers', { ...provider, allowedDomains: [clientSecret] })
  // Where the answer says to who asks what they asked for.
  await post(`/sign-in-providers/${clientSecret}`, { clientSecret: next }, { shows: ['OIDC client secret'] })
  await say('DELETE', `/api/v1/sign-in-providers/${next}`, { shows: ['OIDC client secret, the next'] })
  await goThere(canaries.plant('code of a provider', randomBytes(16).toString('hex')))
  expect((await post('/sign-in-providers/corp', { clientSecret: next })).status).toBe(200)
  await post('/sign-in-providers/corp', { clientSecret: next, clientId: '' })
  await goThere(canaries.plant('next code of a provider', randomBytes(16).toString('hex')))
}

/** To the provider and back, where its token endpoint refuses and says back what it was sent. */
async function goThere(code: string): Promise<void> {
  const begun = await say('POST', '/api/auth/sign-in/social', { body: { provider: 'corp', next: '/' }, cookie: '' })
  expect(begun.status).toBe(200)
  const cookie = begun.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ')
  const state = new URL(begun.body['url'] ?? '').searchParams.get('state') ?? ''
  const asked = echo.requests.length
  const query = new URLSearchParams({ code, state, iss: `${echo.url}/corp` }).toString()
  await say('GET', `/api/auth/callback/corp?${query}`, { cookie })
  expect(echo.requests.slice(asked).map(({ url: { pathname } }) => pathname)).toContain('/corp/token')
}

/** In every field of every operation, by who may and who may not; the answer may say to who asks what they asked for. */
async function typedWhereItDoesNotBelong(): Promise<void> {
  const typed = 'secret in the wrong field'
  const { refused, forbidden } = typedCalls(canaries.plant(typed, `k${randomBytes(12).toString('hex')}`))
  const { body } = await post('/tokens', { name: 'may nothing', scopes: ['metrics:read'] }, { shows: ['token of nothing'] })
  const weak = canaries.plant('token of nothing', body['token'] ?? '')
  for (const [calls, token] of [
    [forbidden, null],
    [forbidden, weak],
    [refused, operatorToken],
  ] as const) {
    const left = [...calls]
    const some = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { what, method, path, body: sent } = next
        const { status } = await say(method, `/api/v1${path}`, { token, shows: [typed], ...(sent !== null && { body: sent }) })
        if (method !== 'GET' && (status < 400 || status >= 500)) throw new Error(`${what} was not refused: ${status}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, some))
  }
}

/** The same folder, with the master key moved into a PKCS#11 token: with a wrong PIN, with the right one, and with the token away. @returns its log */
async function masterKeyInToken(environment: Readonly<Record<string, string>>): Promise<string> {
  if (SOFTHSM_MODULE === null) throw new Error('SoftHSM is not installed: apt-get install softhsm2')
  const pin = canaries.plant('PIN of the token', randomBytes(12).toString('hex'))
  const wrong = canaries.plant('wrong PIN of the token', randomBytes(12).toString('hex'))
  const hsm = await createSoftHsm({ pin })
  try {
    const env = { ...environment, ...hsm.environment, SOFTHSM2_CONF: process.env['SOFTHSM2_CONF'] ?? '' }
    writeFileSync(hsm.pinFile, `${wrong}\n`)
    const refused = await serve(env).then(
      () => 'it started with a wrong PIN',
      (error: unknown) => String(error),
    )
    expect(refused).toContain('PIN')
    writeFileSync(hsm.pinFile, `${pin}\n`)
    const running = await serve(env)
    // The rotation before this one goes on after the restart, and two at a time are refused.
    await waitFor('that no record is under an earlier key', async () => {
      const { bytes } = await say('GET', '/api/v1/master-keys')
      return JSON.parse(bytes.toString('utf8')).remaining === 0 ? true : null
    })
    const rotated = await post('/master-keys/rotate', {})
    expect(rotated.body).toMatchObject({ id: expect.stringMatching(/^p11-/) })
    await post('/master-keys/rotate', { pin })
    hsm.takeAway()
    await say('POST', '/api/auth/sign-in/social', { body: { provider: 'corp', next: '/' }, cookie: '' })
    await waitFor('that the token is missed', async () => {
      const { bytes } = await say('GET', '/readyz')
      return bytes.toString('utf8').includes('masterKeyAway') ? true : null
    })
    hsm.bringBack()
    await waitFor('that the token is back', async () => {
      const { bytes } = await say('GET', '/readyz')
      return bytes.toString('utf8') === 'ready' ? true : null
    })
    for (const path of ['/master-keys', '/master-keys/health', '/audit', '/sign-in-providers']) await say('GET', `/api/v1${path}`)
    const backup = await post('/backups', {})
    answers.push({ what: 'backup with a token', text: gunzipSync(backup.bytes).toString('utf8'), shows: [] })
    await running.stop()
    return `${refused}\n${running.logs()}`
  } finally {
    hsm.remove()
  }
}

async function agents(): Promise<void> {
  const enrolment = await post('/agents/enrolments', { name: 'host-1' }, { shows: ['enrolment'] })
  expect(enrolment.status).toBe(201)
  const token = canaries.plant('enrolment', enrolment.body['token'] ?? '')
  const credential = canaries.plant('agent credential', `evca_${randomBytes(32).toString('base64url')}`)
  const { publicKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const facts = {
    publicKeyPem: publicKey,
    credentialSha256: createHash('sha256').update(credential).digest('hex'),
    hostName: 'h',
    version: '1',
  }
  await post('/agents/enrol', { ...facts, token: `${token}x` }, { token: null })
  await post('/agents/enrol', { ...facts, token, hostName: [token] }, { token: null })
  expect((await post('/agents/enrol', { ...facts, token }, { token: null })).status).toBe(201)
  expect((await post('/agents/poll', {}, { token: credential })).status).toBe(200)
  await say('GET', '/api/v1/certificates', { token: credential })
  await post('/agents/report', { statement: credential, signature: credential }, { token: credential })
}

async function issueOne(addSite: (name: string) => void): Promise<void> {
  addSite('canary.example.com')
  await post('/balance/top-ups', { amountMinor: 100_000, currency: 'CNY' })
  const { id } = (await post('/orders', { productId: PRIVATE_SINGLE })).body
  const paid = await post(`/orders/${id}/pay`, {})
  const certificateId = paid.body['certificateId'] ?? ''
  await post(`/certificates/${certificateId}/application`, aForm(['canary.example.com']))
  await waitFor('the certificate', async () => {
    const { body } = await say('GET', `/api/v1/certificates/${certificateId}`)
    return typeof body['sha256'] === 'string' ? true : null
  })
  // The one answer that may hold a key is not among the answers; what it was sealed with must be nowhere.
  const client = createClient({ url, token: operatorToken })
  const archive = await openArchive(await client.downloads.withKey({ id: certificateId, format: 'tomcat' }))
  canaries.plant('password of a download', archive.text('pfx-password.txt'))
}

/** Everything that can be read, listed or exported, as the operator of it all. */
async function readAll(): Promise<void> {
  const lists = Object.values(contract).flatMap((members) =>
    Object.values(members).flatMap(({ '~orpc': { route } }) => (route.method === 'GET' ? [route.path ?? ''] : [])),
  )
  for (const path of lists.filter((each) => !each.includes('{') && !each.endsWith('/events'))) {
    const { body } = await say('GET', `/api/v1${path}?limit=200`)
    const { body: plain } = await say('GET', `/api/v1${path}`)
    const items = ((body['items'] ?? plain['items'] ?? []) as unknown as { id?: string }[]).slice(0, 5)
    for (const below of lists.filter((each) => each.startsWith(`${path}/{id}`) && !each.endsWith('/events')))
      for (const { id = '' } of items)
        await say('GET', `/api/v1${below.replace('{id}', id)}`, {
          shows: below.endsWith('/documents') ? ['text of a document'] : [],
        })
  }
  for (const path of ['/metrics', '/healthz', '/api/v1/openapi.json', '/api/v1/docs', '/']) await say('GET', path)
  for (const format of ['csv', 'json']) await post('/certificates/export', { format })
  expect((await post('/audit/export', { installation: true })).bytes.length).toBeGreaterThan(10_000)
  const backup = await post('/backups', {})
  answers.push({ what: 'backup', text: gunzipSync(backup.bytes).toString('utf8'), shows: [] })
}

/** A mail server that says back what it was given as login. */
async function startEchoingMailServer(): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('220 echo ESMTP\r\n')
    socket.on('data', (data) => {
      const line = data.toString('utf8').trim()
      if (/^EHLO/i.test(line)) socket.write('250-echo\r\n250 AUTH PLAIN LOGIN\r\n')
      else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
      else {
        const decoded = Buffer.from(line.split(' ').at(-1) ?? '', 'base64')
          .toString('utf8')
          .replaceAll('\0', ' ')
        socket.write(`535 5.7.8 refused: ${line} ${decoded}\r\n`)
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

/** Every column of every table as text, the job queue's too; keys that the service made and sealed join the canaries. */
async function dump(): Promise<string> {
  const opened = await openDatabase(database.settings)
  const texts = await rowsOf(opened, false)
  const keys = openGivenMasterKeys(() => readFileSync(join(database.dataDir, 'master.key'), 'utf8'), 'test')
  const vault = createVault(await openKeyring(opened, keys, 'test'))
  for (const { id, purpose } of await opened.db.selectFrom('secret').select(['id', 'purpose']).execute()) {
    if (!['privateKey', 'caKeys', 'issuerAccount', 'receiptKey', 'signIn'].includes(purpose)) continue
    const plaintext = await vault.open(opened.db, id, purpose as Parameters<Vault['open']>[2])
    const pems = plaintext.replaceAll('\\n', '\n').match(/-----BEGIN[^-]+PRIVATE KEY-----[^-]+-----END[^-]+-----/g) ?? []
    for (const [index, pem] of pems.entries()) canaries.plant(`${purpose} ${id} ${index}`, pem)
    if (pems.length === 0 && purpose === 'signIn') canaries.plant(`${purpose} ${id}`, plaintext)
  }
  await opened.close()
  return texts
}

async function rowsOf(opened: Database, closes = true): Promise<string> {
  const names = await sql<{ name: string }>`select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
    from information_schema.tables where table_schema in ('public', 'jobs') and table_type = 'BASE TABLE'`.execute(opened.db)
  const texts: string[] = []
  for (const { name } of names.rows) {
    const { rows } = await sql<{ row: string }>`select each::text as row from ${sql.raw(name)} each`.execute(opened.db)
    texts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  if (closes) await opened.close()
  return texts.join('\n')
}

const leaksIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => canaries.find(line).map((name) => `${name}: ${line.slice(0, 160)}`))

test('every kind of secret was planted, the other sides said them back, and what is there would be found', () => {
  expect(canaries.names.length).toBeGreaterThan(45)
  for (const kind of ['privateKey', 'caKeys', 'receiptKey', 'signIn'])
    expect(canaries.names.filter((name) => name.startsWith(kind)).length).toBeGreaterThan(0)
  const heard = echo.requests.map(({ url: { href }, headers, body }) => `${href} ${JSON.stringify(headers)} ${body}`).join('\n')
  expect(canaries.find(heard)).toEqual(
    expect.arrayContaining([
      'Stripe key',
      'address for Slack',
      'address of a target',
      'token of a bot',
      'uploaded key',
      'OIDC client secret',
      'OIDC client secret, the next',
    ]),
  )
  expect(logs).toContain('deployment.')
  expect(answers.some(({ what }) => what === 'GET /metrics 200')).toBe(true)
  for (const secret of [canaries.text('found'), canaries.base64('found'), operatorToken]) {
    const bytes = Buffer.from(secret)
    const forms = [
      secret,
      bytes.toString('hex'),
      encodeURIComponent(secret),
      JSON.stringify(secret),
      `x${bytes.toString('base64')}`,
    ]
    const shifted = [1, 2].map((before) => Buffer.concat([randomBytes(before), bytes, randomBytes(4)]).toString('base64'))
    canaries.plant('found', secret)
    for (const form of [...forms, ...shifted]) expect(canaries.find(`before ${form} after`)).toContain('found')
  }
  expect(canaries.find(Buffer.concat([randomBytes(5000), Buffer.from(operatorToken), randomBytes(5000)]))).toContain(
    'operator token',
  )
})

test('every setting that an adapter says is a secret was planted', () => {
  const adapters = {
    issuers: caAdapters,
    'dns-connections': dnsAdapters,
    channels: notifyAdapters,
    'payment-connections': paymentAdapters,
  }
  const places = Object.entries({ ...adapters, targets: deployAdapters }).flatMap(([path, all]) =>
    all.flatMap(({ id, config }) => secretPaths(config).map((names) => `${path} ${id} ${names.join('.')}`)),
  )
  expect(places.length).toBeGreaterThan(30)
  // Those of SSH are one and the same for all that are reached by it.
  const isPlanted = (place: string): boolean =>
    plantedSettings.has(place) ||
    (place.includes(' ssh.') && [...plantedSettings].some((each) => each.endsWith(place.slice(place.indexOf(' ssh.')))))
  expect(places.filter((place) => !isPlanted(place))).toEqual([])
})

test('no answer, export or metric tells a secret, but once to who made it', () => {
  const told = answers.flatMap(({ what, text, shows }) =>
    canaries
      .find(text)
      .filter((name) => name !== 'found' && !shows.includes(name))
      .map((name) => `${name}: ${what}`),
  )
  expect([...new Set(told)]).toEqual([])
})

test('no line of the log tells a secret', () => {
  expect(leaksIn(logs)).toEqual([])
})

test('no table has a secret in the open', () => {
  expect(tables.length).toBeGreaterThan(50_000)
  expect(leaksIn(tables)).toEqual([])
})

test('no file of the data folder has one, but the two that are secrets', () => {
  expect(canaries.find(files.get('master.key') ?? '').some((name) => name.startsWith('master key'))).toBe(true)
  expect(canaries.find(files.get('operator.token') ?? '')).toContain('operator token')
  expect(files.size).toBeGreaterThan(100)
  const found = [...files]
    .filter(([path]) => path !== 'master.key' && path !== 'operator.token')
    .flatMap(([path, bytes]) => canaries.find(bytes).map((name) => `${name}: ${path}`))
  expect(found).toEqual([])
})
