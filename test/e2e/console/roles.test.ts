/**
 * Every page of the console, looked at by axe. What a role may not do is not offered: in Chromium each role opens every page and presses every
 * button that can be pressed, and nothing of what is asked of the API by that is refused for a lacking permission. And what strangers wrote
 * into a certificate is shown as text.
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
import { openerOf } from '../../../packages/server/test/support/databases.ts'
import { anEstate, type Estate } from '../../../packages/server/test/support/estate.ts'
import { startTestService, type TestService } from '../../../packages/server/test/support/service.ts'
import { contrastOfEdges, findViolations, openTab, startBrowser, takePicture, type View } from '../../harness/browser.ts'
import { createRoot } from '../../harness/certificates.ts'
import { watchCalls } from '../support/console-calls.ts'
import { pressEverything } from '../support/console-presses.ts'
import { waitFor } from '../support/wait-for.ts'

const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const ROLES: readonly MemberRole[] = ['viewer', 'finance', 'reviewer', 'auditor', 'operator']
const CANARY = 'shopkeeper'
/** Far fewer than there are: fewer show that nothing was looked at. */
const MIN_PAGES = 45
const MIN_PRESSED = 30

const open = openerOf('embedded')
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
  service = await startTestService({ database: await open(), clock: createClock(Date.now()) })
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

const IS_LONG = process.env['EVERCERT_TEST_LONG'] === '1'
/** Each takes a third of a minute: all with `EVERCERT_TEST_LONG=1`. */
const TRIED = IS_LONG ? ROLES : ROLES.slice(0, 1)

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

/** Resolves when the page was drawn, or says that it is loading. */
const GO = `(path) => {
  history.pushState(null, '', path)
  return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(null))))
}`

/** Widths that each page is looked at in; pictures are of the middle one, of all with `EVERCERT_TEST_LONG=1`. The tests of single pages have the widest. */
const MIDDLE = 1024
const WIDTHS = IS_LONG ? [1440, 390, MIDDLE] : [390, MIDDLE]

const OPACITY_OF_BUSY_BUTTON = `() => {
  const button = document.querySelector('main .ant-btn')
  const busy = button.cloneNode()
  busy.classList.add('ant-btn-loading')
  button.after(busy)
  const { opacity } = getComputedStyle(busy)
  busy.remove()
  return opacity
}`

/** How much wider than the screen the page is, and which cells have words that lie over their neighbours. */
const LOOK_FOR_SPILLS = `() => {
  const spilt = [...document.querySelectorAll('main td, main th')].filter((cell) => cell.clientWidth > 0 && cell.scrollWidth > cell.clientWidth + 1)
  const words = spilt.slice(0, 3).map((cell) => cell.innerText.slice(0, 60) + ' ' + cell.scrollWidth + ' > ' + cell.clientWidth)
  return [Math.max(0, document.documentElement.scrollWidth - innerWidth), words]
}`

/** Pages that only the operator of the installation has. */
const OPERATORS = /^\/(issuers|products|settings\/(single-sign-on|master-keys|backups)|balance\/connections)/

it('has no page with a violation that axe finds, with anything wider than the screen, or with a fault', async () => {
  const owner = await aMember(account, 'owner')
  const open = async (token: string) => {
    const tab = await openTab(browser, { width: 1024, language: 'zh', theme: 'dark' })
    await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
    return tab
  }
  const [own, operators] = [await open(owner.token), await open(service.operatorToken)]
  for (const { page } of [own, operators]) {
    await page.goto(service.url)
    await page.locator('main h1').waitFor()
    expect(await contrastOfEdges(page)).toBeGreaterThanOrEqual(3)
    // A button that is at it is faded no more than others are: its words are read.
    const opacity = await page.evaluate<string>(`(${OPACITY_OF_BUSY_BUTTON})()`)
    expect(opacity).toBe('1')
  }
  const wrong: object[] = []
  const all = paths()
  for (const path of all) {
    const { page } = OPERATORS.test(path) ? operators : own
    await page.evaluate(`(${GO})(${JSON.stringify(path)})`) // as a link does: to load the console anew takes longer than all the rest
    await page.locator('h1').first().waitFor()
    await waitFor('the page to be loaded', async () => ((await page.locator('.loading').count()) === 0 ? true : null))
    expect(new URL(page.url()).pathname).toBe(path)
    if (path === '/issuers') await page.getByText('Evercert 内置 CA（私有有效期）').first().waitFor()
    const violations = await findViolations(page)
    if (violations.length > 0) wrong.push({ path, violations })
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 })
      const look = () => page.evaluate<[number, string[]]>(`(${LOOK_FOR_SPILLS})()`)
      let [tooWide, spilt] = await look()
      // A table becomes cards when the page has heard of its new width.
      for (let tries = 0; tries < 30 && (tooWide > 0 || spilt.length > 0); tries += 1) {
        await page.waitForTimeout(100)
        ;[tooWide, spilt] = await look()
      }
      if (tooWide > 0 || spilt.length > 0) wrong.push({ path, width, tooWide, spilt })
      const name = path
        .replaceAll(/[a-z]{3}_\w+/g, 'one')
        .replaceAll(/\W+/g, '-')
        .replace(/^-/, '')
      if (width === MIDDLE || IS_LONG) await takePicture(page, `page-${name || 'list'}-zh-dark-${width}`)
    }
  }
  expect({ wrong, faults: [...own.faults, ...operators.faults] }).toEqual({ wrong: [], faults: [] })
  expect(all.length).toBeGreaterThan(MIN_PAGES)
})

it('asks nothing of the API that a role may not, also by Enter in a field and by a link to a form', async () => {
  const member = await aMember(account, 'viewer')
  const jar = openBrowser(service)
  await jar.signIn({ email: member.email, password: COLLEAGUES_PASSWORD })
  const { page, context, faults } = await openTab(browser, WIDE_EN)
  await context.addCookies(
    [...jar.cookies].map(([name, value]) => ({ name, value: decodeURIComponent(value), url: service.url })),
  )
  const calls = await watchCalls(page, (await jar.me()).scopes)
  await page.goto(`${service.url}/certificates/${estate.ids['certificate']}#targets`)
  calls.at('a site')
  await page.getByLabel('Host', { exact: true }).fill('127.0.0.9')
  await page.getByLabel('Host', { exact: true }).press('Enter')
  // Without any such button, a form of one field is submitted by Enter.
  const submits = page.locator('.add-endpoint button[type=submit]')
  expect([await submits.count(), await submits.first().isDisabled()]).toEqual([1, true])
  calls.at('a contact')
  await page.goto(`${service.url}/contacts?open=new`)
  await page.getByLabel('Name').fill('Li Lei')
  await page.getByLabel('E-mail').fill('li.lei@example.com')
  await page.getByLabel('Phone').fill('+86 138 1234 5678')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save: You lack the permission for this (certificates:write).' }).click({ force: true })
  calls.at('notices')
  await page.goto(`${service.url}/notices/settings`)
  await page.locator('.rules-form input[type=text]').first().press('Enter')
  await calls.settled()
  expect({ lacking: calls.lacking(), faults }).toEqual({ lacking: [], faults: [] })
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
  await page.locator('#facts').getByText(`CN=Root ${markup}`).waitFor()
  const made = await page.evaluate<object>(
    `({ taken: globalThis.taken, images: document.querySelectorAll('img[src=x]').length, scripts: document.querySelectorAll('script:not([src])').length })`,
  )
  expect({ made, faults }).toEqual({ made: { taken: undefined, images: 0, scripts: 0 }, faults: [] })
})

it('tells whoever operates the service on every page that the token of the master key is away, and nobody else', async () => {
  const { keyring } = service.services
  const viewer = await aMember(account, 'viewer')
  keyring.awaySince = Date.now() - 90_000
  const open = async (view: View, path: string, token: string, isClockOurs = false) => {
    const tab = await openTab(browser, view)
    if (isClockOurs) await tab.page.clock.install()
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
    expect(await contrastOfEdges(page)).toBeGreaterThanOrEqual(3)
    await context.close()
  }
  const { page, context } = await open(WIDE_EN, '/', viewer.token, true)
  await page.clock.runFor(3000) // it is asked two seconds after the start
  await page.locator('.list').waitFor() // never idle: the list listens to what others do
  expect(await page.locator('.key-away').count()).toBe(0)
  await context.close()
  keyring.awaySince = null
})
