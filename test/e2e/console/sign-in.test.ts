/**
 * Ways of signing in, in Chromium against the service: passkeys, with an authenticator that its debugger plays (CDP WebAuthn), and its answers
 * as somebody hostile would send them; single sign-on with an OpenID Connect provider on this machine. And the small dialog before a private
 * key: a session that is older than the service likes says again who is there, and the download goes on. The service runs in this process,
 * so that its sessions can be made older.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createFirstOperatorLink } from '../../../packages/server/src/services/access/first-operator.ts'
import { openBrowser, tokenOf, type Browser as Jar } from '../../../packages/server/test/support/browser.ts'
import {
  aMember,
  anAccount,
  anIssuedCertificate,
  COLLEAGUES_PASSWORD,
  type Colleague,
  type TestAccount,
} from '../../../packages/server/test/support/builders.ts'
import { openerOf } from '../../../packages/server/test/support/databases.ts'
import { startTestService, type TestService } from '../../../packages/server/test/support/service.ts'
import { totpOf } from '../../../packages/server/test/support/totp.ts'
import {
  findViolations,
  openTab,
  openWithAuthenticator,
  startBrowser,
  takePicture,
  type Tab,
  type View,
} from '../../harness/browser.ts'
import { startOpenIdProvider } from '../../harness/openid-provider.ts'
import { freePort } from '../../harness/ports.ts'
import { waitFor } from '../support/wait-for.ts'

const ADA = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada' } as const
const BOB = { email: 'bob@example.com', password: 'seven calm lighthouses', name: 'Bob' } as const
const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const NARROW_ZH: View = { width: 390, language: 'zh', theme: 'dark' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }

const open = openerOf('embedded')
let service: TestService
let browser: Browser
let site: string
/** Another site of the same name: its pages get passkeys of ours, and say who they are. */
let elsewhere: Server
let account: TestAccount
let owner: Colleague
let certificateId: string

beforeAll(async () => {
  browser = await startBrowser()
  const port = await freePort()
  site = `http://localhost:${port}`
  service = await startTestService({
    database: await open(),
    environment: { EVERCERT_PORT: String(port), EVERCERT_PUBLIC_URL: site },
  })
  const token = tokenOf(await createFirstOperatorLink(service.services, site))
  await service.client.firstOperator.create({ token, ...ADA })
  const { link } = await service.client.invitations.create({ email: BOB.email, role: 'viewer' })
  await service.client.invitations.accept({ token: tokenOf(link), name: BOB.name, password: BOB.password })
  account = await anAccount(service)
  owner = await aMember(account, 'owner')
  certificateId = (await anIssuedCertificate(account)).id
  elsewhere = createServer((_request, response) => response.end('<!doctype html><title>elsewhere</title>'))
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await service?.stop()
  elsewhere?.close()
})

async function signInByPassword(page: Page, { email, password }: { readonly email: string; readonly password: string }) {
  await page.goto(`${site}/sign-in?next=/settings/security`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('region', { name: 'Passkeys' }).waitFor()
}

async function addPasskey(page: Page, name: string, password: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name').fill(name)
  await drawer.getByLabel('Your password now').fill(password)
  await drawer.getByRole('button', { name: 'Go on' }).first().click()
}

/** What a page gets from the authenticator for a challenge, whoever asked for that. */
function assert(page: Page, options: { readonly challenge: unknown; readonly userVerification?: string }): Promise<object> {
  return page.evaluate(async (wish) => {
    const { PublicKeyCredential: parser, navigator: device } = globalThis as unknown as {
      PublicKeyCredential: { parseRequestOptionsFromJSON(options: object): object }
      navigator: { credentials: { get(request: object): Promise<{ toJSON(): object }> } }
    }
    const publicKey = parser.parseRequestOptionsFromJSON({ rpId: 'localhost', userVerification: 'required', ...wish })
    return (await device.credentials.get({ publicKey })).toJSON()
  }, options)
}

const challengeOf = async (jar: Jar): Promise<unknown> =>
  (await jar.signInPath('passkey/generate-authenticate-options')).body['challenge']
const verify = (jar: Jar, response: object) => jar.signInPath('passkey/verify-authentication', { response })
const REFUSED = { status: 401, problem: { code: 'passkeyRefused' } }

async function expectFine({ page, faults }: Tab, name: string): Promise<void> {
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate(`Math.max(0, document.documentElement.scrollWidth - innerWidth)`)
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

it('is registered with the password, signs in without second factor, is renamed and removed', async () => {
  const tab = await openWithAuthenticator(browser, WIDE_EN)
  const { page } = tab
  await signInByPassword(page, ADA)
  await addPasskey(page, 'Laptop', 'not the password')
  await page.getByText('This is not your password').waitFor()
  await page.getByRole('dialog').getByLabel('Your password now').fill(ADA.password)
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).first().click()
  const row = page.getByRole('region', { name: 'Passkeys' }).getByRole('row', { name: /Laptop/ })
  await row.waitFor()
  await expectFine(tab, 'passkeys-en-light-1440')
  await addPasskey(page, 'Again', ADA.password)
  await page.getByText('This device has a passkey of yours already').waitFor()
  await page.getByRole('button', { name: 'Not now' }).click()

  // From now on a password alone does not do; the passkey does.
  const jar = openBrowser(service)
  await jar.signIn(ADA)
  const { totpUri = '' } = (await jar.signInPath('two-factor/enable', { password: ADA.password })).body as { totpUri?: string }
  const code = totpOf(totpUri)
  expect((await jar.signInPath('two-factor/verify-totp', { code })).status).toBe(200)
  expect((await openBrowser(service).signIn(ADA)).body).toEqual({ next: 'secondFactor' })

  await tab.context.clearCookies()
  await page.goto(`${site}/sign-in?next=/settings/security`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
  await expectFine(tab, 'sign-in-passkey-en-light-1440')
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await row.waitFor()
  expect((await jar.send<{ items: object[] }>('GET', '/api/v1/passkeys')).body.items).toMatchObject([
    { name: 'Laptop', isSynced: false, lastUsedAt: expect.any(String) as string },
  ])
  await row.getByRole('button', { name: /^Rename/ }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('Old laptop')
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).first().click()
  const renamed = page.getByRole('region', { name: 'Passkeys' }).getByRole('row', { name: /Old laptop/ })
  await renamed.getByRole('button', { name: /^Remove/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await renamed.waitFor({ state: 'detached' })

  await tab.context.clearCookies()
  await page.goto(`${site}/sign-in`)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('The passkey is not known here').waitFor()

  const { items } = await service.client.audit.list({ limit: 50, installation: true })
  const trail = items.map(({ action, outcome, actor }) => `${action} ${outcome} ${actor}`)
  expect(trail).toEqual(
    expect.arrayContaining([
      `auth.passkey/generate-register-options refused ${ADA.email}`,
      `auth.passkey/verify-registration done ${ADA.email}`,
      `auth.passkey/verify-authentication done ${ADA.email}`,
      `passkeys.rename done ${ADA.email}`,
      `passkeys.remove done ${ADA.email}`,
      'auth.passkey/verify-authentication refused nobody',
    ]),
  )
})

it('answers to nobody but its owner, this site and this request', async () => {
  const tab = await openWithAuthenticator(browser, WIDE_EN)
  const { page } = tab
  await signInByPassword(page, BOB)
  await addPasskey(page, 'Phone', BOB.password)
  await page.getByRole('row', { name: /Phone/ }).waitFor()
  const jar = openBrowser(service)

  const good = await assert(page, { challenge: await challengeOf(jar) })
  const stranger = openBrowser(service)
  await challengeOf(stranger)
  expect(await verify(stranger, good)).toMatchObject(REFUSED) // it answers the challenge of another browser
  expect(await verify(openBrowser(service), good)).toMatchObject(REFUSED) // nobody asked
  const before = new Map(jar.cookies)
  expect(await verify(jar, good)).toMatchObject({ status: 200, body: {} })
  expect((await jar.me()).user?.email).toBe(BOB.email)
  const replay = openBrowser(service)
  for (const [name, value] of before) replay.cookies.set(name, value)
  expect(await verify(replay, good)).toMatchObject(REFUSED)

  await tab.setVerified(false)
  const lazy = openBrowser(service)
  const unverified = await assert(page, { challenge: await challengeOf(lazy), userVerification: 'discouraged' })
  await tab.setVerified(true)
  expect((await verify(lazy, unverified)).problem).toMatchObject({
    code: 'passkeyRefused',
    detail: expect.stringContaining('its owner is there') as string,
  })

  const fooled = openBrowser(service)
  const challenge = await challengeOf(fooled)
  await page.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`)
  expect(await verify(fooled, await assert(page, { challenge }))).toMatchObject(REFUSED)
  await page.goto(`${site}/settings/security`)

  const own = await assert(page, { challenge: await challengeOf(jar) })
  for (const id of [Buffer.from('no such passkey').toString('base64url'), 'AA'])
    expect(await verify(jar, { ...own, id, rawId: id })).toMatchObject(REFUSED)

  // Ada's passkey, answered by Bob's.
  const ada = await openWithAuthenticator(browser, WIDE_EN)
  const adaJar = openBrowser(service)
  await adaJar.signIn(ADA)
  await service.services.db.deleteFrom('second_factor').execute()
  await service.services.db.updateTable('user').set({ two_factor_enabled: false }).execute()
  await signInByPassword(ada.page, ADA)
  await addPasskey(ada.page, 'Key', ADA.password)
  await ada.page.getByRole('row', { name: /Key/ }).waitFor()
  const { credential_id: id } = await service.services.db
    .selectFrom('passkey')
    .select('credential_id')
    .where('name', '=', 'Key')
    .executeTakeFirstOrThrow()
  const thief = openBrowser(service)
  const forged = await assert(page, { challenge: await challengeOf(thief) })
  expect(await verify(thief, { ...forged, id, rawId: id })).toMatchObject(REFUSED)

  // Nobody sees, names or removes another's.
  const { items } = (await jar.send<{ items: { id: string }[] }>('GET', '/api/v1/passkeys')).body
  const mallory = openBrowser(service)
  await mallory.signIn(ADA)
  for (const { id: passkeyId } of items) {
    expect((await mallory.send('POST', `/api/v1/passkeys/${passkeyId}`, { body: { name: 'mine' } })).status).toBe(404)
    expect((await mallory.send('DELETE', `/api/v1/passkeys/${passkeyId}`)).status).toBe(404)
  }
  expect(items.length).toBe(1)
})

it('says on a phone, in Chinese, that the device gave none', async () => {
  const tab = await openWithAuthenticator(browser, NARROW_ZH)
  await tab.page.goto(`${site}/sign-in`)
  await tab.page.getByRole('button', { name: '使用通行密钥登录' }).click()
  await tab.page.getByText('浏览器没有得到通行密钥').waitFor()
  await expectFine(tab, 'sign-in-passkey-zh-dark-390')
  expect(new URL(tab.page.url()).pathname).toBe('/sign-in')
})

it('goes to the provider of single sign-on that the operator connected, and comes back', async () => {
  const provider = await startOpenIdProvider(`${site}/api/auth/callback/corp`)
  onTestFinished(() => provider.close())
  const tab = await openTab(browser, WIDE_EN)
  const { page } = tab
  await signInByPassword(page, ADA)
  await page.getByRole('link', { name: 'Single sign-on' }).click()
  await page.getByRole('button', { name: 'Connect a provider' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name').fill('Example Corp')
  await drawer.getByLabel('Id', { exact: true }).fill('corp')
  await drawer.getByText(`${site}/api/auth/callback/corp`).waitFor()
  await drawer.getByLabel('Issuer URL').fill(provider.issuer)
  await drawer.getByLabel('Client id').fill(provider.clientId)
  await drawer.getByLabel('Client secret').fill(provider.clientSecret)
  await drawer.getByLabel('Domains of e-mail addresses').fill('example.com, example.org')
  await drawer.getByRole('button', { name: 'Connect a provider' }).first().click()
  await page.getByRole('row', { name: /Example Corp/ }).waitFor()
  await expectFine(tab, 'single-sign-on-en-light-1440')

  const phone = await openTab(browser, NARROW_ZH)
  provider.person = { sub: 'x-1', email: 'x@example.net', email_verified: true }
  await phone.page.goto(`${site}/sign-in?next=/orders`)
  await phone.page.getByRole('button', { name: '使用 Example Corp 登录' }).click()
  await phone.page.getByText('您邮箱的域名不在允许范围内').waitFor()
  await expectFine(phone, 'sign-in-refused-zh-dark-390')
  await phone.context.clearCookies() // the provider's: it remembers who came
  provider.person = { sub: 'b-1', email: BOB.email, email_verified: true }
  await phone.page.goto(`${site}/sign-in?next=/orders`)
  await phone.page.getByRole('button', { name: '使用 Example Corp 登录' }).click()
  await phone.page.getByRole('heading', { level: 1, name: '订单' }).waitFor()
  expect(new URL(phone.page.url()).pathname).toBe('/orders')
})

it('lets `evercert login` in by the code that it shows, until `evercert logout`', async () => {
  const home = await mkdtemp(join(tmpdir(), 'evercert-login-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const environment = { ...process.env, XDG_CONFIG_HOME: home, EVERCERT_DATA_DIR: join(home, 'data'), EVERCERT_URL: site }
  const evercert = (...args: string[]) => {
    const main = join(import.meta.dirname, '../../../packages/cli/bin/main.mjs')
    const child = spawn(process.execPath, [main, ...args, '--lang', 'en'], { env: environment })
    const run = { code: once(child, 'close').then(([code]) => code as number), stdout: '', stderr: '' }
    child.stdout.on('data', (data: Buffer) => (run.stdout += data.toString()))
    child.stderr.on('data', (data: Buffer) => (run.stderr += data.toString()))
    return run
  }
  expect(await evercert('whoami').code).not.toBe(0)
  const login = evercert('login', '--name', 'build machine')
  const code = await waitFor('the code', async () => /enter ([A-Z0-9]{4}-[A-Z0-9]{4})/.exec(login.stderr)?.[1] ?? null)
  expect(login.stderr).toContain(`Open ${site}/device`)

  const tab = await openTab(browser, NARROW_ZH)
  const { page } = tab
  await page.goto(`${site}/device`)
  await page.getByLabel('邮箱').fill(BOB.email)
  await page.getByLabel('密码').fill(BOB.password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByLabel('代码').fill(code.toLowerCase())
  await page.getByRole('button', { name: '继续' }).click()
  await page.getByText('build machine').waitFor()
  await page.getByText('7 天').click()
  await expectFine(tab, 'device-zh-dark-390')
  await page.getByRole('button', { name: '允许' }).click()
  await page.getByText('已允许').waitFor()
  expect(await login.code).toBe(0)
  expect(login.stdout).toContain('build machine')

  const file = join(home, 'evercert', 'credentials.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const whoami = evercert('whoami', '--json')
  expect(await whoami.code).toBe(0)
  expect(JSON.parse(whoami.stdout)).toMatchObject({
    kind: 'token',
    token: { name: expect.stringMatching(/^build machine /) as string },
  })
  await page.goto(`${site}/settings/security`)
  await page.getByRole('region', { name: '您的 API 令牌' }).locator('.record-name', { hasText: 'build machine' }).waitFor()
  const kept = JSON.parse(await readFile(file, 'utf8')) as { services: Record<string, { token: string }> }
  const token = kept.services[site]?.token ?? ''
  expect(await evercert('logout').code).toBe(0)
  expect(await readFile(file, 'utf8')).not.toContain(token)
  await expect(service.clientOf(token).me.get()).rejects.toMatchObject({ problem: { code: 'unauthenticated' } })
})

/** Signs in, and makes the session older than the service likes for a key. */
async function enter(page: Page, password = COLLEAGUES_PASSWORD): Promise<Locator> {
  await page.goto(`${site}/sign-in?next=${encodeURIComponent(`/certificates/${certificateId}`)}`)
  await page.locator('input[autocomplete=username]').fill(owner.email)
  await page.locator('input[type=password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.downloads').waitFor()
  await age()
  return page.locator('.downloads li').first().getByRole('button').first()
}

async function age(): Promise<void> {
  const created_at = new Date(Date.now() - 3_600_000)
  await service.services.db.updateTable('session').set({ created_at, authenticated_at: null }).execute()
}

it('asks again who is there, and downloads then', async () => {
  const { page, faults } = await openTab(browser, NARROW_EN)
  const withKey = await enter(page)
  await withKey.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill('not the password')
  await takePicture(page, 'fresh-en-dark-390')
  expect({ violations: await findViolations(page), faults }).toEqual({ violations: [], faults: [] })
  const confirm = dialog.getByRole('button', { name: 'Confirm and download' })
  await confirm.click()
  await dialog.locator('.problem').waitFor()
  await dialog.getByLabel('Password').fill(COLLEAGUES_PASSWORD)
  const coming = page.waitForEvent('download')
  await confirm.click()
  expect((await coming).suggestedFilename()).toMatch(/\.zip$/)
  await dialog.waitFor({ state: 'hidden' })
})

it('takes a passkey, and downloads at once', async () => {
  const tab = await openWithAuthenticator(browser, WIDE_ZH)
  const { page, faults } = tab
  const withKey = await enter(page)
  await page.goto(`${site}/settings/security`)
  await page.getByRole('button', { name: '添加通行密钥' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.locator('input[type=text]:not([hidden])').fill('Laptop')
  await drawer.locator('input[type=password]').fill(COLLEAGUES_PASSWORD)
  await drawer.locator('button[type=submit]').click()
  await page.getByRole('row', { name: /Laptop/ }).waitFor()
  await page.goto(`${site}/certificates/${certificateId}`)
  await withKey.click()
  const dialog = page.getByRole('dialog')
  const passkey = dialog.getByRole('button', { name: '使用通行密钥验证并下载' })
  await passkey.waitFor()
  await takePicture(page, 'fresh-passkey-zh-light-1440')
  expect({ violations: await findViolations(page), faults }).toEqual({ violations: [], faults: [] })
  const sessions = await countSessions()
  await tab.setVerified(false)
  await passkey.click()
  await dialog.locator('.problem').waitFor()
  await tab.setVerified(true)
  const coming = page.waitForEvent('download')
  await passkey.click()
  expect((await coming).suggestedFilename()).toMatch(/\.zip$/)
  await dialog.waitFor({ state: 'hidden' })
  expect(await countSessions()).toBe(sessions) // it said who it is, and opened nothing
})

/** What is filled in and sent, and by what one sees afterwards that it was done. */
interface Wish {
  readonly name: string
  readonly path: string
  readonly open: string
  readonly fields: Readonly<Record<string, string>>
  readonly choices?: readonly string[]
  /** Of which the first option is taken. */
  readonly selected?: readonly string[]
  readonly done: string
}

const WISHES_EN: readonly Wish[] = [
  {
    name: 'token',
    path: '/settings/tokens',
    open: 'Make a token',
    fields: { name: 'robot' },
    choices: ['keys:download'],
    done: 'evc_',
  },
  {
    name: 'invitation',
    path: '/settings/members',
    open: 'Invite somebody',
    fields: { email: 'new@example.com' },
    choices: ['owner'],
    done: 'new@example.com',
  },
]
const WISHES_ZH: readonly Wish[] = [
  {
    name: 'provider',
    path: '/settings/single-sign-on',
    open: '接入登录服务',
    fields: { title: 'Example', id: 'example', issuer: '', clientId: 'a', clientSecret: 'b', allowedDomains: 'example.com' },
    done: '127.0.0.1',
  },
  {
    name: 'target',
    path: '/targets',
    open: '添加部署目标',
    selected: ['certificateId', 'kind'],
    fields: { name: 'shop', certificatePath: '/nowhere/a.pem', keyPath: '/nowhere/a.key' },
    done: 'shop',
  },
]

it.each([
  [NARROW_EN, WISHES_EN],
  [WIDE_ZH, WISHES_ZH],
])('asks over the form for what leads to keys, keeps what was typed, and goes on', async (view, wishes) => {
  await service.services.db.updateTable('user').set({ installation_operator: true }).where('id', '=', owner.userId).execute()
  const { page, faults } = await openTab(browser, view)
  await enter(page)
  const provider = await startOpenIdProvider(`${site}/api/auth/callback/example`)
  onTestFinished(() => provider.close())
  for (const { name, path, open, selected = [], fields, choices = [], done } of wishes) {
    await age()
    await page.goto(`${site}${path}`)
    await page.getByRole('button', { name: open }).first().click()
    const drawer = page.locator('.ant-drawer-content-wrapper').last()
    for (const field of selected) {
      await drawer.locator(`input[id$=${field}]`).click()
      await page.locator('.ant-select-dropdown:visible .ant-select-item-option').first().click()
    }
    for (const [field, value] of Object.entries(fields))
      await drawer
        .locator(`input[id$="${field}"]`)
        .first()
        .fill(value === '' ? provider.issuer : value)
    for (const choice of choices) await drawer.locator(`input[value="${choice}"]`).check()
    await drawer.locator('button[type=submit]').click()
    const dialog = page.locator('.dialog')
    await dialog.locator('input[type=password]').fill('not the password')
    await takePicture(page, `fresh-${name}-${view.language}-${view.theme}-${view.width}`)
    expect({ violations: await findViolations(page), faults }).toEqual({ violations: [], faults: [] })
    await dialog.locator('.ant-btn-primary').click()
    await dialog.locator('.problem').waitFor()
    await dialog.locator('input[type=password]').fill(COLLEAGUES_PASSWORD)
    await dialog.locator('.ant-btn-primary').click()
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText(done).first().waitFor()
    await takePicture(page, `fresh-${name}-after-${view.language}-${view.theme}-${view.width}`)
  }
})

it('leads who has single sign-on alone to the provider and back, after which the download is given', async () => {
  const provider = await startOpenIdProvider(`${site}/api/auth/callback/works`)
  try {
    const { issuer, clientId, clientSecret } = provider
    const connection = { id: 'works', title: 'Example Works', issuer, clientId, clientSecret }
    await service.client.signInProviders.create({ ...connection, allowedDomains: ['example.com'], newUsers: false })
    provider.person = { sub: 'o-1', email: owner.email, email_verified: true }
    await service.services.db.updateTable('credential').set({ password: null }).where('user_id', '=', owner.userId).execute()
    await service.services.db.deleteFrom('passkey').execute()
    const { page, faults } = await openTab(browser, NARROW_EN)
    await page.goto(`${site}/sign-in?next=${encodeURIComponent(`/certificates/${certificateId}`)}`)
    await page.getByRole('button', { name: 'Sign in with Example Works' }).click()
    await page.locator('.downloads').waitFor()
    await age()
    const withKey = page.locator('.downloads li').first().getByRole('button').first()
    await withKey.click()
    const dialog = page.getByRole('dialog')
    const again = dialog.getByRole('button', { name: 'Sign in again with Example Works' })
    await again.waitFor()
    expect(await dialog.locator('input[type=password]').count()).toBe(0)
    await takePicture(page, 'fresh-provider-en-dark-390')
    expect({ violations: await findViolations(page), faults }).toEqual({ violations: [], faults: [] })
    await again.click()
    await dialog.waitFor({ state: 'hidden' })
    await page.locator('.downloads').waitFor()
    const coming = page.waitForEvent('download')
    await withKey.click()
    expect((await coming).suggestedFilename()).toMatch(/\.zip$/)
  } finally {
    await provider.close()
  }
})

const countSessions = async () => (await service.services.db.selectFrom('session').select('id').execute()).length
