/** The commands that connect things: endpoints, DNS, CAs, payments, channels, notice settings, contacts, accounts; against one real service. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type {
  AccountView,
  BalanceView,
  CandidateView,
  ChannelView,
  CompanyView,
  ContactView,
  EndpointView,
  IssuerDetail,
  NoticeSettingsView,
  PaymentConnectionView,
  TargetDetail,
} from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aShell } from '../../packages/cli/test/builders.ts'
import { runProgram } from '../../packages/cli/src/program.ts'
import { createRoot } from '../harness/certificates.ts'
import { startServiceProcess, type ServiceProcess } from './support/service-process.ts'

const SECRET = 'dG9wLXNlY3JldA=='

let folder: string
let service: ServiceProcess
let secretFile: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-connections-'))
  secretFile = join(folder, 'secret')
  await writeFile(secretFile, `${SECRET}\n`)
  service = await startServiceProcess({
    environment: {
      EVERCERT_DISCOVERY_RANGES: '127.0.0.0/8',
      EVERCERT_DATA_DIR: join(folder, 'data'),
      EVERCERT_LOG_LEVEL: 'silent',
      EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8',
    },
  })
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function evercert(args: readonly string[], { input = '', language = 'en' } = {}) {
  const shell = { ...aShell(), readInput: () => Promise.resolve(input) }
  const where = ['--url', service.url, '--token-file', join(folder, 'data', 'operator.token'), '--lang', language]
  const code = await runProgram([...args, ...where], shell)
  return { code, stdout: shell.out(), stderr: shell.err() }
}

async function json<Value>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await evercert([...args, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Value
}

interface Refusal {
  readonly code: string
  readonly detail: string
  readonly remedy: { readonly en: string; readonly zh: string }
}

const refusal = (...args: string[]): Promise<Refusal> => failureOf(args, 1)
const misuse = (...args: string[]): Promise<Refusal> => failureOf(args, 64)

async function failureOf(args: readonly string[], exitCode: number): Promise<Refusal> {
  const { code, stderr } = await evercert([...args, '--json'])
  expect(code).toBe(exitCode)
  expect(stderr).not.toContain(SECRET)
  return JSON.parse(stderr) as Refusal
}

/** Settings are changed when what a deployment put in place is judged. */
async function nothingIsUnderWay(): Promise<void> {
  const underWay = async () => {
    const { items } = await service.client.targets.list({})
    return items.filter(({ deployment }) => deployment === null || deployment.underWay)
  }
  await expect.poll(underWay, { timeout: 60_000 }).toEqual([])
}

it('an endpoint is added, looked at, listed with what it serves, and removed', async () => {
  const leaf = createRoot().issue({ names: ['mail.example.com'], notAfter: Date.now() + 60 * 86_400_000 })
  const upload = { name: 'mail', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  const { id: certificateId } = await service.client.certificates.upload(upload)
  expect((await refusal('endpoints', 'prove', 'mail')).remedy.en).toContain('evercert endpoints add')
  // Port 9 of this machine: nobody listens.
  const add = ['endpoints', 'add', '127.0.0.1:9', '--certificate', 'mail', '--server-name', 'mail.example.com']
  const endpoint = await json<EndpointView>(...add)
  expect(endpoint).toMatchObject({ certificateId, host: '127.0.0.1', port: 9, serverName: 'mail.example.com', protocol: 'tls' })
  const smtp = await json<EndpointView>('endpoints', 'add', '127.0.0.1', '--certificate', 'mail', '--protocol', 'smtp')
  expect(smtp).toMatchObject({ port: 25, protocol: 'smtp' })
  const proved = await evercert(['endpoints', 'prove', 'mail'], { language: 'zh' })
  expect([proved.code, proved.stdout]).toEqual([1, expect.stringMatching(/127\.0\.0\.1:9 .*无法连接/) as string])
  expect((await evercert(['endpoints', '--certificate', 'mail'])).stdout).toMatch(
    new RegExp(`127\\.0\\.0\\.1:25 .*smtp.*${certificateId}.*${smtp.id}`),
  )
  const rsa = createRoot().issue({ names: ['mail.example.com'], key: 'rsa2048', notAfter: Date.now() + 60 * 86_400_000 })
  await service.client.certificates.upload({ name: 'mail rsa', certificatePem: rsa.chainPem, privateKeyPem: rsa.privateKeyPem })
  expect((await refusal(...add)).code).toBe('duplicateName')
  const beside = await json<EndpointView>(...add.with(4, 'mail rsa'))
  expect([endpoint.keyKind, beside.keyKind]).toEqual(['ecdsa', 'rsa'])
  const several = await refusal('endpoints', 'remove', '127.0.0.1:9')
  expect([several.remedy.en, several.remedy.zh]).toEqual([
    expect.stringContaining(`add /rsa or /ecdsa to the name: ${endpoint.id} (ECDSA), ${beside.id} (RSA)`) as string,
    expect.stringContaining('/rsa、/ecdsa') as string,
  ])
  expect((await evercert(['endpoints'])).stdout).toMatch(new RegExp(`127\\.0\\.0\\.1:9 .* RSA .*${beside.id}`))
  expect(await json('endpoints', 'remove', '127.0.0.1:9/rsa')).toMatchObject({ id: beside.id })
  await json('endpoints', 'remove', '127.0.0.1:9')
  const { items } = await json<{ items: EndpointView[] }>('endpoints')
  expect(items.map(({ id }) => id)).toEqual([smtp.id])
  expect((await refusal('endpoints', 'remove', '127.0.0.1:9')).code).toBe('notFound')
  expect((await misuse('endpoints', 'add', 'a b', '--certificate', 'mail')).remedy.zh).toContain('主机:端口')
})

it('a target is changed by what is named alone, and kinds that nobody tried on a live account say so', async () => {
  expect((await evercert(['targets', 'kinds'])).stdout).toMatch(
    /awsAcm +AWS Certificate Manager \* .*\n[^]*\* Tried against a server/,
  )
  expect((await evercert(['targets', 'kinds', 'tencentSsl'], { language: 'zh' })).stdout).toContain('尚未在真实账号上试用')
  // Without an endpoint nothing is watched after the installation.
  const leaf = createRoot().issue({ names: ['plain.example.com'], notAfter: Date.now() + 60 * 86_400_000 })
  await service.client.certificates.upload({ name: 'plain', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem })
  const files = ['--set', `certificatePath=${join(folder, 'a.pem')}`, '--set', `keyPath=${join(folder, 'a.key')}`]
  await json('targets', 'add', '--certificate', 'plain', '--name', 'files', '--kind', 'localFiles', ...files)
  expect((await misuse('targets', 'change', 'files')).code).toBe('invalid')
  await nothingIsUnderWay()
  const probe = ['--probe', '127.0.0.1:9', '--server-name', 'mail.example.com']
  const changed = await json<TargetDetail>('targets', 'change', 'files', '--set', 'keyMode=0640', ...probe)
  expect(changed).toMatchObject({
    config: { keyMode: '0640', keyPath: join(folder, 'a.key') },
    probe: { host: '127.0.0.1', port: 9, serverName: 'mail.example.com' },
  })
  await nothingIsUnderWay()
  const named = ['targets', 'change', 'files', '--name', 'disk', '--probe', 'none']
  expect(await json<TargetDetail>(...named)).toMatchObject({ name: 'disk', probe: null, config: { keyMode: '0640' } })
})

it('a DNS connection takes its settings one by one, and its secret from a file alone', async () => {
  expect((await evercert(['dns-connections', 'kinds', 'rfc2136'])).stdout).toMatch(/secret +secret: --set-file +yes/)
  const add = ['dns-connections', 'add', '--name', 'BIND', '--kind', 'rfc2136', '--set', 'server=192.0.2.53']
  const needed = [...add, '--set', 'keyName=evercert', '--set', 'port=5353']
  expect((await misuse(...add)).remedy.en).toContain('--set keyName=<value> --set-file secret=<file>')
  expect((await misuse(...needed, '--set', `secret=${SECRET}`)).remedy.zh).toContain('--set-file secret=')
  const inline = JSON.stringify({ server: '192.0.2.53', keyName: 'evercert', secret: SECRET })
  expect((await misuse('dns-connections', 'add', '--name', 'x', '--kind', 'rfc2136', '--config', inline)).detail).toContain(
    'secret',
  )
  expect((await misuse(...add, '--set', 'port=many')).detail).toContain('port is a number')
  expect((await misuse(...add, '--set', 'sever=x')).detail).toContain('it has server, port')
  expect((await misuse(...add, '--set', 'algorithm=md5')).detail).toContain('hmac-sha256, hmac-sha512')
  expect((await misuse('dns-connections', 'add', '--name', 'x', '--kind', 'route')).detail).toContain('take one of rfc2136')
  const made = await json<{ id: string }>(...needed, '--set-file', `secret=${secretFile}`)
  expect((await evercert(['dns-connections'])).stdout).toMatch(new RegExp(`BIND +rfc2136 +${made.id}`))
  const fromInput = await evercert([...needed.map((text) => (text === 'BIND' ? 'other' : text)), '--set-file', 'secret=-'], {
    input: `${SECRET}\n`,
  })
  expect([fromInput.code, fromInput.stdout]).toEqual([
    0,
    expect.stringContaining('apply <certificate> --dns-connection') as string,
  ])
  const move = ['dns-connections', 'change', 'BIND', '--set', 'port=5354', '--name', 'Knot'] as const
  expect(await refusal(...move)).toMatchObject({ code: 'secretsNeeded', detail: expect.stringContaining('give secret again') })
  const changed = await json<object>(...move, '--set-file', `secret=${secretFile}`)
  expect(changed).toMatchObject({ name: 'Knot', config: { port: 5354, keyName: 'evercert' }, secretsSet: ['secret'] })
  expect((await evercert(['dns-connections', 'remove', 'other'])).stdout).toContain('Removed the DNS connection other.')
  expect((await refusal('dns-connections', 'remove', 'other')).code).toBe('notFound')
})

it('an issuer is added, and one of its settings changed without giving the others again', async () => {
  const settings = ['--set', 'directoryUrl=https://ca.example.com/directory', '--set', 'contacts=a@example.com']
  const add = ['issuers', 'add', 'other', '--title', 'Other CA', '--kind', 'acme', ...settings, '--set', 'eab.keyId=kid']
  expect((await misuse(...add)).detail).toContain('missing eab.hmacKey')
  await json(...add, '--set', 'contacts=b@example.com', '--set-file', `eab.hmacKey=${secretFile}`)
  const changed = await json<IssuerDetail>(
    'issuers',
    'change',
    'other',
    '--set',
    'profile=short',
    '--set',
    'honoursNotAfter=true',
  )
  expect(changed).toMatchObject({
    config: { contacts: ['a@example.com', 'b@example.com'], profile: 'short', honoursNotAfter: true, eab: { keyId: 'kid' } },
    secretsSet: ['eab.hmacKey'],
  })
})

it('a payment connection is added, stopped and given other settings', async () => {
  const add = ['payment-connections', 'add', 'bank', '--title', 'Bank', '--kind', 'offlineInvoice']
  expect(await json<PaymentConnectionView>(...add, '--set', 'instructions=Account 1')).toMatchObject({
    id: 'bank',
    enabled: true,
  })
  const change = ['payment-connections', 'change', 'bank']
  expect((await json<PaymentConnectionView>(...change, '--disable')).enabled).toBe(false)
  expect((await json<PaymentConnectionView>(...change, '--set', 'dueDays=30')).enabled).toBe(false) // the instructions stay
  const changed = await json<PaymentConnectionView>(
    ...change,
    '--enable',
    '--title',
    'Transfer',
    '--config',
    '{"instructions":"2"}',
  )
  expect(changed).toMatchObject({ title: 'Transfer', enabled: true })
  expect((await evercert(['payment-connections'], { language: 'zh' })).stdout).toMatch(/Transfer +offlineInvoice +已启用/)
  expect((await refusal('payment-connections', 'change', 'none', '--disable')).code).toBe('notFound')
  expect((await evercert(['payment-connections', 'remove', 'bank'])).stdout).toContain('Removed the payment connection bank.')
})

it('a channel is changed, and notice settings are changed one at a time', async () => {
  const hook = JSON.stringify({ webhookUrl: 'https://hooks.example.com/1' })
  const added = await evercert(['channels', 'add', '--name', 'ops', '--kind', 'slack', '--config', '-'], { input: hook })
  expect(added.code).toBe(0)
  const settings = ['--set-file', `webhookUrl=${secretFile}`]
  expect((await refusal('channels', 'change', 'ops', ...settings)).code).toBe('invalid') // no URL
  const changed = await json<ChannelView>('channels', 'change', 'ops', '--name', 'night', '--role', 'fallback')
  expect(changed).toMatchObject({ name: 'night', role: 'fallback', kind: 'slack' })

  const before = await json<NoticeSettingsView>('notices', 'settings')
  const quiet = ['--quiet', '22:00-07:00', '--time-zone', 'Asia/Shanghai', '--leads', '30, 7,0']
  const recipients = ['--add-recipient', '王芳 <fang@example.com>', '--add-recipient', 'ops@example.com']
  const set = await json<NoticeSettingsView>('notices', 'settings', ...quiet, ...recipients, '--notice-language', 'zh')
  expect(set).toEqual({
    leadsDays: [30, 7, 0],
    quietHours: { from: '22:00', until: '07:00' },
    timeZone: 'Asia/Shanghai',
    language: 'zh',
    recipients: [
      ...before.recipients,
      { name: '王芳', email: 'fang@example.com' },
      { name: 'ops@example.com', email: 'ops@example.com' },
    ],
  })
  expect(await json('notices', 'settings', '--remove-recipient', 'Ops@example.com', '--quiet', 'none')).toEqual({
    ...set,
    quietHours: null,
    recipients: set.recipients.filter(({ email }) => email !== 'ops@example.com'),
  })
  expect((await refusal('notices', 'settings', '--remove-recipient', 'x@example.com')).code).toBe('notFound')
  for (const wrong of [
    ['--quiet', 'night'],
    ['--leads', '30,x'],
    ['--add-recipient', 'nobody'],
  ])
    expect((await misuse('notices', 'settings', ...wrong)).detail).toContain(wrong[0])
  expect((await refusal('notices', 'settings', '--time-zone', 'Mars/Base')).code).toBe('invalid')
})

it('contacts and companies are changed in part, and a document is removed', async () => {
  const person = ['--name', '李雷', '--email', 'li@example.com', '--phone', '12345678']
  const { id } = await json<ContactView>('contacts', 'add', ...person)
  const changed = await json<ContactView>('contacts', 'change', id, '--phone', '87654321')
  expect(changed).toMatchObject({ id, name: '李雷', email: 'li@example.com', phone: '87654321' })
  const place = { country: 'CN', region: '上海', city: '上海', address: '南京路 1 号', postalCode: '200000' }
  const company = { name: '示例公司', type: 'enterprise', phone: '02112345678', registrationNumber: '9131', ...place }
  const [companyFile, changeFile, licence] = ['company.json', 'change.json', 'licence.png'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(companyFile, JSON.stringify(company))
  await writeFile(changeFile, JSON.stringify({ city: '北京' }))
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await writeFile(licence, Buffer.from(pixel, 'base64'))
  const made = await json<CompanyView>('companies', 'add', '--file', companyFile, '--licence', licence)
  expect(made.documents.map(({ kind }) => kind)).toEqual(['businessLicence'])
  expect(await json<CompanyView>('companies', 'change', made.id, '--file', changeFile)).toMatchObject({
    ...company,
    city: '北京',
  })
  const saved = join(folder, 'saved.png')
  await json('companies', 'save-document', made.id, '--kind', 'businessLicence', '--out', saved)
  expect((await readFile(saved)).length).toBeGreaterThan(0)
  const again = ['companies', 'save-document', made.id, '--kind', 'businessLicence', '--out', saved]
  expect((await refusal(...again)).code).toBe('conflict')
  const without = await json<CompanyView>('companies', 'remove-document', made.id, '--kind', 'businessLicence')
  expect(without.documents).toEqual([])
})

it('an account is added, and money is booked only in the account that is named', async () => {
  const account = await json<AccountView>('accounts', 'add', 'Second')
  expect((await evercert(['accounts'])).stdout).toMatch(new RegExp(`Second +0 .*${account.id}`))
  const topUp = ['balance', '--top-up', '10 CNY', '--account']
  const wrong = await refusal(...topUp, account.id)
  expect([wrong.code, wrong.remedy.en]).toEqual(['notFound', expect.stringContaining('--token-file') as string])
  const own = (await service.client.me.get()).account
  expect((await json<BalanceView>(...topUp, own?.id ?? '')).balances).toEqual([{ amountMinor: 1000, currency: 'CNY' }])
})

it('an invitation is listed and taken back, and the token says whose it is', async () => {
  await json('users', 'invite', 'new@example.com', '--role', 'viewer')
  expect((await evercert(['users', 'invitations'], { language: 'zh' })).stdout).toMatch(/new@example\.com +只读/)
  await json('users', 'uninvite', 'New@example.com')
  expect(await json('users', 'invitations')).toMatchObject({ items: [] })
  expect((await refusal('users', 'uninvite', 'new@example.com')).code).toBe('notFound')
  expect((await misuse('users', 'role', 'new@example.com', '--role', 'boss')).remedy.zh).toContain('viewer')
  expect((await refusal('users', 'remove', 'new@example.com')).code).toBe('notFound')
  const own = (await service.client.me.get()).account
  expect((await evercert(['whoami'])).stdout).toContain(own?.id)
})

it('what was discovered is accepted for a certificate, or forgotten', async () => {
  const leaf = createRoot().issue({ names: ['found.example.com'], notAfter: Date.now() + 60 * 86_400_000 })
  const upload = { name: 'found', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  const { id: certificateId } = await service.client.certificates.upload(upload)
  const server = createServer({ cert: leaf.chainPem, key: leaf.privateKeyPem })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    // Its progress is on stderr.
    const look = async (): Promise<CandidateView[]> => {
      const { stdout } = await evercert(['discover', '127.0.0.1', '--ports', String(port), '--json'])
      return (JSON.parse(stdout) as { items: CandidateView[] }).items
    }
    const [found] = await look()
    expect((await evercert(['candidates'])).stdout).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} .*${found?.id ?? '-'}`))
    await json('candidates', 'dismiss', found?.id ?? '')
    expect((await evercert(['candidates'])).stdout).toContain('No candidate')
    const [again] = await look()
    const accept = ['candidates', 'accept', again?.id ?? '', '--certificate', 'found']
    expect(await json<EndpointView>(...accept)).toMatchObject({ certificateId, host: '127.0.0.1', port })
  } finally {
    server.close()
  }
  expect((await evercert(['receipt', 'list'])).stdout).toContain('No receipt')
})
