/**
 * The console's other pages in Chromium against the service: uploads, applications, contacts, companies, CSRs, reviews by two people,
 * targets and endpoints. One service and one browser for all.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { issuerTitleIn, SCOPES } from '@evercert/contract'
import { createClient } from '@evercert/contract/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aPng } from '../../../packages/server/test/support/images.ts'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createChain } from '../../harness/certificates.ts'
import { openHouse, type House } from '../support/house.ts'

const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const NARROW_ZH: View = { width: 390, language: 'zh', theme: 'dark' }
const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const MIDDLE_EN: View = { width: 1024, language: 'en', theme: 'light' }
const COMPANY = {
  name: '示例贸易（上海）有限公司',
  registrationNumber: '91310000MA1FL0XX4T',
  phone: '+86 21 0000 0000',
  region: '上海市',
  city: '上海市',
  address: '示例路 1 号',
  postalCode: '200000',
}
import { aMembersToken } from '../support/person.ts'
import { waitFor } from '../support/wait-for.ts'

let folder: string
let house: House
let browser: Browser
let operator: string
let reviewer: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-pages-'))
  browser = await startBrowser()
  house = await openHouse({ folder, names: ['shop.example.com'] })
  const { client } = house.service()
  await client.balance.topUp({ amountMinor: 1_000_000, currency: 'CNY' }, { context: { idempotencyKey: 'money' } })
  operator = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
  const han = { name: 'han.meimei', role: 'administrator', scopes: ['applications:review', 'certificates:read'] } as const
  reviewer = await aMembersToken(house.service().url, client, han)
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

const result = (page: Page) => page.locator('.result-line')

it('uploads what was dropped: pairs are found, what is refused stays with its reason, what is stored can be opened', async () => {
  const authority = createChain()
  const [shop, mail, old] = [
    authority.issue({ names: ['shop.corp.test'] }),
    createChain().issue({ names: ['mail.corp.test'], key: 'rsa2048' }),
    authority.issue({ names: ['old.corp.test'], notBefore: Date.now() - 9e9, notAfter: Date.now() - 1e9 }),
  ]
  const tab = await open(WIDE_ZH, '/upload')
  const { page } = tab
  // Another language changes the words, and nothing that was typed.
  await page.getByLabel('证书、证书链和私钥的 PEM 文本').fill('half of it')
  await page.getByRole('button', { name: 'English' }).click()
  const pasted = page.getByLabel('PEM text of certificate, chain and private key')
  expect(await pasted.inputValue()).toBe('half of it')
  await pasted.fill('')
  await page.getByRole('button', { name: '中文' }).click()
  await page.getByRole('heading', { name: '上传证书' }).waitFor()
  const file = (name: string, text: string) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) })
  await page
    .locator('input[type=file]')
    .setInputFiles([
      file('1.key', mail.privateKeyPem),
      file('2.pem', shop.chainPem + shop.privateKeyPem),
      file('3.crt', mail.pem),
      file('old.pem', old.pem + old.privateKeyPem),
      file('store.pfx', '0\u0082\u0001\u0000'),
    ])
  await page.getByText('待上传：3 张证书').waitFor()
  await page.getByText('不是 PEM 文本').waitFor()
  await expectFine(tab, 'upload-zh-light-1440')
  // Asked to complete the chains, the service says of which it cannot: this leaf says nowhere where its intermediate is.
  await page.getByLabel('缺少中间证书时').check()
  await page.getByRole('button', { name: '仅检查，不保存' }).click()
  await result(page).getByText('检查完成，1 张证书可以保存。').waitFor()
  await page.getByLabel('缺少中间证书时').uncheck()
  await page.getByRole('button', { name: '上传 3 张证书' }).click()
  await result(page).getByText('已保存 2 张证书。').waitFor()
  await page.getByText('证书已过期。').waitFor()
  await page.getByRole('link', { name: 'mail.corp.test' }).click()
  await page.waitForURL(/\/certificates\/crt_/)
  const { items } = await house.service().client.certificates.list({ search: 'mail.corp.test' })
  expect(items).toMatchObject([{ name: 'mail.corp.test', origin: 'uploaded', domains: ['mail.corp.test'] }])
})

it('keeps contacts: a wrong field is said beside it, lists are masked, one is deleted', async () => {
  const tab = await open(MIDDLE_EN, '/contacts')
  const { page } = tab
  await page.getByText('No contacts yet').waitFor()
  await expectFine(tab, 'contacts-empty-en-light-1024')
  await page.getByRole('button', { name: 'Add a contact' }).click()
  await page.getByLabel('Name').fill('Li Lei')
  await page.getByLabel('E-mail').fill('li.lei')
  await page.getByLabel('Phone').fill('+86 138 1234 5678')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Enter an e-mail address').waitFor()
  await expectFine(tab, 'contact-en-light-1024')
  await page.getByLabel('E-mail').fill('li.lei@example.com')
  // The session ends meanwhile: signing in again, over the page, nothing of it is lost.
  await page.evaluate("sessionStorage.removeItem('evercert.token')")
  await page.getByRole('button', { name: 'Save' }).click()
  const ended = page.getByRole('dialog', { name: 'Your session has ended' })
  await ended.waitFor()
  await expectFine(tab, 'session-ended-en-light-1024')
  expect(await page.locator('.problem').count()).toBe(0) // the dialog says it
  await page.keyboard.press('Escape')
  await page.locator('.problem').getByText('Your session has ended').waitFor()
  await page.locator('.problem').getByRole('button', { name: 'Sign in again' }).click()
  await ended.getByRole('button', { name: 'Use an API token' }).click()
  await ended.getByLabel('API token', { exact: true }).fill(operator)
  await ended.getByRole('button', { name: 'Sign in', exact: true }).click()
  await ended.waitFor({ state: 'detached' })
  expect(await page.getByLabel('Phone').inputValue()).toBe('+86 138 1234 5678')
  expect(await page.locator('.problem').count()).toBe(0)
  await page.getByRole('button', { name: 'Save' }).click()
  await result(page).getByText('Saved: Li Lei').waitFor()
  await page.getByRole('rowheader', { name: 'Li Lei' }).waitFor()
  expect(await page.locator('main').innerText()).not.toContain('li.lei@example.com')
  await page.getByRole('button', { name: 'Delete Li Lei' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await result(page).getByText('Deleted: Li Lei').waitFor()
  await page.getByText('No contacts yet').waitFor()
})

it('makes a CSR here, shows it, and deletes it', async () => {
  const tab = await open(NARROW_EN, '/csrs?open=new')
  const { page } = tab
  await page.getByLabel('Name').fill('shop-2026')
  await page.getByLabel('Domains').fill('shop.example.com\nwww.example.com')
  await page.getByRole('button', { name: 'Make the CSR' }).click()
  await page.getByText('BEGIN CERTIFICATE REQUEST').waitFor()
  await expectFine(tab, 'csr-en-dark-390')
  expect((await house.service().client.csrs.list()).items).toMatchObject([
    { name: 'shop-2026', hasKey: true, domains: ['shop.example.com', 'www.example.com'] },
  ])
  await page.locator('.drawer-foot').getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Delete shop-2026' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('No CSRs yet').waitFor()
})

it('adds a company with its licence, and has an application reviewed by somebody else than who submitted it', async () => {
  const { client } = house.service()
  const tab = await open(WIDE_ZH, '/companies?open=new')
  const { page } = tab
  const labels = {
    name: '公司全称',
    registrationNumber: '注册号或统一社会信用代码',
    phone: '公司电话',
    region: '省份',
    city: '城市',
    address: '详细地址',
    postalCode: '邮政编码',
  } as const
  for (const [field, label] of Object.entries(labels)) await page.getByLabel(label).fill(COMPANY[field as keyof typeof labels])
  await page.getByRole('button', { name: '保存并上传证件' }).click()
  const licence = page.locator('.company-document').first()
  await licence.locator('input[type=file]').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('<html>') })
  await licence.getByText('不是 PNG 或 JPEG 图片').waitFor()
  const png = { name: 'licence.png', mimeType: 'image/png', buffer: Buffer.from(aPng()) }
  await licence.locator('input[type=file]').setInputFiles(png)
  await licence.getByText('已保存。').waitFor()
  await licence.getByRole('button', { name: '查看营业执照' }).click()
  await licence.getByRole('img', { name: '营业执照' }).waitFor()
  await expectFine(tab, 'company-zh-light-1440')

  const [company] = (await client.companies.list()).items
  const order = await client.orders.place({ productId: 'evercert-private-ov-single' }, { context: { idempotencyKey: 'order' } })
  const { certificateId } = await client.orders.pay({ id: order.id, method: 'balance' }, { context: { idempotencyKey: 'pay' } })
  await client.applications.submit({
    id: certificateId ?? '',
    domains: ['shop.example.com'],
    validationMethod: 'file',
    contact: { name: '李雷', email: 'li@example.com', phone: '12345678' },
    companyId: company?.id ?? '',
  })
  const under = await open(NARROW_EN, '/applications')
  await under.page.getByText('shop.example.com').first().waitFor()
  await expectFine(under, 'applications-en-dark-390')

  const own = await open(WIDE_ZH, '/reviews')
  await own.page.getByRole('link', { name: COMPANY.name, exact: true }).click()
  for (const name of [/^通过/, /^拒绝/]) {
    const button = own.page.locator('.review-buttons').getByRole('button', { name })
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    await button.getByText('该申请由您提交，请由另一人审核。').waitFor({ state: 'attached' })
  }
  await expectFine(own, 'review-zh-light-1440')
  const path = new URL(own.page.url()).pathname

  const other = await open(WIDE_ZH, path, reviewer)
  await other.page.getByLabel('核查依据').fill('工商登记一致，已回拨核实。')
  await other.page.getByRole('button', { name: '通过', exact: true }).click()
  await other.page.getByText('通过前必须完成全部核查项').waitFor()
  expect(await other.page.getByLabel('核查依据').inputValue()).toBe('工商登记一致，已回拨核实。') // nothing typed is lost
  for (const box of await other.page.getByRole('checkbox').all()) await box.check()
  await other.page.getByRole('button', { name: '通过', exact: true }).click()
  await result(other.page).getByText('已通过').waitFor()
  expect((await client.reviews.list({ state: 'approved' })).items).toMatchObject([{ decidedBy: 'han.meimei' }])
})

it('says which permission a button lacks, and does nothing', async () => {
  const tab = await open(NARROW_EN, '/contacts', reviewer)
  const add = tab.page.getByRole('button', { name: 'Add a contact: You lack the permission for this (certificates:write).' })
  await add.click({ force: true }) // a hand clicks it all the same
  expect([await add.getAttribute('aria-disabled'), await tab.page.getByRole('dialog').count()]).toEqual(['true', 0])
  await tab.page.keyboard.press('Escape')
  await expectFine(tab, 'contacts-lacking-en-dark-390')
})

it('has a second person approve what the rules let nobody do alone, and says so where it was asked', async () => {
  const { client, url } = house.service()
  const scopes = [...SCOPES].filter((scope) => scope !== 'installation:operate')
  const suffix = Date.now().toString(36) // a second try has other people
  const ada = await aMembersToken(url, client, { name: `ada-${suffix}`, role: 'owner', scopes })
  const bob = await aMembersToken(url, client, { name: `bob-${suffix}`, role: 'owner', scopes })
  const rules = await open(WIDE_ZH, '/settings/rules', ada)
  await rules.page.getByLabel('付款超过限额需第二人批准').check()
  await rules.page.getByLabel('限额', { exact: true }).fill('1 CNY')
  await rules.page.getByRole('button', { name: '保存规则' }).click()
  await rules.page.getByText('规则已保存。').waitFor()
  await expectFine(rules, 'rules-zh-light-1440')

  const { id } = await createClient({ url, token: ada }).orders.place(
    { productId: 'evercert-private-dv-single' },
    { context: { idempotencyKey: `waits-${suffix}` } },
  )
  const own = await open(WIDE_EN, `/orders/${id}`, ada)
  await own.page.getByRole('button', { name: /^Pay/ }).first().click()
  await own.page.getByText(`May approve: bob-${suffix}@example.com`).waitFor()
  await takePicture(own.page, 'order-waits-en-1440')
  await own.page.getByRole('link', { name: 'See the request' }).click()
  await own.page.getByText('You asked for it: somebody else decides.').waitFor()
  expect(await own.page.getByRole('button', { name: /^Approve/ }).count()).toBe(0)
  await own.page.getByRole('button', { name: /^Say why/ }).click()
  await own.page.getByRole('textbox', { name: 'Why' }).fill('The shop needs it.')
  await own.page.getByRole('button', { name: 'Save' }).click()

  const other = await open(NARROW_EN, '/approvals', bob)
  await other.page.getByText('The shop needs it.').waitFor()
  await expectFine(other, 'approvals-en-dark-390')
  await other.page.getByRole('button', { name: /^Refuse/ }).click()
  await other.page.getByRole('dialog').getByRole('button', { name: 'Refuse' }).click()
  await other.page.getByText('Fill this in.').waitFor()
  await other.page.getByRole('button', { name: 'Cancel' }).click()
  await other.page.getByRole('button', { name: /^Approve/ }).click()
  await other.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await other.page.getByText('Approved and done: Payment').waitFor()
  expect(await client.orders.get({ id })).toMatchObject({ state: 'paid' })

  const all = await open(WIDE_ZH, '/approvals?show=all', bob)
  await all.page.getByText('已执行').waitFor()
  await expectFine(all, 'approvals-zh-light-1440')
})

it('connects a way to pay, changes it while its secrets stay, and stops it', async () => {
  const { client } = house.service()
  const tab = await open(WIDE_EN, '/balance/connections')
  const { page } = tab
  const drawer = page.getByRole('dialog')
  const fill = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Connect a provider' }).click()
    await drawer.getByLabel('Title').fill('Cards')
    await drawer.locator('#id').fill('cards')
    await drawer.getByLabel('Kind').click()
    await page.getByTitle('Stripe', { exact: true }).click()
    await drawer.getByLabel('API key').fill('sk_test_51evercert')
    await drawer.getByLabel('Signing secret of the webhook').fill('whsec_ZXZlcmNlcnQ')
    await drawer.getByLabel('Return URL').fill('https://shop.example.com/paid')
  }
  await fill()
  await expectFine(tab, 'payment-connection-add-en-light-1440')
  await drawer.getByRole('button', { name: 'Connect a provider' }).click()
  await page.getByText('“Cards” is connected.').waitFor()
  await expectFine(tab, 'payment-connections-en-light-1440')
  await fill()
  await drawer.getByRole('button', { name: 'Connect a provider' }).click()
  await drawer
    .locator('.ant-form-item', { has: page.locator('#id') })
    .getByText('The name or id is taken')
    .waitFor()
  await tab.context.close()

  const phone = await open(NARROW_ZH, '/balance/connections')
  await phone.page.getByRole('button', { name: '修改 Cards' }).click()
  const form = phone.page.getByRole('dialog')
  await form.getByText('已设置，不显示；留空则保持不变。').first().waitFor()
  expect(await form.getByLabel('付款后返回地址').inputValue()).toBe('https://shop.example.com/paid')
  await form.getByLabel('API 地址').fill('https://thief.example')
  await form.getByText('修改后将发送到其他位置，请重新输入。').first().waitFor()
  await form.getByRole('button', { name: '保存' }).click()
  await form.getByText('请填写此项。').first().waitFor()
  await expectFine(phone, 'payment-connection-moved-zh-dark-390')
  await form.getByLabel('API 地址').fill('https://api.stripe.com')
  await form.getByText('已设置，不显示；留空则保持不变。').first().waitFor()
  await form.getByLabel('付款后返回地址').fill('https://shop.example.com/done')
  await expectFine(phone, 'payment-connection-change-zh-dark-390')
  await form.getByRole('button', { name: '保存' }).click()
  await phone.page.getByText('已修改支付渠道“Cards”。').waitFor()
  const kept = { config: { returnUrl: 'https://shop.example.com/done' }, secretsSet: ['secretKey', 'webhookSecret'] }
  expect(await client.paymentConnections.get({ id: 'cards' })).toMatchObject(kept)
  await phone.page.getByRole('button', { name: '停用 Cards' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: '停用' }).click()
  await phone.page.getByText('已停用', { exact: true }).waitFor()
  await expectFine(phone, 'payment-connections-zh-dark-390')
  expect(await client.paymentConnections.get({ id: 'cards' })).toMatchObject({ ...kept, enabled: false })

  const wishes = { name: 'mei', role: 'administrator', scopes: ['orders:read'] } as const
  const buyer = await aMembersToken(house.service().url, client, wishes)
  const looking = await open(WIDE_EN, '/balance/connections', buyer)
  const change = looking.page.getByRole('button', { name: /^Change Cards/ })
  await change.getByText('You lack the permission for this (installation:operate).').waitFor()
  await change.click({ force: true })
  expect(await looking.page.getByRole('dialog').count()).toBe(0)
  await phone.page.getByRole('button', { name: '删除 Cards' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: '删除' }).click()
  await phone.page.getByText('尚未接入支付渠道').waitFor()
})

it('changes an issuer while its secret and what says which one it is stay, and retires it, so that nothing is sold by it', async () => {
  const { client } = house.service()
  const eab = { keyId: 'key-1', hmacKey: 'ZXZlcmNlcnQ' }
  const directoryUrl = 'https://acme.example.com/directory'
  await client.issuers.create({ id: 'house-ca', title: 'House CA', kind: 'acme', config: { directoryUrl, eab } })
  const tab = await open(WIDE_EN, '/issuers')
  const { page } = tab
  const drawer = page.getByRole('dialog')
  await page.getByRole('button', { name: 'Change House CA' }).click()
  const directory = drawer.getByLabel('Directory URL')
  await directory.waitFor()
  expect([await directory.inputValue(), await directory.isDisabled()]).toEqual([directoryUrl, true])
  await drawer.getByLabel('Title').fill('Home CA')
  await drawer.getByLabel('Certificate profile').fill('shortlived')
  await expectFine(tab, 'issuer-change-en-light-1440')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('“Home CA” was changed.').waitFor()
  await expectFine(tab, 'issuers-en-light-1440')
  expect(await client.issuers.get({ id: 'house-ca' })).toMatchObject({
    title: 'Home CA',
    config: { directoryUrl, eab: { keyId: 'key-1' }, profile: 'shortlived' },
    secretsSet: ['eab.hmacKey'],
  })
  await tab.context.close()

  const phone = await open(NARROW_ZH, '/issuers')
  const { items } = await client.issuers.list()
  const builtin = items.find(({ id }) => id === 'evercert-private')?.title ?? ''
  await phone.page.getByRole('button', { name: `修改 ${issuerTitleIn('zh', builtin)}` }).click() // in the reader's language
  const form = phone.page.getByRole('dialog')
  await form.getByText('其设置来自服务的环境变量').waitFor()
  await expectFine(phone, 'issuer-change-builtin-zh-dark-390')
  await form.getByLabel('名称', { exact: true }).fill('自建 CA')
  await form.getByRole('button', { name: '保存' }).click()
  await phone.page.getByText('已修改“自建 CA”。').waitFor()
  await phone.page.getByRole('button', { name: '停用 自建 CA' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: '停用' }).click()
  await phone.page.getByText('已停用', { exact: true }).waitFor()
  await expectFine(phone, 'issuers-zh-dark-390')
  const shop = await open(WIDE_EN, '/products')
  await shop.page.getByText('Issuer retired').first().waitFor()
  await takePicture(shop.page, 'products-issuer-retired-en-light-1440')
  await phone.page.getByRole('button', { name: '恢复使用 自建 CA' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: '恢复使用' }).click()
  await phone.page.getByText('已停用', { exact: true }).waitFor({ state: 'detached' })
  expect(await client.issuers.get({ id: 'evercert-private' })).toMatchObject({ title: '自建 CA', retiredAt: null })
})

it('changes a channel for notices in place, whose secret stays until its address is another', async () => {
  const { client } = house.service()
  const config = { url: 'https://hooks.example.com/evercert', secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }
  const { id } = await client.channels.create({ name: 'hook', role: 'always', kind: 'webhook', config })
  const phone = await open(NARROW_ZH, '/notices/channels')
  await phone.page.getByRole('button', { name: '修改 hook' }).click()
  const form = phone.page.getByRole('dialog')
  await form.getByText('已设置，不显示；留空则保持不变。').first().waitFor()
  await form.getByLabel('名称', { exact: true }).fill('hook 2')
  await form.getByRole('button', { name: '保存' }).click()
  await phone.page.getByText('已修改渠道“hook 2”。').waitFor()
  expect(await client.channels.get({ id })).toMatchObject({ name: 'hook 2', config: {}, secretsSet: ['url', 'secret'] })
  await phone.page.getByRole('button', { name: '修改 hook 2' }).click()
  await form.getByLabel('接收地址').fill('https://hooks.example.com/other')
  await form.getByText('修改后将发送到其他位置，请重新输入').first().waitFor()
  await expectFine(phone, 'channel-change-zh-dark-390')
  await form.getByLabel('签名密钥').fill(config.secret)
  await form.getByRole('button', { name: '保存' }).click()
  await phone.page.getByText('已修改渠道“hook 2”。').last().waitFor()
  expect(await client.channels.get({ id })).toMatchObject({ config: {}, secretsSet: ['url', 'secret'] })
  await client.channels.remove({ id })
})

it('shows the API at its reference page, within the policy of that page', async () => {
  const { page, faults } = await openTab(browser, NARROW_EN)
  const refused: string[] = []
  page.on('response', (answer) => void (answer.status() >= 400 && refused.push(answer.url())))
  await page.goto(`${house.service().url}/api/v1/docs`)
  await page.getByText('/api/v1/certificates/{id}/probe').click()
  await page.locator('details[open] h3', { hasText: 'Parameters' }).waitFor()
  const tooWide = await page.evaluate(`Math.max(0, document.documentElement.scrollWidth - innerWidth)`)
  const violations = await findViolations(page)
  expect({ violations, tooWide, faults, refused }).toEqual({ violations: [], tooWide: 0, faults: [], refused: [] })
})

it('has pages of lists that are fine on a narrow screen', async () => {
  const tab = await open(NARROW_EN, '/targets')
  for (const path of ['/targets', '/endpoints', '/reviews', '/companies', '/issuers', '/balance/connections']) {
    await tab.page.evaluate(`history.pushState(null, '', '${path}')`) // as a link does
    await tab.page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    await tab.page.locator('main h1').waitFor()
    await expectFine(tab, `${path.slice(1).replaceAll('/', '-')}-en-dark-390`)
    expect(new URL(tab.page.url()).pathname).toBe(path)
  }
})
