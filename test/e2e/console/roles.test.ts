/**
 * What a role may not do is not offered by the console: in Chromium each role opens every page and presses every button that can be pressed, and
 * nothing of what is asked of the API by that is refused for a lacking permission. And what strangers wrote into a certificate is shown as text.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import type { MemberRole } from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  aMember,
  anAccount,
  anUpload,
  COLLEAGUES_PASSWORD,
  PRIVATE_SINGLE,
  withKey,
  type TestAccount,
} from '../../../packages/server/test/support/builders.ts'
import { openBrowser } from '../../../packages/server/test/support/browser.ts'
import { createClock } from '../../../packages/server/test/support/clock.ts'
import { anEstate, type Estate } from '../../../packages/server/test/support/estate.ts'
import { startTestService, type TestService } from '../../../packages/server/test/support/service.ts'
import { findViolations, openTab, startBrowser, takePicture, type View } from '../../harness/browser.ts'
import { createRoot } from '../../harness/certificates.ts'
import { watchCalls } from '../support/console-calls.ts'
import { pressEverything } from '../support/console-presses.ts'

const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const ROLES: readonly MemberRole[] = ['viewer', 'finance', 'reviewer', 'auditor', 'operator']
const CANARY = 'shopkeeper'
/** Far fewer than there are: fewer show that nothing was looked at. */
const MIN_PAGES = 45
const MIN_PRESSED = 30

let folder: string
let service: TestService
let browser: Browser
let account: TestAccount
let estate: Estate
/** Certificates whose renewal is at its first two steps. */
let renewals: { readonly quoted: string; readonly unpaid: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-roles-'))
  browser = await startBrowser()
  const settings = { kind: 'embedded', folder: join(folder, 'database') } as const
  const database = { kind: 'embedded', settings, dataDir: folder, databaseUrl: null } as const
  service = await startTestService({ database, clock: createClock(Date.now()) })
  account = await anAccount(service)
  estate = await anEstate(account, folder, CANARY)
  const [quoted, unpaid] = [await anUpload(account, { daysLeft: 20 }), await anUpload(account, { daysLeft: 20 })]
  await account.client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: unpaid.id }, withKey())
  renewals = { quoted: quoted.id, unpaid: unpaid.id }
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await service?.stop()
  await estate?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Every page for those who are signed in; certificates in each of the states that the estate has. */
function paths(): string[] {
  const { ids } = estate
  const source = readFileSync(new URL('../../../packages/console/src/app/routes.ts', import.meta.url), 'utf8')
  const known: Readonly<Record<string, readonly (string | undefined)[]>> = {
    certificates: [ids['certificate'], ids['pending'], ids['upload']],
    orders: [ids['order']],
    agents: [ids['agent']],
    receipts: [ids['receipt']],
    reviews: [ids['pending']],
  }
  return [...source.matchAll(/(?:^ {4}|^ {2}\{ )path: '([^']+)'(.*)/gm)].flatMap(([, path = '', rest = '']) => {
    if (rest.includes('bare: true')) return []
    if (!path.includes(':id')) return [path]
    const all = [...(known[path.split('/')[1] ?? ''] ?? []), ...(path.endsWith('/renewal') ? Object.values(renewals) : [])]
    expect(all, `nothing is known to open ${path} with`).not.toEqual([])
    return all.map((id) => path.replace(':id', id ?? ''))
  })
}

/** Each takes a quarter of a minute: all with `EVERCERT_TEST_LONG=1`. */
const TRIED = process.env['EVERCERT_TEST_LONG'] === '1' ? ROLES : ROLES.slice(0, 2)

it.each(TRIED)('offers the role %s nothing that is then refused', async (role) => {
  const member = await aMember(account, role)
  const jar = openBrowser(service)
  await jar.signIn({ email: member.email, password: COLLEAGUES_PASSWORD })
  const { page, context, faults } = await openTab(browser, WIDE_EN)
  await context.addCookies(
    [...jar.cookies].map(([name, value]) => ({ name, value: decodeURIComponent(value), url: service.url })),
  )
  const calls = await watchCalls(page, (await jar.me()).scopes)
  const all = paths()
  const prepare = async (path: string): Promise<void> => {
    const product = page.locator('.renewal input#product')
    if (path !== `/certificates/${renewals.quoted}/renewal` || (await product.count()) === 0) return
    await product.press('Enter')
    await page.locator('.ant-select-item-option').first().click()
  }
  const pressed = await pressEverything({ page, calls, url: service.url, paths: all, word: CANARY, prepare })
  expect({ role, lacking: calls.lacking(), faults }).toEqual({ role, lacking: [], faults: [] })
  expect(all.length).toBeGreaterThan(MIN_PAGES)
  expect(pressed.length).toBeGreaterThan(MIN_PRESSED)
  const ofStep = (id: string) => pressed.filter((each) => each.startsWith(`/certificates/${id}/renewal ›`))
  if ((await jar.me()).scopes.includes('orders:write'))
    expect([ofStep(renewals.quoted), ofStep(renewals.unpaid)].map(({ length }) => length > 0)).toEqual([true, true])
})

it('shows as text what strangers wrote into the subject of a certificate', async () => {
  const markup = '<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=2</script>'
  const leaf = createRoot({ commonName: `Root ${markup}` }).issue({ names: ['a.example.com'], commonName: markup })
  const { id } = await account.client.certificates.upload({
    name: markup.slice(0, 60),
    certificatePem: leaf.chainPem + leaf.rootPem,
    privateKeyPem: leaf.privateKeyPem,
  })
  const { page, context, faults } = await openTab(browser, WIDE_EN)
  await context.addInitScript((token) => sessionStorage.setItem('evercert.token', token), account.token)
  await page.goto(`${service.url}/certificates/${id}`)
  await page.locator('#chain').getByText(`CN=${markup}`, { exact: true }).first().waitFor()
  await page.locator('#chain').getByText(`CN=Root ${markup}`).first().waitFor()
  await page
    .locator('#facts')
    .getByText(`CN=Root ${markup.replaceAll('=', String.raw`\=`)}`)
    .waitFor()
  const made = await page.evaluate<object>(
    `({ taken: globalThis.taken, images: document.querySelectorAll('img[src=x]').length, scripts: document.querySelectorAll('script:not([src])').length })`,
  )
  expect({ made, faults }).toEqual({ made: { taken: undefined, images: 0, scripts: 0 }, faults: [] })
})

it('tells whoever operates the service on every page that the token of the master key is away, and nobody else', async () => {
  const { keyring } = service.services
  const viewer = await aMember(account, 'viewer')
  keyring.awaySince = Date.now() - 90_000
  const open = async (view: View, path: string, token: string) => {
    const tab = await openTab(browser, view)
    await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
    await tab.page.goto(service.url + path)
    await tab.page.locator('main h1').waitFor()
    return tab
  }
  for (const [view, path, title] of [
    [WIDE_EN, '/orders', 'The token with the master key does not answer'],
    [{ width: 390, language: 'zh', theme: 'dark' }, '/settings/master-keys', '存放主密钥的令牌没有响应'],
  ] as const) {
    const { page, context, faults } = await open(view, path, service.operatorToken)
    await page.locator('.key-away').getByText(title).waitFor()
    await takePicture(page, `key-away-${view.language}-${view.theme}-${view.width}`)
    expect([await findViolations(page), faults]).toEqual([[], []])
    await context.close()
  }
  const { page, context } = await open(WIDE_EN, '/', viewer.token)
  await page.waitForTimeout(3000) // it is asked two seconds after the start
  expect(await page.locator('.key-away').count()).toBe(0)
  await context.close()
  keyring.awaySince = null
})
