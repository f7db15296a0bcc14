/**
 * What a signed-in person has for themselves and for their account, in Chromium against the service: password, second factor, sessions and
 * accounts. One service and one browser for all.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RECEIPT_KEYS_PATH, RECEIPT_TYPE } from '@evercert/contract'
import { openBackup } from '@evercert/contract/client'
import { verifyStatement, type PublicJwk } from '@evercert/pki'
import { totpOf } from '../../../packages/server/test/support/totp.ts'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { buyAndApply } from '../support/acme.ts'
import { openHouse, type House } from '../support/house.ts'
import { install, waitForIssuance } from '../support/renewal.ts'
import { waitFor } from '../support/wait-for.ts'

const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const PASSWORD = 'a violet tractor sings'
const SHOP = 'shop.example.com'
const TOTP_PERIOD_MS = 30_000

let folder: string
let house: House
let browser: Browser
let shopId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-desk-'))
  browser = await startBrowser()
  house = await openHouse({ folder, names: [SHOP] })
  shopId = await buyAndApply(house, { productId: 'evercert-private-dv-single', domains: [SHOP] })
  await waitForIssuance(house, shopId)
  await install(house, shopId, SHOP)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const url = (path: string): string => house.service().url + path

async function addPerson(email: string, role: 'owner' | 'auditor' | 'viewer'): Promise<void> {
  const { client } = house.service()
  const { link } = await client.invitations.create({ email, role })
  await client.invitations.accept({ token: link.split('#token=')[1] ?? '', password: PASSWORD, name: email })
}

async function signIn(tab: Tab, email: string, next = '/'): Promise<void> {
  const { page } = tab
  await page.goto(url(`/sign-in?next=${encodeURIComponent(next)}`))
  await page.getByLabel(/E-mail|邮箱/).fill(email)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.locator('button[type=submit]').click()
}

/** Nothing that axe finds, nothing wider than the screen, no fault; and a picture of it. */
async function expectFine({ page, faults }: Pick<Tab, 'page' | 'faults'>, name: string): Promise<void> {
  await waitFor('the page to be loaded', async () => ((await page.locator('.loading').count()) === 0 ? true : null))
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate(`Math.max(0, document.documentElement.scrollWidth - innerWidth)`)
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

it('sets up a second factor, keeps its codes, signs in with it, ends the other sessions, and turns it off', async () => {
  const email = 'ada@example.com'
  await addPerson(email, 'owner')
  const other = await openTab(browser, NARROW_EN)
  await signIn(other, email, '/settings/security')
  const elsewhere = other.page
  await elsewhere.getByRole('heading', { name: 'Sessions' }).waitFor()

  const tab = await openTab(browser, WIDE_EN)
  const { page } = tab
  await signIn(tab, email, '/settings/security')
  await page.getByRole('button', { name: 'Set up the second factor' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Your password now').fill('a violet tractor')
  await drawer.getByRole('button', { name: 'Go on' }).click()
  await drawer.getByText('This is not your password').waitFor()
  await drawer.getByLabel('Your password now').fill(PASSWORD)
  await drawer.getByRole('button', { name: 'Go on' }).click()
  await drawer.getByRole('img', { name: 'QR code' }).waitFor()
  const uri = (await drawer.getByRole('link', { name: 'Open it in an app' }).getAttribute('href')) ?? ''
  expect(await drawer.locator('code').innerText()).toBe(new URL(uri).searchParams.get('secret'))
  await expectFine(tab, 'second-factor-en-light-1440')
  await drawer.getByLabel('Code that the app shows').fill('000000')
  await drawer.getByRole('button', { name: 'Turn it on' }).click()
  await drawer.getByRole('alert').waitFor()
  await drawer.getByLabel('Code that the app shows').fill(totpOf(uri))
  await drawer.getByRole('button', { name: 'Turn it on' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
  const codes = await page.getByRole('list', { name: 'Back-up codes' }).getByRole('listitem').allInnerTexts()
  const saved = (await readFile(await download.path(), 'utf8')).split('\n')
  expect(codes.length).toBeGreaterThan(5)
  expect(saved).toEqual(expect.arrayContaining([email, ...codes]))
  await expectFine(tab, 'security-en-light-1440')

  const again = await openTab(browser, WIDE_ZH)
  await signIn(again, email, '/settings/security')
  await again.page.getByLabel('验证码').fill(totpOf(uri, Date.now() + TOTP_PERIOD_MS))
  await again.page.getByRole('button', { name: '登录', exact: true }).click()
  await again.page.getByRole('table', { name: '登录会话' }).waitFor()
  await takePicture(again.page, 'security-zh-light-1440')
  await again.page.getByRole('button', { name: '退出其他所有会话' }).click()
  await again.page.getByRole('dialog').getByRole('button', { name: '退出其他所有会话' }).click()
  await waitFor('one session to be left', async () =>
    (await again.page.locator('.records tbody tr').count()) === 1 ? true : null,
  )
  await elsewhere.reload()
  await elsewhere.waitForURL(/\/sign-in/)

  await again.page.getByRole('button', { name: '停用' }).click()
  await again.page.getByRole('dialog').getByLabel('当前密码').fill(PASSWORD)
  await again.page.getByRole('dialog').getByRole('button', { name: '停用' }).click()
  await again.page.getByRole('button', { name: '启用双因素验证' }).waitFor()
  await signIn(other, email, '/settings/security')
  await elsewhere.getByRole('heading', { name: 'Sessions' }).waitFor()
  await expectFine(other, 'security-en-dark-390')
  await elsewhere.getByLabel('Your password now').fill(PASSWORD)
  await elsewhere.getByLabel('New password').fill('another violet tractor')
  await elsewhere.getByRole('button', { name: 'Change the password' }).click()
  await elsewhere.getByText('The password is changed.').waitFor()
  await again.page.reload()
  await again.page.waitForURL(/\/sign-in/)
})

it('keeps each tab in its account, whichever another one of the same session goes into', async () => {
  const { client, url: service } = house.service()
  const link = house.service().firstOperatorLink ?? ''
  const email = 'op@example.com'
  await client.firstOperator.create({ token: link.split('#token=')[1] ?? '', email, password: PASSWORD, name: 'Op' })
  await client.accounts.create({ name: 'Second account' })
  const tab = await openTab(browser, WIDE_EN)
  await signIn(tab, email, '/settings/tokens')
  const accountOf = (page: Page) => page.locator('header .account-switch')
  await accountOf(tab.page).waitFor()
  const first = await accountOf(tab.page).innerText()
  const second = await tab.context.newPage()
  await second.goto(`${service}/settings/tokens`)
  await accountOf(second).click()
  await takePicture(second, 'accounts-en-light-1440')
  await second.getByRole('menuitem', { name: 'Second account' }).click()
  await second.locator('header .account-switch', { hasText: 'Second account' }).waitFor()
  await second.getByText('No certificates yet').waitFor()
  await tab.page.reload()
  await tab.page.getByRole('rowheader').first().waitFor() // the tokens of the first account
  expect(await accountOf(tab.page).innerText()).toBe(first)
  const third = await tab.context.newPage()
  await third.goto(service)
  await third.locator('header .account-switch', { hasText: 'Second account' }).waitFor()
  await third.setViewportSize({ width: 390, height: 900 })
  await accountOf(third).click()
  await expectFine({ page: third, faults: [] }, 'accounts-en-light-390')
  // An account that is closed to whoever signs in next in this tab: it begins anew in the session's own.
  await third.evaluate(`sessionStorage.setItem('evercert.account', 'acc_closed')`)
  await third.reload()
  await third.locator('header .account-switch', { hasText: 'Second account' }).waitFor()
  expect(await third.evaluate(`sessionStorage.getItem('evercert.account')`)).not.toBe('acc_closed')
})

it('shows the audit log to those who may see it: searched, read in detail, exported, and verified by the operator', async () => {
  await addPerson('eve@example.com', 'auditor')
  await addPerson('bob@example.com', 'viewer')
  const tab = await openTab(browser, WIDE_EN)
  const { page } = tab
  await signIn(tab, 'bob@example.com', '/audit')
  await page.getByText('audit:read').waitFor()
  expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0)
  expect(await page.evaluate(`fetch('/api/v1/audit').then(({ status }) => status)`)).toBe(403)
  await signIn(tab, 'eve@example.com', '/settings')
  await page.getByRole('link', { name: 'Audit log' }).click()
  await page
    .getByRole('rowheader', { name: /Signing in · signed in/ })
    .first()
    .waitFor()
  await page.getByLabel('Who').fill('bob@example.com')
  await page.getByLabel('Outcome').click()
  await page.getByTitle('refused').click()
  await page.getByRole('button', { name: 'Search' }).click()
  await page.waitForURL(/actor=bob%40example.com&outcome=refused/)
  const refused = page.getByRole('row', { name: /Audit log · listed/ })
  await refused.getByText('refused').waitFor()
  await expectFine(tab, 'audit-en-light-1440')
  await refused.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('dialog').getByText('audit:read').waitFor()
  await expectFine(tab, 'audit-entry-en-light-1440')
  await page.getByRole('dialog').getByRole('link', { name: 'Everything by bob@example.com' }).click()
  await page
    .getByRole('rowheader', { name: /Invitations · accepted|Signing in · signed in/ })
    .first()
    .waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export the log' }).click()])
  expect(await readFile(await file.path(), 'utf8')).toContain('bob@example.com')

  const operator = await openTab(browser, { width: 390, language: 'zh', theme: 'dark' })
  const token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  await operator.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await operator.page.goto(url('/audit'))
  const [kept] = await Promise.all([
    operator.page.waitForEvent('download'),
    operator.page.getByRole('button', { name: '保存检查点' }).click(),
  ])
  await operator.page.getByText('使用另行保存的检查点').click()
  await operator.page.getByRole('textbox', { name: '使用另行保存的检查点' }).fill(await readFile(await kept.path(), 'utf8'))
  await operator.page.getByRole('button', { name: '校验全部日志' }).click()
  await operator.page.getByText('没有记录被篡改、删除或插入。').waitFor()
  expect(await operator.page.getByText('未提供另行保存的检查点').count()).toBe(0)
  await operator.page.locator('.record-cards li').first().waitFor()
  await expectFine(operator, 'audit-zh-dark-390')
})

it('hands on the signed receipt and the confirmation of payment, black on white on A4', async () => {
  const { client } = house.service()
  const { id, sha256, orderId } = await client.certificates.get({ id: shopId })
  const token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  const tab = await openTab(browser, NARROW_EN)
  const { page } = tab
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await page.goto(url(`/certificates/${id}`))
  await page.locator('main').getByRole('link', { name: 'Receipts' }).click()
  await page.getByText('1 receipt', { exact: true }).waitFor()
  await expectFine(tab, 'receipts-en-dark-390')
  await page.getByRole('link', { name: /^Open/ }).click()
  await page
    .getByRole('article')
    .getByText(sha256 ?? '')
    .first()
    .waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as JWS' }).click()])
  const jws = (await readFile(await file.path(), 'utf8')).trim()
  const { keys } = (await (await fetch(url(RECEIPT_KEYS_PATH))).json()) as { keys: PublicJwk[] }
  expect(verifyStatement(jws, keys, RECEIPT_TYPE)).toMatchObject({ certificate: { id, sha256 } })
  expect((await page.locator('.sheet-signed').innerText()).trim()).toBe(jws)
  await expectFine(tab, 'receipt-en-dark-390')
  await expectOnPaper(tab, 'receipt')

  const order = await openTab(browser, WIDE_ZH)
  await order.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await order.page.goto(url(`/orders/${orderId ?? ''}`))
  await order.page.getByRole('link', { name: '付款证明' }).click()
  const { price } = await client.orders.get({ id: orderId ?? '' })
  const amount = (price.amountMinor / 100).toFixed(2)
  await order.page.getByRole('article').getByRole('cell', { name: amount }).waitFor()
  await expectFine(order, 'payment-confirmation-zh-light-1440')
  await expectOnPaper(order, 'payment-confirmation')
})

it('goes anywhere by the keyboard alone: pages, certificates, orders and actions', async () => {
  const token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  const tab = await openTab(browser, WIDE_EN)
  const { page } = tab
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  const loaded: string[] = []
  page.on('request', (request) => loaded.push(request.url()))
  await page.goto(url('/'))
  await page.locator('main h1').waitFor()
  expect(loaded.filter((each) => /\/palette-/.test(each))).toEqual([])
  const { keyboard } = page
  const field = page.getByRole('combobox', { name: 'Go to a page' })
  const chosen = page.getByRole('option', { selected: true })
  await keyboard.press('Control+k')
  await field.waitFor()
  await expectFine(tab, 'palette-en-light-1440')
  await keyboard.type('dns conn')
  await chosen.getByText('DNS connections').waitFor()
  await keyboard.press('Enter')
  await page.waitForURL(/\/dns-connections$/)
  await page.locator('main h1').waitFor()

  await keyboard.press('Control+k')
  await keyboard.type('shop.exa')
  await chosen.getByText('shop.example.com', { exact: true }).waitFor()
  await page.getByRole('option', { name: /^Order of shop.example.com/ }).waitFor()
  await takePicture(page, 'palette-found-en-light-1440')
  await keyboard.press('ArrowDown')
  await chosen.getByText('Order of shop.example.com').waitFor()
  await keyboard.press('ArrowUp')
  await keyboard.press('Enter')
  await page.waitForURL(/\/certificates\/crt_/)

  await keyboard.press('Control+k')
  await keyboard.type('zzzz')
  await page.getByText('0 results').waitFor()
  await keyboard.press('Enter')
  await keyboard.press('Escape')
  await field.waitFor({ state: 'detached' })
  expect(page.url()).toMatch(/\/certificates\/crt_/)
  await keyboard.press('Control+k')
  await keyboard.type('shop.example.com') // and at once, before anything was found
  await keyboard.press('Enter')
  await field.waitFor({ state: 'detached' })
  expect(page.url()).toMatch(/\/certificates\/crt_/)
  await keyboard.press('Control+k')
  await keyboard.type('buy')
  await keyboard.press('Enter')
  await page.waitForURL(/\/buy$/)

  const phone = await openTab(browser, { width: 390, language: 'zh', theme: 'dark' })
  await phone.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await phone.page.goto(url('/'))
  await phone.page.locator('main h1').waitFor()
  await phone.page.keyboard.press('Control+k')
  await phone.page.getByRole('option', { name: '续费：即将过期的证书' }).waitFor()
  await takePicture(phone.page, 'palette-zh-dark-390')
})

async function openAsOperator(view: View, path: string): Promise<Tab> {
  const token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(url(path))
  await tab.page.locator('main h1').waitFor()
  return tab
}

it('takes something off prices as the form showed it, says faults beside their field, and withdraws it', async () => {
  const { client } = house.service()
  const tab = await openAsOperator(WIDE_EN, '/products/promotions')
  const { page } = tab
  const drawer = page.getByRole('dialog')
  const add = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Add a promotion' }).click()
    await drawer.getByLabel('Title in Chinese').fill('新店优惠')
    await drawer.getByLabel('Title in English').fill('Opening')
    await drawer.getByRole('spinbutton', { name: 'A percentage' }).fill('15')
    await drawer.getByLabel('Code').fill('open-2026')
  }
  await page.getByText('No promotions yet').waitFor()
  await add()
  const example = drawer.locator('.promotion-example')
  await example.getByRole('listitem').first().waitFor()
  const shown = await example.getByRole('listitem').first().locator('strong').innerText()
  await drawer.getByLabel('At most so many uses').fill('5')
  await expectFine(tab, 'promotion-en-light-1440')
  const submit = drawer.getByRole('button', { name: 'Add a promotion' })
  await submit.click()
  await page.getByText('“Opening” was added.').waitFor()
  const [product] = (await client.products.list()).items.filter(({ retiredAt }) => retiredAt === null)
  const termYears = product?.prices[0]?.termYears ?? 0
  const quote = { productId: product?.id ?? '', termYears, promotionCode: 'OPEN-2026' }
  const { price } = await client.quotes.create(quote)
  expect(shown.replaceAll(/[^\d.]/g, '')).toBe((price.amountMinor / 100).toFixed(2))

  await add()
  await submit.click()
  await drawer.locator('.ant-form-item', { hasText: 'Code' }).locator('.ant-form-item-explain-error').waitFor()
  await drawer.getByRole('button', { name: 'Not now' }).click()

  const buyer = await openAsOperator(WIDE_EN, '/buy')
  await buyer.page.getByRole('radio').first().check()
  const code = buyer.page.getByLabel('Promotion code (if you have one)')
  await code.fill('open-2027')
  await buyer.page.getByRole('button', { name: 'Use it' }).click()
  await buyer.page.getByText('There is no promotion with this code.').waitFor()
  await code.fill('open-2026')
  await code.press('Enter')
  await buyer.page.getByText('Opening −').waitFor()
  await takePicture(buyer.page, 'buy-code-en-light-1440')

  const narrow = await openAsOperator({ width: 390, language: 'zh', theme: 'dark' }, '/products/promotions')
  await narrow.page.getByText('新店优惠').first().waitFor()
  await expectFine(narrow, 'promotions-zh-dark-390')
  await page.getByRole('button', { name: 'Change Opening' }).click()
  await drawer.getByLabel('Last day').fill('2099-12-31')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('“Opening” was changed.').waitFor()
  expect((await client.promotions.list()).items).toMatchObject([{ endsAt: '2099-12-31T16:00:00.000Z', maxUses: 5 }])
  await takePicture(page, 'promotions-en-light-1440')
  await page.getByRole('button', { name: 'Withdraw Opening' }).click()
  await drawer.getByRole('button', { name: 'Withdraw' }).click()
  await page.getByText('Withdrawn').waitFor()
  await expect(client.quotes.create(quote)).rejects.toMatchObject({ problem: { code: 'promotionNotApplicable' } })
})

it('keeps brands: a name stays, titles are worded anew', async () => {
  const tab = await openAsOperator(WIDE_ZH, '/products/brands')
  const { page } = tab
  const drawer = page.getByRole('dialog')
  const add = async (): Promise<void> => {
    await page.getByRole('button', { name: '添加品牌' }).click()
    await drawer.getByLabel('名称', { exact: true }).fill('Example Trust')
    await drawer.getByLabel('中文名称').fill('示例')
    await drawer.getByLabel('英文名称').fill('Example')
    await drawer.getByRole('button', { name: '添加品牌' }).click()
  }
  await add()
  await page.getByText('已添加品牌 Example Trust。').waitFor()
  await add()
  await drawer.locator('.ant-form-item-explain-error').waitFor()
  await takePicture(page, 'brand-zh-light-1440')
  await drawer.getByRole('button', { name: '暂不' }).click()
  await page.getByRole('button', { name: '修改名称 Example Trust' }).click()
  await drawer.getByLabel('中文名称').fill('示例信任')
  await drawer.getByRole('button', { name: '保存' }).click()
  await page.getByRole('cell', { name: '示例信任' }).waitFor()
  await expectFine(tab, 'brands-zh-light-1440')
  expect((await house.service().client.brands.list()).items).toContainEqual({
    name: 'Example Trust',
    title: { zh: '示例信任', en: 'Example' },
    products: 0,
  })
})

it('sells a product of a brand that is chosen, not typed', async () => {
  const { client } = house.service()
  const tab = await openAsOperator(WIDE_EN, '/products')
  const { page } = tab
  const drawer = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Add a product' }).click()
  await drawer.getByLabel('Title in Chinese').fill('另一款')
  await drawer.getByLabel('Title in English').fill('Another one')
  await drawer.locator('#id').fill('another-one')
  await drawer.getByLabel('Issuer').click()
  await page.locator('.ant-select-item-option', { hasText: 'private' }).first().click()
  expect(await drawer.getByRole('link', { name: 'Add a new brand' }).getAttribute('href')).toBe('/products/brands')
  await drawer.getByLabel('Brand').click()
  await page.locator('.ant-select-item-option', { hasText: 'Evercert Private CA' }).first().click()
  await drawer.getByLabel('Grade').fill('standard')
  await drawer.getByLabel('Price').first().fill('10')
  await takePicture(page, 'product-en-light-1440')
  await drawer.getByRole('button', { name: 'Add a product' }).click()
  await page.getByText('Another one').first().waitFor()
  const { items } = await client.products.list()
  expect(items.find(({ id }) => id === 'another-one')?.specification.brand).toBe('Evercert Private CA')
  expect(tab.faults).toEqual([])
})

it('rotates the master key, removes the old one, and knows the backups that were read', async () => {
  const { client } = house.service()
  const before = await client.masterKeys.list()
  const tab = await openAsOperator(WIDE_EN, '/settings/master-keys')
  const { page } = tab
  const old = page.getByRole('row', { name: before.id })
  await old.getByText('Seals', { exact: true }).waitFor()
  expect(await old.getByRole('button', { name: /^Remove/ }).getAttribute('aria-disabled')).toBe('true')
  await expectFine(tab, 'master-keys-en-light-1440')
  await page.getByRole('button', { name: 'Rotate the master key' }).click()
  await takePicture(page, 'rotate-en-light-1440')
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate the master key' }).click()
  await page.getByRole('status').getByText('New secrets are sealed with').waitFor()
  await old.getByRole('cell', { name: '0', exact: true }).waitFor() // wrapped anew, and the page says so by itself
  await takePicture(page, 'master-keys-rotated-en-light-1440')
  await old.getByRole('button', { name: /^Remove/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await old.waitFor({ state: 'detached' })
  const after = await client.masterKeys.list()
  expect([after.keys.length, after.id === before.id]).toEqual([1, false])

  await page.getByRole('link', { name: 'Backups' }).click()
  await page.getByText('No backup is known.').waitFor()
  await takePicture(page, 'backups-none-en-light-1440')
  const token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  await new Response(await openBackup({ url: house.service().url, token })).arrayBuffer()
  const narrow = await openAsOperator({ width: 390, language: 'zh', theme: 'dark' }, '/settings/backups')
  await narrow.page.getByRole('list', { name: '最近的备份' }).getByText('成功').waitFor()
  expect(await narrow.page.getByText('没有已知的备份。').count()).toBe(0)
  await expectFine(narrow, 'backups-zh-dark-390')
})

/** What a printer gets: the document alone, black on white whatever the theme, on pages of A4. */
async function expectOnPaper({ page }: Tab, name: string): Promise<void> {
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true })
  expect(pdf.toString('latin1')).toMatch(/\/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]/)
  await page.setViewportSize({ width: 794, height: 1123 })
  await page.emulateMedia({ media: 'print' })
  await takePicture(page, `${name}-paper`)
  const seen = await page.evaluate(`({
    ink: getComputedStyle(document.querySelector('.sheet')).color,
    paper: getComputedStyle(document.querySelector('.app')).backgroundColor,
    head: getComputedStyle(document.querySelector('.header')).display,
    title: getComputedStyle(document.querySelector('.main .page-head')).display,
  })`)
  expect(seen).toEqual({ ink: 'rgb(0, 0, 0)', paper: 'rgb(255, 255, 255)', head: 'none', title: 'none' })
}
