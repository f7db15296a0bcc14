/**
 * Notices from end to end: a certificate nears its end, postfix has the mail and a receiver the signed webhook; it is renewed, served, and
 * nothing more is said, also when the old one expires.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHmac } from 'node:crypto'
import type { CertificateDetail, NoticeView } from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startHttpReceiver, type HttpReceiver, type ReceivedRequest } from '../harness/http-receiver.ts'
import { MAIL_NAME, NO_MAIL_SERVER, startMailServer, type MailServer } from '../harness/mail-server.ts'
import { issuedAtFor } from '../../demo/past.ts'
import { buyAndApply } from './support/acme.ts'
import { openHouse, type House } from './support/house.ts'
import { apply, install, orderRenewal, waitForClose, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const DAY_MS = 86_400_000
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
const COMMAND = join(import.meta.dirname, '../../packages/cli/bin/main.mjs')
/** Five rounds of the service (test/harness/crash-service.ts), in which nothing may happen. */
const A_WHILE_MS = 1250

let folder: string
let mail: MailServer
let receiver: HttpReceiver
let status = 200
const SITE_NAME = 'shop.evercert.test'

let house: House
let old: CertificateDetail

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-notices-'))
  mail = await startMailServer()
  receiver = await startHttpReceiver(() => ({ status }))
  house = await openHouse({ folder, names: [SITE_NAME], clockOffsetMs: issuedAtFor(Date.now()) - Date.now() })
  house.dns.add(MAIL_NAME, 'A', '127.0.0.1')
  const id = await buyAndApply(house, { productId: 'evercert-private-dv-single', domains: [SITE_NAME] })
  old = await waitForIssuance(house, id)
  await install(house, id, SITE_NAME)
})
afterAll(async () => {
  await house.close()
  await Promise.all([mail.stop(), receiver.close()])
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function evercert<Value>(...args: string[]): Promise<{ readonly code: number | null; readonly value: Value }> {
  const env = { ...process.env, EVERCERT_DATA_DIR: join(folder, 'data'), LANG: 'C.UTF-8', LC_ALL: '' }
  const child = spawn(process.execPath, [COMMAND, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  await once(child, 'close')
  return { code: child.exitCode, value: JSON.parse(output) as Value }
}

const moveTo = (daysLeft: number) => house.setClock(Date.parse(old.notAfter ?? '') - daysLeft * DAY_MS - Date.now())
const mailsAbout = (text: string) => mail.messages().filter((message) => message.includes(text))
const noticesOf = async (certificateId: string): Promise<readonly NoticeView[]> =>
  (await house.call((client) => client.notices.list({ certificateId }))).items

function isSigned({ headers, body }: ReceivedRequest): boolean {
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const signature = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
    .update(content)
    .digest('base64')
  return headers['webhook-signature'] === `v1,${signature}`
}

it.skipIf(NO_MAIL_SERVER !== null)('the command adds channels and tests them', async () => {
  const smtp = { host: MAIL_NAME, port: mail.port, user: mail.user, password: mail.password }
  const file = join(folder, 'smtp.json')
  await writeFile(file, JSON.stringify({ ...smtp, from: 'evercert@example.com', caPem: mail.rootPem }))
  await house.call((client) =>
    client.noticeSettings.set({
      leadsDays: [30, 15, 7, 3, 1, 0],
      quietHours: null,
      timeZone: 'Asia/Shanghai',
      language: 'en',
      recipients: [{ name: '王芳', email: 'ops@example.com' }],
    }),
  )
  const hook = join(folder, 'hook.json')
  await writeFile(hook, JSON.stringify({ url: `${receiver.url}/hook`, secret: SECRET }))
  expect((await evercert('channels', 'add', '--name', 'mail', '--kind', 'smtp', '--config', `@${file}`)).code).toBe(0)
  expect((await evercert('channels', 'add', '--name', 'hook', '--kind', 'webhook', '--config', `@${hook}`)).code).toBe(0)
  expect(await evercert('channels', 'test', 'mail')).toMatchObject({ code: 0, value: { delivered: true } })
  expect(mail.messages().at(-1)).toMatch(/^Subject: Test of the channel mail$/m)
  status = 401
  expect(await evercert('channels', 'test', 'hook')).toMatchObject({ code: 1, value: { code: 'credentialsRejected' } })
  status = 200
  const { value } = await evercert<{ items: { name: string }[] }>('channels')
  expect(value.items.map(({ name }) => name)).toEqual(['mail', 'hook'])
  expect(JSON.stringify(value)).not.toContain(mail.password)
})

it.skipIf(NO_MAIL_SERVER !== null)('a receiver that is down does not hold up the mail, and has it when it is back', async () => {
  status = 503
  await moveTo(25)
  await waitFor('the mail', async () => mailsAbout('expires in 25 days')[0] ?? null)
  const states = async () => (await noticesOf(old.id))[0]?.deliveries.map(({ state }) => state).join()
  await waitFor('the failure', async () => ((await states()) === 'sent,failed' ? true : null))
  status = 200
  await waitFor('the webhook', async () => ((await states()) === 'sent,sent' ? true : null))
  const ids = receiver.requests.filter(({ body }) => body.includes(old.id)).map(({ headers }) => headers['webhook-id'])
  expect(ids.length).toBeGreaterThan(1)
  expect(new Set(ids).size).toBe(1)
})

it.skipIf(NO_MAIL_SERVER !== null)('nearer its end it is told of by mail and webhook, once', async () => {
  await moveTo(12.2) // what is issued now must be valid by the machine's own clock, too
  const message = await waitFor('the mail', async () => mailsAbout('expires in 12 days')[0] ?? null)
  expect(message).toContain('X-Envelope-To: ops@example.com')
  expect(message.replaceAll('=\n', '')).toContain(`http://evercert.test/certificates/${old.id}`)
  const hooks = () => receiver.requests.filter(({ body }) => body.includes('expires in 12 days'))
  await waitFor('the webhook', async () => (hooks().length > 0 ? true : null))
  await sleep(A_WHILE_MS)
  expect(mailsAbout('expires in 12 days')).toHaveLength(1)
  expect(hooks()).toHaveLength(1)
  expect(hooks().every((request) => isSigned(request))).toBe(true)
  const { value } = await evercert<{ items: NoticeView[] }>('notices', '--certificate', old.id)
  expect(value.items).toHaveLength(2)
  expect(value.items[0]?.deliveries.map(({ state }) => state)).toEqual(['sent', 'sent'])
})

it.skipIf(NO_MAIL_SERVER !== null)(
  'when its renewal is served nothing more is said of it, also after its end; nothing secret is logged',
  async () => {
    const id = await orderRenewal(house, old.id)
    await apply(house, id)
    await waitForClose(house, id)
    const before = { mails: mail.messages().length, told: (await noticesOf(old.id)).length }
    for (const daysLeft of [7, 0, -4]) {
      await moveTo(daysLeft)
      await sleep(A_WHILE_MS)
    }
    expect({ mails: mail.messages().length, told: (await noticesOf(old.id)).length }).toEqual(before)
    const logs = house.service().logs()
    for (const secret of [mail.password, SECRET, SECRET.slice(6)]) expect(logs).not.toContain(secret)
  },
)
