/**
 * DOMAIN §3 in Chromium, step by step, with the page loaded anew at each: an OV certificate that was bought here and an EV certificate in
 * place of an upload, by one person who applies and another who reviews. One service for both; each step takes up where the one before
 * it ended, by the same link.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@evercert/contract/client'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAYS_LEFT, issuedAtFor } from '../../../demo/past.ts'
import { aPng } from '../../../packages/server/test/support/images.ts'
import { openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createChain } from '../../harness/certificates.ts'
import { openHouse, type House } from '../support/house.ts'
import { aMembersToken } from '../support/person.ts'
import { install, waitForIssuance } from '../support/renewal.ts'
import { startSite, type Site } from '../support/site.ts'
import { waitFor } from '../support/wait-for.ts'

const DAY_MS = 86_400_000
const [SHOP, BANK] = ['shop.evercert.test', 'bank.evercert.test'] as const
const OV = 'evercert-private-ov-single'
const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const WIDE_EN: View = { width: 1440, language: 'en', theme: 'dark' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const COMPANY = {
  name: '示例贸易（上海）有限公司',
  type: 'enterprise',
  phone: '+86 21 0000 0000',
  registrationNumber: '91310000MA1FL0XX4T',
  country: 'CN',
  region: '上海市',
  city: '上海市',
  address: '示例路 1 号',
  postalCode: '200000',
} as const
const CONTACT = { name: '李雷', email: 'li.lei@example.com', phone: '+86 138 1234 5678' }
const EVIDENCE = 'Called the number of the register.'

let folder: string
let house: House
let bankSite: Site
let browser: Browser
/** The operator, who buys and applies; and who reviews. */
let token: string
let reviewer: string
let bought: string
let uploaded: string
let notYet: string
let unrenewable: string
/** While it is missing, the reload command of the shop's site goes on. */
let go: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-whole-life-'))
  go = join(folder, 'go')
  const clockOffsetMs = issuedAtFor(Date.now()) - Date.now()
  ;[browser, house] = await Promise.all([startBrowser(), openHouse({ folder, names: [SHOP, BANK], clockOffsetMs })])
  bankSite = await startSite(join(folder, 'bank'), house.site.address)
  token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  const { client, url } = house.service()
  reviewer = await aMembersToken(url, client, { name: 'han.meimei', role: 'administrator', scopes: ['applications:review'] })
  await client.balance.topUp({ amountMinor: 2_000_000, currency: 'CNY' }, { context: { idempotencyKey: 'money' } })
  bought = await boughtAYearAgo(client, createClient({ url, token: reviewer }))
  await install(house, bought, SHOP)
  unrenewable = await boughtOfBrandWithoutRenewal(client)
  await house.setClock(0)
  // Another licence than the one that was reviewed a year ago: that review does not count again.
  const [company] = (await client.companies.list()).items
  const contentBase64 = aPng({ width: 9 }).toString('base64')
  await client.companies.putDocument({ id: company?.id ?? '', kind: 'businessLicence', contentBase64 })
  uploaded = await upload('bank', BANK, 20)
  notYet = await upload('portal', 'portal.evercert.test', 200)
  await client.promotions.create({
    title: { zh: '老客户', en: 'Loyal' },
    off: { kind: 'percent', percent: 10 },
    code: 'LOYAL-10',
  })
  await slowReload()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await Promise.all([house?.close(), bankSite?.stop()])
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function paid(client: Client, productId: string): Promise<string> {
  const order = await client.orders.place({ productId }, { context: { idempotencyKey: `order-${productId}` } })
  const { certificateId } = await client.orders.pay({ id: order.id }, { context: { idempotencyKey: `pay-${productId}` } })
  return certificateId ?? ''
}

async function boughtAYearAgo(client: Client, second: Client): Promise<string> {
  const company = await client.companies.create(COMPANY)
  await client.companies.putDocument({ id: company.id, kind: 'businessLicence', contentBase64: aPng().toString('base64') })
  const contact = await client.contacts.create(CONTACT)
  const id = await paid(client, OV)
  const applicant = { contactId: contact.id, companyId: company.id }
  await client.applications.submit({ id, domains: [SHOP], validationMethod: 'file', ...applicant })
  const [review] = (await second.reviews.list({})).items
  const { id: reviewId = '', requiredChecks: checks = [] } = review ?? {}
  await second.reviews.approve({ id: reviewId, evidence: EVIDENCE, checks })
  await waitForIssuance(house, id)
  return id
}

async function boughtOfBrandWithoutRenewal(client: Client): Promise<string> {
  const price = { amountMinor: 0, currency: 'CNY' }
  await client.products.create({
    id: 'trial-of-a-year',
    title: { en: 'Trial', zh: '试用' },
    specification: { domainType: 'single', certificateType: 'DV', grade: 'trial', brand: 'Evercert Trial' },
    issuerId: 'evercert-private',
    supportsRenewal: false,
    prices: [{ termYears: 1, base: price, includedDomains: 1, extraDomain: price }],
  })
  const id = await paid(client, 'trial-of-a-year')
  await client.applications.submit({ id, domains: [SHOP], validationMethod: 'file', contact: CONTACT })
  await waitForIssuance(house, id)
  return id
}

async function upload(name: string, domain: string, daysLeft: number): Promise<string> {
  const notAfter = Date.now() + daysLeft * DAY_MS + DAY_MS / 2
  const leaf = createChain().issue({ names: [domain], notBefore: Date.now() - 160 * DAY_MS, notAfter })
  const { chainPem: certificatePem, privateKeyPem } = leaf
  return (await house.service().client.certificates.upload({ name, certificatePem, privateKeyPem })).id
}

/** From now on the reload of the shop's site lasts until {@link go} is there. */
async function slowReload(): Promise<void> {
  const { client } = house.service()
  const [target] = (await client.certificates.get({ id: bought })).targets
  const script = join(folder, 'reload.sh')
  const reload = house.site.target.reloadCommand.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  await writeFile(script, `#!/bin/sh\nuntil [ -e '${go}' ]; do sleep 0.05; done\nexec ${reload}\n`, { mode: 0o755 })
  await writeFile(go, '')
  await client.targets.update({ id: target?.id ?? '', config: { ...house.site.target, reloadCommand: [script] } })
  await waitFor('the site to be proved again', async () => {
    const { targets, servedAt } = await client.certificates.get({ id: bought })
    return servedAt !== null && ['applied', 'proved'].includes(targets[0]?.deployment?.state ?? '') ? true : null
  })
  await rm(go)
}

async function open(path: string, { view = WIDE_ZH, as = token }: { view?: View; as?: string } = {}): Promise<Tab> {
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), as)
  await tab.page.goto(house.service().url + path)
  return tab
}

/** What is seen is there after the page is loaded anew as well: nothing of it was the browser's. */
async function stays(page: Page, what: (page: Page) => Locator): Promise<void> {
  await what(page).first().waitFor()
  await page.reload()
  await what(page).first().waitFor()
}

async function choose(page: Page, title: string): Promise<void> {
  await page.getByLabel('产品').click()
  await page.getByLabel('产品').fill(title)
  await page.locator('.ant-select-item-option', { hasText: title }).first().click()
}

const renewalOf = (id: string): string => `/certificates/${id}/renewal`
const row = (page: Page, id: string): Locator => page.locator(`tr[data-certificate="${id}"]`)
const get = (id: string) => house.service().client.certificates.get({ id })
const freshOf = async (id: string): Promise<string> => (await get(id)).renewedByCertificateId ?? ''

/** By another person than the one who applied, in English and dark. */
async function decide(domain: string, decision: 'Approve' | 'Refuse', reason = ''): Promise<void> {
  const { page, faults } = await open('/reviews', { view: WIDE_EN, as: reviewer })
  await page
    .getByRole('row', { name: new RegExp(domain) })
    .getByRole('link')
    .first()
    .click()
  await stays(page, (on) => on.getByLabel('Evidence'))
  if (decision === 'Approve') {
    for (const box of await page.getByRole('checkbox').all()) await box.check()
    await page.getByLabel('Evidence').fill(EVIDENCE)
  } else await page.getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: decision, exact: true }).click()
  await page.locator('.result-line', { hasText: decision === 'Approve' ? 'Approved' : 'Refused' }).waitFor()
  expect(faults).toEqual([])
}

it('§3.1, §3.4: 即将过期 shows what can be renewed, bought and uploaded together, and what cannot, with its reason', async () => {
  const { page } = await open('/')
  await page.locator('.filters').getByRole('combobox', { name: '证书状态' }).click()
  await page.locator('.ant-select-item-option', { hasText: '即将过期' }).click()
  await stays(page, (on) => row(on, uploaded))
  for (const id of [bought, uploaded])
    await row(page, id)
      .getByRole('link', { name: /^续费购买/ })
      .waitFor()
  expect(
    await row(page, unrenewable)
      .getByRole('button', { name: /^续费购买.*Evercert Trial/ })
      .getAttribute('aria-disabled'),
  ).toBe('true')
  expect(await row(page, notYet).count()).toBe(0)
})

it('§3.2: outside the 30 days the same link says when renewal opens', async () => {
  const { page } = await open(renewalOf(notYet))
  await stays(page, (on) => on.getByRole('dialog').getByText('当前不能续费'))
  await page
    .getByRole('dialog')
    .getByText(/还有 1\d\d 天/)
    .waitFor()
  expect(await page.getByRole('button', { name: '确认并续费' }).count()).toBe(0)
})

it('§3.3: a brand without renewal is refused by its name', async () => {
  const { page } = await open(renewalOf(unrenewable))
  await stays(page, (on) => on.getByRole('dialog').getByText(/Evercert Trial/))
  expect(await page.getByRole('dialog').getByRole('link', { name: '购买证书' }).getAttribute('href')).toBe('/buy')
  expect(await page.getByRole('button', { name: '确认并续费' }).count()).toBe(0)
})

it('§3.5, bought here: the old configuration is chosen, a change says what it loses, a code lowers the price; confirm, pay, come back', async () => {
  const tab = await open(renewalOf(bought))
  const { page } = tab
  await stays(page, (on) => on.getByText('补齐旧证书剩余有效期'))
  await choose(page, 'DV 单域名')
  await page.getByText(new RegExp(`证书类型.*${DAYS_LEFT} 天`)).waitFor()
  await page.getByRole('cell', { name: '不一致' }).waitFor()
  await page.reload()
  await page.getByRole('cell', { name: '不一致' }).waitFor() // what was chosen is in the address
  await page.goto(house.service().url + renewalOf(bought))
  await page.getByText('补齐旧证书剩余有效期').waitFor() // nothing was confirmed: the link itself begins with the old configuration
  await page.getByLabel(/优惠码/).fill('loyal-10')
  await page.getByLabel(/优惠码/).press('Enter')
  await page.getByText('老客户 −').waitFor()
  await takePicture(page, 'whole-life-quote-zh-light-1440')
  const refused: string[] = []
  page.on('response', (answer) => void (answer.status() >= 400 && refused.push(`${answer.status()} ${answer.url()}`)))
  await page.getByRole('button', { name: '确认并续费' }).click()
  await page.getByRole('button', { name: '立即支付' }).waitFor()
  expect(refused).toEqual([]) // nothing is asked for that the order itself has ended
  await stays(page, (on) => on.getByRole('button', { name: '立即支付' }))
  const { renewalProcess } = await get(bought)
  const order = await house.service().client.orders.get({ id: renewalProcess?.orderId ?? '' })
  const { price } = await house.service().client.quotes.create({ productId: OV })
  expect(order).toMatchObject({ state: 'placed', kind: 'renewal', price: { amountMinor: price.amountMinor * 0.9 } })
  await page.getByRole('button', { name: '立即支付' }).click()
  await page.getByLabel('域名列表').waitFor()
  expect(tab.faults).toEqual([])
})

it('§3.7: the new certificate stands directly under the old one with the “new” mark, waiting for its application', async () => {
  const { page } = await open('/')
  const fresh = await freshOf(bought)
  await stays(page, (on) => row(on, fresh).locator('.new-mark'))
  await row(page, fresh).getByText('待申请').waitFor()
  const above = (on: Locator) => on.evaluate((each) => each.previousElementSibling?.getAttribute('data-certificate'))
  expect(await above(row(page, fresh))).toBe(bought)
  // In the list of what expires soon too, where it was bought: it says that it is not of the filter, and is not selected with what is.
  const tab = await open('/?status=expiringSoon')
  await row(tab.page, fresh).getByText('不在筛选结果中').waitFor()
  expect(await above(row(tab.page, fresh))).toBe(bought)
  expect(await row(tab.page, fresh).getByRole('checkbox').count()).toBe(0)
  await tab.page.getByText('共 3 张证书').waitFor()
  await takePicture(tab.page, 'list-under-zh-light-1440')
  const phone = await open('/?status=expiringSoon', { view: NARROW_EN })
  const card = phone.page.locator(`.card[data-certificate="${fresh}"]`)
  await card.getByText('not in the filter').waitFor()
  expect(await above(card)).toBe(bought)
  await takePicture(phone.page, 'list-under-en-dark-390')
  expect([...tab.faults, ...phone.faults]).toEqual([])
})

it('§3.8, §3.9: the application is prefilled, shows its times, is refused by a second person with a reason, and is submitted again', async () => {
  const tab = await open(renewalOf(bought))
  const { page } = tab
  await stays(page, (on) => on.getByLabel('域名列表'))
  expect(await page.getByLabel('域名列表').inputValue()).toBe(SHOP)
  await page.getByText(`${CONTACT.name} (`).first().waitFor()
  await page.getByText(COMPANY.name).first().waitFor()
  await page.getByRole('button', { name: '提交申请' }).click()
  await stays(page, (on) => on.getByRole('dialog').getByText('通常', { exact: true }))
  await decide(SHOP, 'Refuse', '营业执照不清晰。')
  await page.getByText('营业执照不清晰。').first().waitFor() // by itself
  await stays(page, (on) => on.getByRole('dialog').getByText('营业执照不清晰。'))
  await page.getByRole('button', { name: '提交申请' }).click()
  await stays(page, (on) => on.getByRole('dialog').getByText('通常', { exact: true }))
  await decide(SHOP, 'Approve')
  expect(tab.faults).toEqual([])
})

it('§3.10: installed on the server of the old one; the log tells each step as it ends, and the warning stays until the server serves it', async () => {
  const tab = await open(renewalOf(bought))
  const { page } = tab
  const log = (on: Page) => on.getByRole('log')
  await stays(page, (on) => log(on).getByText(/已用证书 .+替换/))
  expect(
    await log(page)
      .getByText(/已执行重新加载命令/)
      .count(),
  ).toBe(0)
  await page.getByText('新证书已签发，但尚未在所有站点生效').waitFor()
  await page.getByRole('dialog').getByText('仍是旧证书').first().waitFor() // that it was seen before is no proof of the new one
  expect(await page.getByRole('dialog').getByText('已使用本证书').count()).toBe(0)
  await takePicture(page, 'whole-life-install-zh-light-1440')
  await writeFile(go, '')
  await log(page)
    .getByText(/已执行重新加载命令/)
    .waitFor() // by itself
  await page.getByText('续费完成：所有地址都已使用新证书').waitFor({ timeout: 60_000 })
  expect(tab.faults).toEqual([])
})

it('§3.11: proved by the service, and by the documented line', async () => {
  const { page } = await open(renewalOf(bought))
  await stays(page, (on) => on.getByText('续费完成：所有地址都已使用新证书'))
  await page.getByText(`openssl s_client -servername ${SHOP} -connect ${SHOP}:${house.site.port}`).waitFor()
  const { sha256, notAfter } = await get(await freshOf(bought))
  expect(await house.site.servedSha256(SHOP)).toBe(sha256)
  // Topped up: a calendar year after the old one's end, not after its own beginning.
  const old = new Date((await get(bought)).notAfter ?? '')
  old.setUTCFullYear(old.getUTCFullYear() + 1)
  expect(notAfter?.slice(0, 10)).toBe(old.toISOString().slice(0, 10))
})

it('§3.6, uploaded: nothing is chosen; what differs is said; a year from issuance, never topped up; then order and payment', async () => {
  const tab = await open(renewalOf(uploaded))
  const { page } = tab
  await stays(page, (on) => on.getByText('请选择一款规格与旧证书相同的产品'))
  expect(await page.getByRole('button', { name: '确认并续费' }).count()).toBe(0)
  await choose(page, 'EV 单域名')
  await page.getByText('不补齐旧证书剩余的有效期').waitFor()
  expect(await page.locator('.comparison tbody tr').count()).toBe(4)
  await page.locator('.comparison').getByText('不一致').first().waitFor()
  await page.getByRole('button', { name: '确认并续费' }).click()
  await stays(page, (on) => on.getByRole('button', { name: '立即支付' }))
  await page.getByRole('button', { name: '立即支付' }).click()
  await page.getByLabel('域名列表').waitFor()
  expect(tab.faults).toEqual([])
})

it('§3.8, uploaded, EV: what is missing is said; with the bank permit it is reviewed, and the domain is proved by a record', async () => {
  const tab = await open(renewalOf(uploaded))
  const { page } = tab
  await stays(page, (on) => on.getByLabel('域名列表'))
  expect(await page.getByLabel('域名列表').inputValue()).toBe(BANK) // from the upload's names
  const apply = async (): Promise<void> => {
    await page.getByRole('radio', { name: '手动 DNS 验证' }).check()
    await page.getByLabel('联系人', { exact: true }).click()
    await page.locator('.ant-select-item-option', { hasText: CONTACT.name }).click()
    await page.getByLabel('公司', { exact: true }).click()
    await page.locator('.ant-select-item-option', { hasText: COMPANY.name }).click()
    await page.getByLabel('上级负责人姓名').fill('韩梅梅')
    await page.getByLabel('上级负责人职务').fill('总经理')
    await page.getByLabel('上级负责人电话').fill('+86 21 0000 0001')
    await page.getByLabel('上级负责人邮箱').fill('han@example.com')
    await page.getByRole('button', { name: '提交申请' }).click()
  }
  await apply()
  await page
    .locator('.renewal .problem')
    .getByText(/银行开户许可证/)
    .first()
    .waitFor()
  expect(await page.getByLabel('上级负责人姓名').inputValue()).toBe('韩梅梅')
  await storeBankPermit()
  await page.reload()
  await apply()
  await stays(page, (on) => on.getByRole('dialog').getByText('通常', { exact: true }))
  await decide(BANK, 'Approve')
  await stays(page, (on) => on.locator('.validations code'))
  const [name = '', value = ''] = await page.locator('.validations code').allInnerTexts()
  await page.getByText('上次检查没有通过').first().waitFor()
  house.dns.add(name, 'TXT', value)
  await page.getByRole('button', { name: '立即检查' }).click()
  await page.getByText('新证书已签发，但尚未在所有站点生效').waitFor({ timeout: 60_000 })
  expect(tab.faults).toEqual([])
})

/** On the page of companies, as a person does. */
async function storeBankPermit(): Promise<void> {
  const { page } = await open('/companies')
  await page.getByRole('button', { name: `编辑 ${COMPANY.name}` }).click()
  const permit = page.locator('.company-document').nth(1)
  await permit.locator('input[type=file]').setInputFiles({ name: 'permit.png', mimeType: 'image/png', buffer: aPng() })
  await permit.getByText('已保存。').waitFor()
}

it('§3.10, §3.11, uploaded: downloaded, installed by hand, its site added by the same link, and proved', async () => {
  const tab = await open(renewalOf(uploaded))
  const { page } = tab
  await stays(page, (on) => on.getByText('新证书已签发，但尚未在所有站点生效'))
  const fresh = await freshOf(uploaded)
  await house.call((client) =>
    client.targets.create({ certificateId: fresh, name: 'bank', kind: 'localFiles', config: { ...bankSite.target } }),
  )
  // By itself; the log is open for those who saw it begin.
  await page.locator('.deployment-log', { hasText: '已执行重新加载命令' }).waitFor({ state: 'attached' })
  await page.getByLabel('主机').fill(BANK)
  await page.getByLabel('端口').fill(String(bankSite.port))
  await page.getByRole('button', { name: '添加站点' }).click()
  await page.getByText('续费完成：所有地址都已使用新证书').waitFor({ timeout: 60_000 })
  await stays(page, (on) => on.getByText('续费完成：所有地址都已使用新证书'))
  const { sha256, notBefore, notAfter } = await get(fresh)
  expect(await bankSite.servedSha256(BANK)).toBe(sha256)
  const days = (Date.parse(notAfter ?? '') - Date.parse(notBefore ?? '')) / DAY_MS
  expect(Math.round(days)).toBeGreaterThanOrEqual(365)
  expect(Math.round(days)).toBeLessThanOrEqual(366)
  expect(tab.faults).toEqual([])
})
