/**
 * What the page of a certificate does with it, in Chromium against the service and its own CA: its name, renewing by itself, and how it
 * ends, with what the API then says; the chain. One service and one browser for all.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createChain } from '../../harness/certificates.ts'
import { buyAndApply } from '../support/acme.ts'
import { openHouse, type House } from '../support/house.ts'
import { waitForIssuance } from '../support/renewal.ts'
import { waitFor } from '../support/wait-for.ts'

const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const SHOP = 'shop.example.com'
const PRODUCT = 'evercert-private-dv-single'
const DAY_MS = 86_400_000

let folder: string
let house: House
let browser: Browser
let operator: string
let reader: string
let shopId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-life-'))
  browser = await startBrowser()
  house = await openHouse({ folder, names: [SHOP] })
  shopId = await buyAndApply(house, { productId: PRODUCT, domains: [SHOP] })
  await waitForIssuance(house, shopId)
  operator = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  reader = (await house.service().client.tokens.create({ name: 'reader', scopes: ['certificates:read'] })).token
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function open(view: View, path: string, token = operator): Promise<Tab> {
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(house.service().url + path)
  await tab.page.locator('main h1').waitFor()
  return tab
}

/** Nothing that axe finds, nothing wider than the screen, no fault; and a picture of it. */
async function expectFine({ page, faults }: Pick<Tab, 'page' | 'faults'>, name: string): Promise<void> {
  await waitFor('the page to be loaded', async () => ((await page.locator('.loading').count()) === 0 ? true : null))
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate(`Math.max(0, document.documentElement.scrollWidth - innerWidth)`)
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

const statusOf = async (id: string): Promise<string> => (await house.service().client.certificates.get({ id })).status
const action = (page: Page, name: string) => page.locator('#life').getByRole('button', { name: new RegExp(`^${name}`) })

async function balance(): Promise<number> {
  return (await house.service().client.balance.get()).balances[0]?.amountMinor ?? 0
}

it('reissues at no charge with a new key, when that is wanted', async () => {
  const before = [await house.service().client.certificates.get({ id: shopId }), await balance()] as const
  const tab = await open(WIDE_ZH, `/certificates/${shopId}`)
  const { page } = tab
  await action(page, '立即重新签发').click()
  await page.getByText('将以新密钥签发新证书替换当前证书').waitFor()
  await expectFine(tab, 'life-reissue-zh-light-1440')
  await page.getByRole('dialog').locator('button[type=submit]').click()
  const fresh = await waitFor('the reissue', async () => {
    const seen = await house.service().client.certificates.get({ id: shopId })
    return seen.sha256 === before[0].sha256 ? null : seen
  })
  expect(fresh.entitlement).toEqual(before[0].entitlement)
  expect(await balance()).toBe(before[1])
  await page.waitForURL((url) => !url.search.includes('reissue'))
})

/** As if its CA had told of a window (RFC 9773), which the built-in one does not. */
async function showSuggestion(page: Page): Promise<void> {
  await page.route(`**/api/v1/certificates/${shopId}`, async (route) => {
    const response = await route.fetch()
    const certificate = (await response.json()) as { management: object | null }
    const suggestion = { from: '2027-01-02T03:04:00.000Z', until: '2027-01-04T03:04:00.000Z', page: 'https://ca.example/why' }
    const management = certificate.management === null ? null : { ...certificate.management, suggestion }
    await route.fulfill({ response, json: { ...certificate, management } })
  })
  await page.reload()
}

it('renames, manages, revokes and refunds: each says before what it does', async () => {
  const { client } = house.service()
  const tab = await open(WIDE_ZH, `/certificates/${shopId}`)
  const { page } = tab
  await action(page, '重命名').click()
  await page.getByRole('dialog').getByLabel('名称').fill('主站')
  await page.getByRole('dialog').getByRole('button', { name: '重命名' }).click()
  await page.getByRole('heading', { name: '主站', level: 1 }).waitFor()

  await action(page, '开启托管').click()
  await page.getByLabel('每次续费的额度').fill('0')
  await expectFine(tab, 'life-manage-zh-light-1440')
  await page.getByRole('dialog').getByRole('button', { name: '开启托管' }).click()
  await action(page, '关闭托管').waitFor()
  expect((await client.certificates.get({ id: shopId })).management?.spendingLimit).toEqual({ amountMinor: 0, currency: 'CNY' })
  expect(await action(page, '吊销证书').getAttribute('aria-disabled')).toBe('true')
  await page.getByText('托管的证书不能吊销，请先关闭托管。').first().waitFor()
  await expectFine(tab, 'life-managed-zh-light-1440')
  await showSuggestion(page)
  await page.getByText('签发机构建议的续费时间').waitFor()
  expect(await page.getByRole('link', { name: '查看签发机构的说明' }).getAttribute('href')).toBe('https://ca.example/why')
  await expectFine(tab, 'life-suggestion-zh-light-1440')
  await page.unrouteAll({ behavior: 'wait' })
  await action(page, '关闭托管').click()
  await page.getByRole('dialog').getByRole('button', { name: '关闭托管' }).click()
  await action(page, '开启托管').waitFor()

  expect(await action(page, '申请退款').getAttribute('aria-disabled')).toBe('true')
  await action(page, '吊销证书').click()
  await page.getByRole('dialog').getByText('服务期：吊销后即终止').waitFor()
  await page.getByRole('radio', { name: '私钥泄露' }).check()
  await expectFine(tab, 'life-revoke-zh-light-1440')
  await page.getByRole('dialog').getByRole('button', { name: '吊销证书' }).click()
  await waitFor('the CA to have revoked it', async () => ((await statusOf(shopId)) === 'revoked' ? true : null))
  expect(await client.certificates.revocation({ id: shopId })).toMatchObject({ reason: 'keyCompromise', state: 'revoked' })

  await waitFor('the refund to be offered', async () =>
    (await action(page, '申请退款').getAttribute('aria-disabled')) === 'true' ? null : true,
  )
  await action(page, '删除证书').click()
  await page.getByRole('dialog').getByRole('button', { name: '删除证书' }).click()
  await page.getByRole('dialog').getByText('款项可以退回').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '不退款，仍然删除' }).waitFor()
  await expectFine(tab, 'life-refund-available-zh-light-1440')
  await page.keyboard.press('Escape')
  expect(await statusOf(shopId)).toBe('revoked')
  const before = await balance()
  await action(page, '申请退款').click()
  await page.getByRole('dialog').locator('.ant-btn-dangerous').click()
  await page.getByText('已退回余额').first().waitFor()
  expect(await statusOf(shopId)).toBe('refunded')
  const { price } = (await client.orders.list({})).items.find(({ certificateId }) => certificateId === shopId) ?? {}
  expect(await balance()).toBe(before + (price?.amountMinor ?? Number.NaN))
})

interface Upload {
  readonly name: string
  readonly daysLeft: number
}

async function upload({ name, daysLeft }: Upload): Promise<string> {
  const notAfter = Date.now() + daysLeft * DAY_MS
  const leaf = createChain().issue({ names: [`${name}.corp.test`], notBefore: notAfter - 90 * DAY_MS, notAfter })
  const uploaded = { name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  return (await house.service().client.certificates.upload(uploaded)).id
}

const rowOf = (page: Page, name: string) => page.locator('[data-certificate]', { hasText: `${name}.corp.test` })

it('shows by itself what others upload, and waits with it while somebody is at something', async () => {
  await upload({ name: 'before', daysLeft: 80 })
  const { page, faults } = await open(WIDE_ZH, '/')
  await rowOf(page, 'before').waitFor()
  const all = page.locator('.count[aria-pressed=true] .count-number')
  const count = Number(await all.innerText())
  await upload({ name: 'alone', daysLeft: 80 })
  await rowOf(page, 'alone').waitFor({ timeout: 8000 }) // without it, after 30 seconds
  await expect.poll(() => all.innerText()).toBe(String(count + 1)) // the counts as well
  // A menu is open: nothing moves under it.
  await rowOf(page, 'before').getByRole('button', { name: '更多' }).click()
  await page.getByRole('menuitem', { name: '立即探测' }).waitFor()
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname !== '/api/v1/master-keys/health') asked.push(pathname) // by the clock alone, and nothing moves by it
  })
  await upload({ name: 'meanwhile', daysLeft: 80 })
  await page.waitForTimeout(4500) // twice as long as it took above
  expect([asked, await rowOf(page, 'meanwhile').count()]).toEqual([[], 0])
  await page.keyboard.press('Escape')
  await rowOf(page, 'meanwhile').waitFor()
  // What is selected stays where it is, until somebody wants to see more.
  await page.getByRole('checkbox', { name: 'before', exact: true }).check()
  await upload({ name: 'later', daysLeft: 80 })
  await page.getByRole('button', { name: '列表有更新，点击查看' }).click()
  await rowOf(page, 'later').waitFor()
  expect(await page.getByRole('checkbox', { name: 'before', exact: true }).isChecked()).toBe(true)
  expect(faults).toEqual([])
})

it('says what is paid for, and closes where it was opened: over the page of the certificate, or over the list', async () => {
  const { client } = house.service()
  const id = await upload({ name: 'soon', daysLeft: 20 })
  const order = await client.orders.place(
    { renewsCertificateId: id, productId: PRODUCT },
    { context: { idempotencyKey: 'soon' } },
  )
  const tab = await open(WIDE_ZH, `/certificates/${id}`)
  const { page } = tab
  const settled = async (): Promise<[string, number]> => [
    new URL(page.url()).pathname + new URL(page.url()).search,
    await page.evaluate<number>('Math.round(scrollY)'),
  ]
  await page.locator('#chain').waitFor()
  await page.evaluate('scrollTo(0, 40)')
  const before = await settled()
  await page.locator('.head').getByRole('link', { name: '查看续费' }).click()
  const bought = page.getByRole('region', { name: '本次购买' })
  for (const text of ['Evercert 私有 CA DV 单域名证书', '1 年 · 1 个域名', 'soon.corp.test', '不支持补齐', '¥100.00', order.id])
    await bought.getByText(text).first().waitFor()
  await expectFine(tab, 'life-pay-zh-light-1440')
  await page.reload() // the same link goes on over the same page
  await bought.waitFor()
  await page.keyboard.press('Escape')
  await bought.waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'soon', level: 1 }).waitFor()
  expect((await settled())[0]).toBe(before[0])
  await page.evaluate('scrollTo(0, 40)')
  await page.locator('.head').getByRole('link', { name: '查看续费' }).click()
  await bought.waitFor()
  await page.getByRole('button', { name: '关闭', exact: true }).click()
  await bought.waitFor({ state: 'hidden' })
  expect(await settled()).toEqual(before)

  await page.goto(`${house.service().url}/?origin=uploaded&sort=-name`)
  await rowOf(page, 'soon').waitFor()
  await page.evaluate('scrollTo(0, 60)')
  const list = await settled()
  await rowOf(page, 'soon').getByRole('link', { name: '查看续费' }).click()
  await bought.waitFor()
  await page.keyboard.press('Escape')
  await bought.waitFor({ state: 'hidden' })
  expect(await settled()).toEqual(list)
  await page.goto(`${house.service().url}/orders/${order.id}`)
  for (const text of ['soon.corp.test', '不支持补齐']) await page.locator('main').getByText(text).first().waitFor()
  await client.orders.cancel({ id: order.id })
})

it('keeps a menu open when a phone is turned, and says what it said in another language too', async () => {
  const { page, faults } = await open(NARROW_EN, '/')
  await page.setViewportSize({ width: 390, height: 844 })
  const more = page.getByRole('button', { name: 'More: before', exact: true })
  const probe = page.getByRole('menuitem', { name: 'Probe now' })
  const isSeen = async (): Promise<boolean> => {
    const box = await probe.boundingBox()
    return box !== null && box.y >= 0 && box.y + box.height <= (page.viewportSize()?.height ?? 0)
  }
  await more.click()
  await expect.poll(isSeen).toBe(true)
  for (const size of [
    { width: 844, height: 390 },
    { width: 390, height: 844 },
    { width: 1180, height: 600 }, // where cards become a table
  ]) {
    await page.setViewportSize(size)
    await expect.poll(isSeen, { message: JSON.stringify(size) }).toBe(true)
  }
  await probe.click()
  await page.locator('.ant-message').getByText('Probed: ').waitFor()
  await page.getByRole('button', { name: '中文' }).click()
  await page.locator('.ant-message').getByText('探测完成：').waitFor()
  await page.goto(`${house.service().url}/contacts`)
  await page.getByRole('button', { name: '添加联系人' }).click()
  const drawer = page.getByRole('dialog')
  for (const [index, text] of ['Wei', 'wei@example.com', '+86 138 1234 5678'].entries())
    await drawer.locator('input:not([type=hidden])').nth(index).fill(text)
  await drawer.locator('button[type=submit]').click()
  await page.locator('.result-line', { hasText: '已保存' }).waitFor()
  await page.getByRole('button', { name: 'English' }).click()
  await page.locator('.result-line', { hasText: 'Saved: Wei' }).waitFor()
  expect(faults).toEqual([])
})

it('cancels what is not issued, in English on a phone', async () => {
  const { client } = house.service()
  const order = await client.orders.place({ productId: PRODUCT }, { context: { idempotencyKey: 'second' } })
  const paid = await client.orders.pay({ id: order.id, method: 'balance' }, { context: { idempotencyKey: 'second-pay' } })
  const id = paid.certificateId ?? ''
  const tab = await open(NARROW_EN, `/certificates/${id}`)
  const { page } = tab
  await action(page, 'Cancel the certificate').waitFor()
  await expectFine(tab, 'life-en-dark-390')
  await action(page, 'Cancel the certificate').click()
  await page.getByRole('dialog').locator('.consequences li').first().waitFor()
  await expectFine(tab, 'life-cancel-en-dark-390')
  await page.getByRole('dialog').locator('.ant-btn-dangerous').click()
  await page.getByText('went back to the balance').first().waitFor()
  expect(await statusOf(id)).toBe('cancelled')
})

it('shows the chain of an upload, what was issued, its key and the upload that it follows, and deletes it; who may only read is told so', async () => {
  const { client } = house.service()
  const firstId = await upload({ name: 'first', daysLeft: 20 })
  const leaf = createChain().issue({ names: ['old.corp.test'] })
  const { id } = await client.certificates.upload({
    name: 'old',
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
    renewsCertificateId: firstId,
  })
  const looking = await open(NARROW_EN, `/certificates/${id}`, reader)
  await looking.page.getByText('You do not have the permission to change certificates').first().waitFor()
  expect(await action(looking.page, 'Delete the certificate').getAttribute('aria-disabled')).toBe('true')

  const tab = await open(WIDE_ZH, `/certificates/${id}`)
  const { page } = tab
  const { sha256 } = await client.certificates.get({ id })
  await page
    .locator('.chain')
    .getByText(sha256 ?? '')
    .waitFor()
  expect(await page.locator('.chain h3').allInnerTexts()).toEqual(['服务器证书', '中间证书 1', '根证书'])
  await page.locator('#timeline').getByText(`；续费自 ${firstId}`).waitFor()
  const chain = page.locator('#lineage li')
  expect(await chain.locator('.lineage-head').allInnerTexts()).toEqual(['first\n即将过期', 'old\n已签发'])
  expect(await page.locator('#lineage li[aria-current=true]').innerText()).toContain('本证书')
  const issued = page.locator('#issuances li')
  expect([await issued.count(), await issued.locator('.mark').innerText()]).toEqual([1, '当前'])
  for (const panel of ['#issuances', '#facts'])
    await page
      .locator(panel)
      .getByText(/P-256 · 由系统加密保管/)
      .first()
      .waitFor()
  await expectFine(tab, 'life-uploaded-zh-light-1440')
  await chain.getByRole('link', { name: 'first' }).click()
  await page.getByRole('heading', { name: 'first', level: 1 }).waitFor()
  // It goes on with no renewal: it was followed by an upload, and says so.
  const renew = page.locator('.head').getByRole('button', { name: /^续费购买/ })
  expect([await renew.getAttribute('aria-disabled'), await renew.innerText()]).toEqual([
    'true',
    expect.stringContaining(id) as string,
  ])
  await chain.getByRole('link', { name: 'old' }).click()
  await page.getByRole('heading', { name: 'old', level: 1 }).waitFor()
  await action(page, '删除证书').click()
  await page.getByRole('dialog').getByText('私钥：保存的私钥立即销毁').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: '删除证书' }).click()
  await waitFor('it to be deleted', async () => ((await statusOf(id)) === 'closed' ? true : null))
  expect((await client.certificates.list({ search: 'old' })).items).toEqual([])
})
