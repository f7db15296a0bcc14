/**
 * The small dialog before a private key: a session that is older than the service likes says again who is there, and the download goes on.
 * The service runs in this process, so that its sessions can be made older.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import {
  aMember,
  anAccount,
  anIssuedCertificate,
  COLLEAGUES_PASSWORD,
  type Colleague,
  type TestAccount,
} from '../../../packages/server/test/support/builders.ts'
import { startTestService, type TestService } from '../../../packages/server/test/support/service.ts'
import { findViolations, openTab, openWithAuthenticator, startBrowser, takePicture, type View } from '../../harness/browser.ts'
import { startOpenIdProvider } from '../../harness/openid-provider.ts'
import { freePort } from '../../harness/ports.ts'

const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }

let folder: string
let service: TestService
let site: string
let browser: Browser
let account: TestAccount
let owner: Colleague
let certificateId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-fresh-'))
  browser = await startBrowser()
  const settings = { kind: 'embedded', folder: join(folder, 'database') } as const
  const port = await freePort()
  site = `http://localhost:${port}` // where passkeys can be made
  service = await startTestService({
    database: { kind: 'embedded', settings, dataDir: folder, databaseUrl: null },
    environment: { EVERCERT_PORT: String(port), EVERCERT_PUBLIC_URL: site },
  })
  account = await anAccount(service)
  owner = await aMember(account, 'owner')
  certificateId = (await anIssuedCertificate(account)).id
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await service?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
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
  const provider = await startOpenIdProvider(`${site}/api/auth/callback/corp`)
  try {
    const { issuer, clientId, clientSecret } = provider
    const connection = { id: 'corp', title: 'Example Corp', issuer, clientId, clientSecret }
    await service.client.signInProviders.create({ ...connection, allowedDomains: ['example.com'], newUsers: false })
    provider.person = { sub: 'o-1', email: owner.email, email_verified: true }
    await service.services.db.updateTable('credential').set({ password: null }).where('user_id', '=', owner.userId).execute()
    await service.services.db.deleteFrom('passkey').execute()
    const { page, faults } = await openTab(browser, NARROW_EN)
    await page.goto(`${site}/sign-in?next=${encodeURIComponent(`/certificates/${certificateId}`)}`)
    await page.getByRole('button', { name: 'Sign in with Example Corp' }).click()
    await page.locator('.downloads').waitFor()
    await age()
    const withKey = page.locator('.downloads li').first().getByRole('button').first()
    await withKey.click()
    const dialog = page.getByRole('dialog')
    const again = dialog.getByRole('button', { name: 'Sign in again with Example Corp' })
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
