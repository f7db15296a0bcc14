/**
 * The small dialog before a private key: a session that is older than the service likes says again who is there, and the download goes on.
 * The service runs in this process, so that its sessions can be made older.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  aMember,
  anAccount,
  anIssuedCertificate,
  COLLEAGUES_PASSWORD,
  type Colleague,
  type TestAccount,
} from '../../../packages/server/test/support/builders.ts'
import { startTestService, type TestService } from '../../../packages/server/test/support/service.ts'
import { findViolations, openTab, startBrowser, takePicture, type View } from '../../harness/browser.ts'

const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }

let folder: string
let service: TestService
let browser: Browser
let account: TestAccount
let owner: Colleague
let certificateId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-fresh-'))
  browser = await startBrowser()
  const settings = { kind: 'embedded', folder: join(folder, 'database') } as const
  service = await startTestService({ database: { kind: 'embedded', settings, dataDir: folder, databaseUrl: null } })
  account = await anAccount(service)
  owner = await aMember(account, 'owner')
  certificateId = (await anIssuedCertificate(account)).id
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await service?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

it('asks again who is there, and downloads then', async () => {
  const { page, faults } = await openTab(browser, NARROW_EN)
  await page.goto(`${service.url}/sign-in?next=${encodeURIComponent(`/certificates/${certificateId}`)}`)
  await page.locator('input[autocomplete=username]').fill(owner.email)
  await page.locator('input[type=password]').fill(COLLEAGUES_PASSWORD)
  await page.locator('button[type=submit]').click()
  await page.locator('.downloads').waitFor()
  await service.services.db
    .updateTable('session')
    .set({ created_at: new Date(Date.now() - 3_600_000) })
    .execute()
  const withKey = page.locator('.downloads li').first().getByRole('button').first()
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
