/**
 * The console in Chromium, against the service, its own CA, Pebble and a real nginx: signing in, the list, a renewal from quote to proof with
 * the browser closed on the way, and the page of a certificate. One service and one browser for all.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findProduct, issuedAtFor } from '../../../demo/past.ts'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createChain, createSelfSigned } from '../../harness/certificates.ts'
import { startNginx, type Nginx } from '../../harness/nginx.ts'
import { startPebble } from '../../harness/pebble.ts'
import { buyAndApply, connectAcme } from '../support/acme.ts'
import { openHouse, type House } from '../support/house.ts'
import { waitForIssuance } from '../support/renewal.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { waitFor } from '../support/wait-for.ts'

const SHOP = 'shop.evercert.test'
const DAY_MS = 86_400_000
const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }

let folder: string
let house: House
let nginx: Nginx
let browser: Browser
let token: string
let shopId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-console-'))
  browser = await startBrowser()
  house = await openHouse({ folder, names: [SHOP], clockOffsetMs: issuedAtFor(Date.now()) - Date.now() })
  const { client } = house.service()
  const product = await findProduct(client)
  shopId = await buyAndApply(house, { productId: product.id, domains: [SHOP] })
  await waitForIssuance(house, shopId)
  nginx = await startSiteOf(shopId)
  await house.setClock(0)
  await buyAndApply(house, {
    productId: 'evercert-private-dv-wildcard',
    domains: ['*.wild.example.test'],
    form: { validationMethod: 'dnsManual' },
  })
  const authority = createChain()
  for (const [name, daysLeft] of [
    ['mail', 20],
    ['portal', 200],
  ] as const) {
    const leaf = authority.issue({
      names: [`${name}.corp.test`],
      notBefore: Date.now() - 160 * DAY_MS,
      notAfter: Date.now() + daysLeft * DAY_MS + DAY_MS / 2,
    })
    await client.certificates.upload({ name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem })
  }
  token = readFileSync(join(folder, 'data', 'operator.token'), 'utf8').trim()
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await nginx?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** nginx with a certificate of its own first, then with what the service installs. */
async function startSiteOf(certificateId: string): Promise<Nginx> {
  const [certificatePath, keyPath] = [join(folder, 'nginx.pem'), join(folder, 'nginx.key')]
  const first = createSelfSigned({ names: [SHOP] })
  await writeFile(certificatePath, first.pem)
  await writeFile(keyPath, first.privateKeyPem, { mode: 0o600 })
  const server = await startNginx({ certificatePath, keyPath })
  const { testCommand, reloadCommand } = server
  await house.call((client) =>
    client.targets.create({
      certificateId,
      name: 'nginx',
      kind: 'localFiles',
      config: { certificatePath, keyPath, testCommand: [...testCommand], reloadCommand: [...reloadCommand] },
    }),
  )
  await house.call((client) =>
    client.endpoints.create({ certificateId, host: '127.0.0.1', port: server.httpsPort, serverName: SHOP }),
  )
  await waitFor('nginx to serve the old certificate', async () => {
    const { servedAt } = await house.call((client) => client.certificates.get({ id: certificateId }))
    return servedAt
  })
  return server
}

async function open(view: View, path: string): Promise<Tab> {
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(house.service().url + path)
  return tab
}

const MOST_TABS = 150

/** As somebody without a mouse gets there; `Enter` does what is wanted then. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await target.evaluate((element) => element.matches(':focus'))) return
    await target.page().keyboard.press('Tab')
  }
  throw new Error(`No Tab leads to ${String(target)}`)
}

async function press(target: Locator): Promise<void> {
  await tabTo(target)
  await target.page().keyboard.press('Enter')
}

/** Nothing that axe finds, nothing wider than the screen, no fault; and a picture of it. */
async function expectFine({ page, faults }: Pick<Tab, 'page' | 'faults'>, name: string): Promise<void> {
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)')
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

const rowNames = (page: Page): Promise<string[]> => page.locator('tr[data-certificate] .certificate-name').allInnerTexts()

describe('signing in', () => {
  it('leads to the sign-in page and back to where one was; a wrong token is refused with its remedy', async () => {
    const tab = await openTab(browser, { ...WIDE_ZH, motion: 'full' })
    const { page } = tab
    await page.goto(`${house.service().url}/?status=expiringSoon`)
    await page.getByRole('heading', { name: '登录 Evercert' }).waitFor()
    await expectFine(tab, 'sign-in-zh-light-1440')
    await page.getByRole('button', { name: '使用 API 令牌登录' }).click()
    await page.getByLabel('API 令牌', { exact: true }).fill('evc_wrong')
    await page.getByRole('button', { name: '登录', exact: true }).click()
    await page.getByText('解决方法').waitFor()
    await page.getByLabel('API 令牌', { exact: true }).fill(token)
    await page.getByRole('button', { name: '登录', exact: true }).click()
    await page.getByRole('rowheader', { name: SHOP }).waitFor()
    expect(new URL(page.url()).search).toBe('?status=expiringSoon')
    expect(await page.evaluate<number>('localStorage.length + document.cookie.length')).toBeLessThan(3) // the language, and no token
    await page.getByRole('button', { name: '用户: API 令牌' }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    await page.getByRole('heading', { name: '登录 Evercert' }).waitFor()
  })
})

describe('the first operator', () => {
  it('is made by the link that the service prints, and comes in by e-mail and password', async () => {
    const environment = { EVERCERT_DATA_DIR: join(folder, 'fresh'), EVERCERT_DNS_SERVERS: house.dns.address }
    const service = await startServiceProcess({ environment })
    onTestFinished(async () => void (await service.stop()))
    const tab = await openTab(browser, { width: 390, language: 'zh', theme: 'dark' })
    const { page } = tab
    await page.goto(service.firstOperatorLink ?? '')
    await page.getByLabel('姓名').fill('王芳')
    expect(new URL(page.url()).hash).toBe('') // the token left the address bar
    await expectFine(tab, 'welcome-zh-dark-390')
    await page.getByLabel('邮箱').fill('wang@example.test')
    await page.getByLabel('密码', { exact: true }).fill('Correct-horse-9-battery')
    await page.getByRole('button', { name: '创建并登录' }).click()
    await page.getByText('还没有证书').waitFor()
    await page.reload()
    await page.getByRole('button', { name: '用户: wang@example.test' }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    await page.getByLabel('邮箱').fill('wang@example.test')
    await page.getByLabel('密码', { exact: true }).fill('Correct-horse-9-battery')
    await page.getByRole('button', { name: '登录', exact: true }).click()
    await page.getByRole('button', { name: '用户: wang@example.test' }).waitFor()
    const link = await inviteReviewer(tab, service.url)
    const guest = await openTab(browser, { width: 1024, language: 'en', theme: 'light' })
    await guest.page.goto(link)
    await guest.page.getByText('with the role “Reviewer”').waitFor()
    await expectFine(guest, 'invitation-en-light-1024')
    await guest.page.getByLabel('Name').fill('Li Lei')
    await guest.page.getByLabel('Password', { exact: true }).fill('Another-horse-7-staple')
    await guest.page.getByRole('button', { name: 'Become a user and join' }).click()
    await guest.page.getByRole('button', { name: 'User: li@example.test' }).waitFor()
    await page.reload()
    await page.getByRole('rowheader', { name: 'Li Lei' }).or(page.getByText('Li Lei')).first().waitFor()
  })

  async function inviteReviewer(tab: Tab, url: string): Promise<string> {
    const { page } = tab
    await page.goto(`${url}/settings/members`)
    await page.getByText('wang@example.test').first().waitFor()
    await expectFine(tab, 'members-zh-dark-390')
    await page.getByRole('button', { name: '邀请成员' }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByLabel('邮箱').fill('li@example.test')
    await drawer.getByRole('radio', { name: /^审核员/ }).check()
    await drawer.getByRole('button', { name: '邀请成员' }).click()
    await page.getByText('已邀请 li@example.test').waitFor()
    const [link] = /http:\/\/\S+#token=\S+/.exec(await page.locator('.made-token').innerText()) ?? []
    if (link === undefined) throw new Error('the invitation shows no link')
    return link
  }
})

describe('the list', () => {
  it('shows what expires soon in one click, says when nothing is found, and keeps both in the address', async () => {
    const tab = await open(WIDE_ZH, '/')
    const { page } = tab
    await page.getByRole('rowheader', { name: 'portal' }).waitFor()
    await expectFine(tab, 'list-zh-light-1440')
    await page.locator('.filters').getByRole('button', { name: '即将过期' }).click()
    await waitFor('the list to be filtered', async () => ((await rowNames(page)).length === 2 ? true : null))
    expect((await rowNames(page)).sort()).toEqual(['mail', SHOP])
    await page.goBack() // to the whole list, and not out of it
    await page.getByRole('rowheader', { name: 'portal' }).waitFor()
    expect(new URL(page.url()).search).toBe('')
    await page.goForward()
    await page.getByRole('rowheader', { name: 'portal' }).waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('rowheader', { name: SHOP }).waitFor()
    expect((await rowNames(page)).sort()).toEqual(['mail', SHOP])
    // What is done over the list leaves it as it is: what it shows, what was selected, and where the keyboard was.
    await page.getByRole('checkbox', { name: 'mail', exact: true }).check()
    const link = page.getByRole('link', { name: `续费购买 ${SHOP}` })
    await link.press('Enter')
    await page.getByText('补齐旧证书剩余有效期').first().waitFor()
    expect((await rowNames(page)).sort()).toEqual(['mail', SHOP])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(new URL(page.url()).search).toBe('?status=expiringSoon')
    await page.getByText('已选择 1 张证书').waitFor()
    await waitFor('the focus to be back', async () => ((await link.evaluate((it) => it.matches(':focus'))) ? true : null))
    await link.press('Enter')
    await page.getByText('补齐旧证书剩余有效期').first().waitFor()
    await page.reload()
    await page.getByRole('button', { name: '关闭' }).click()
    await page.waitForURL((url) => url.pathname + url.search === '/?status=expiringSoon')
    await page.getByRole('searchbox').fill('nothing-like-this')
    await page.keyboard.press('Enter')
    await page.getByText('没有符合条件的证书。').waitFor()
    await page.getByRole('button', { name: '清除筛选' }).click()
    await page.getByRole('rowheader', { name: 'portal' }).waitFor()
    // What cannot be done says why, to those who hear the page too.
    const renew = page
      .locator('tr', { has: page.getByText('portal', { exact: true }) })
      .getByRole('button', { name: /^续费购买/ })
    expect(await renew.getAttribute('aria-disabled')).toBe('true')
    expect(await renew.innerText()).toContain('续费将于')
  })

  it('is cards and a drawer on a phone, in English and dark', async () => {
    const tab = await open(NARROW_EN, '/')
    const { page } = tab
    await page.locator('.card').first().waitFor()
    await expectFine(tab, 'list-en-dark-390')
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Certificates', exact: true }).waitFor()
    expect(await page.locator('table').count()).toBe(0)
  })
})

describe('an uploaded certificate', () => {
  it('is renewed by choosing a product whose four attributes are compared', async () => {
    const tab = await open(WIDE_ZH, '/?status=expiringSoon')
    const { page } = tab
    await page
      .locator('tr', { has: page.getByText('mail', { exact: true }) })
      .getByRole('link', { name: /^续费购买/ })
      .click()
    await page.getByRole('dialog').getByText('请选择一款规格与旧证书相同的产品').waitFor()
    expect(await page.getByRole('button', { name: '确认并续费' }).count()).toBe(0)
    await page.getByLabel('产品').click()
    await page.locator('.ant-select-item-option').first().click()
    await page.getByRole('button', { name: '确认并续费' }).waitFor()
    await page.getByText('不补齐旧证书剩余的有效期').waitFor()
    expect(await page.locator('.comparison tbody tr').count()).toBe(4)
    await page.reload() // what was chosen is in the address
    await page.getByRole('button', { name: '确认并续费' }).waitFor()
    await expectFine(tab, 'renewal-uploaded-zh-light-1440')
  })
})

describe('a certificate of an ACME CA', () => {
  it('is bought, applied for and issued by Pebble', async () => {
    const [issuerId, domain] = [`pebble${Date.now() % 100_000}`, 'acme.evercert.test'] // a second try has another CA
    house.dns.add(domain, 'A', house.site.address)
    const httpPort = Number(new URL(house.proofUrl).port)
    const pebble = await startPebble({ httpPort, dnsServer: house.dns.address })
    onTestFinished(() => pebble.stop())
    await connectAcme(house, pebble, { issuerId, fileValidationHttpPort: httpPort })
    const tab = await open({ width: 1024, language: 'en', theme: 'light' }, '/buy')
    const { page } = tab
    await page.getByText(`${issuerId}, single`).click()
    await page.getByRole('button', { name: 'Place the order' }).click()
    await page.getByRole('button', { name: /^Pay CN¥/ }).click()
    await page.getByLabel('Domain names').fill(domain)
    await page.getByLabel('Name', { exact: true }).fill('Li Lei')
    await page.getByLabel('E-mail').fill('li@example.com')
    await page.getByLabel('Phone').fill('+86 138 1234 5678')
    await page.getByRole('button', { name: 'Submit the application' }).click()
    await page.getByText('The new certificate is issued, and not yet served everywhere').waitFor({ timeout: 60_000 })
    await takePicture(page, 'acme-issued-en-light-1024')
    await page.getByRole('link', { name: 'See the certificate' }).click()
    await page
      .locator('#chain')
      .getByText(/Pebble Intermediate CA/)
      .first()
      .waitFor()
    expect(tab.faults).toEqual([])
  })
})

describe('validation by hand', () => {
  it('shows the record to copy, and what the name servers said', async () => {
    const { items } = await house.call((client) => client.certificates.list({ status: 'pendingValidation' }))
    const tab = await open(NARROW_EN, `/certificates/${items[0]?.id ?? ''}/application`)
    await tab.page.getByRole('button', { name: 'Copy Record name' }).waitFor()
    await tab.page.getByRole('button', { name: 'Check now' }).waitFor()
    expect(await tab.page.locator('.validations code').first().innerText()).toBe('_dnsauth.wild.example.test')
    await expectFine(tab, 'validation-en-dark-390')
  })
})

describe('a renewal in the browser', () => {
  it('goes from the list to the proof without a mouse, with the browser closed on the way', async () => {
    const first = await open(WIDE_ZH, '/?status=expiringSoon')
    await press(first.page.locator('tr', { has: first.page.getByText(SHOP).first() }).getByRole('link', { name: /^续费购买/ }))
    await first.page.getByText(/补齐旧证书剩余的 \d+ 天/).waitFor()
    await expectFine(first, 'renewal-quote-zh-light-1440')
    // Another price than the one that is shown: nothing is ordered, and that one is shown.
    const title = { en: 'Half', zh: '半价' }
    const half = { title, code: null, off: { kind: 'percent' as const, percent: 50 }, productIds: null, termYears: null }
    const { id } = await house.call((client) => client.promotions.create({ ...half, endsAt: null, maxUses: null }))
    await press(first.page.getByRole('button', { name: '确认并续费' }))
    await first.page.locator('.price', { hasText: '半价' }).waitFor()
    await house.call((client) => client.promotions.withdraw({ id }))
    await press(first.page.getByRole('button', { name: '确认并续费' }))
    await first.page.locator('.price', { hasNotText: '半价' }).waitFor()
    await press(first.page.getByRole('button', { name: '确认并续费' }))
    await first.page.getByRole('button', { name: '立即支付' }).waitFor()
    await expectFine(first, 'renewal-pay-zh-light-1440')
    const { pathname } = new URL(first.page.url())
    await first.context.close()

    // Another browser, the same link: the state is the service's.
    const second = await open(WIDE_ZH, pathname)
    const { page } = second
    await press(page.getByRole('button', { name: '立即支付' }))
    await page.getByLabel('域名列表').waitFor()
    expect(await page.getByLabel('域名列表').inputValue()).toBe(SHOP)
    await expectFine(second, 'renewal-application-zh-light-1440')
    const asBefore = await page.getByLabel('联系人姓名').inputValue()
    await tabTo(page.getByLabel('联系人姓名'))
    await page.keyboard.type('韩梅梅') // over what is there: a field that Tab leads to is selected
    await page.getByText('草稿已保存在此浏览器中，尚未提交。').waitFor()
    await page.reload()
    await page.getByText('已恢复您的草稿，尚未提交').waitFor()
    expect(await page.getByLabel('联系人姓名').inputValue()).toBe('韩梅梅')
    await expectFine(second, 'renewal-application-draft-zh-light-1440')
    const other = await second.context.newPage() // the browser was closed, and opened again
    await other.goto(page.url())
    await other.getByText('已恢复您的草稿，尚未提交').waitFor()
    await press(other.getByRole('button', { name: '放弃草稿' }))
    expect(await other.getByLabel('联系人姓名').inputValue()).toBe(asBefore)
    await other.close()
    await page.reload()
    await page.getByLabel('域名列表').waitFor()
    expect([await page.getByLabel('联系人姓名').inputValue(), await page.getByText('已恢复您的草稿').count()]).toEqual([
      asBefore,
      0,
    ])
    await press(page.getByRole('button', { name: '提交申请' }))
    await page.getByText('续费完成：所有地址都已使用新证书').waitFor({ timeout: 90_000 })
    await expectFine(second, 'renewal-proved-zh-light-1440')

    // It stands directly under the one that it renews, with the mark.
    await press(page.getByRole('button', { name: '关闭' }))
    const fresh = page.locator('tr[data-new=true]')
    await fresh.locator('.new-mark').waitFor()
    expect(
      await page.locator('tr[data-new=true]').evaluate((row) => row.previousElementSibling?.getAttribute('data-certificate')),
    ).toBe(shopId)

    await press(fresh.locator('.certificate-name'))
    await page.getByRole('heading', { name: SHOP, level: 1 }).waitFor()
    await page.getByText('已使用本证书').waitFor()
    await page.getByText(`openssl s_client -servername ${SHOP} -connect 127.0.0.1:${nginx.httpsPort}`).waitFor()
    await expectFine(second, 'certificate-zh-light-1440')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      press(page.locator('.downloads li').first().getByRole('button', { name: '含私钥' })),
    ])
    expect(
      readFileSync(await download.path())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK')
  })
})

// The last: a list with these has no room for the others on its first page.
describe('a long list', () => {
  it('asks at once for what was chosen, and for the next page before it is wanted', async () => {
    const fleet = createChain()
    const ship = `fleet${Date.now() % 100_000}` // a second try has another
    const names = Array.from({ length: 40 }, (_, index) => `node-${String(index + 10)}.${ship}.test`)
    const entries = names.map((name) => {
      const { chainPem, privateKeyPem } = fleet.issue({ names: [name] })
      return { name, certificatePem: chainPem, privateKeyPem }
    })
    expect(await house.call((client) => client.uploads.create({ entries }))).toMatchObject({ stored: names.length })
    const { page } = await open(WIDE_ZH, '/')
    await page.getByRole('rowheader', { name: `node-49.${ship}.test` }).waitFor()
    await page.getByRole('searchbox').fill(`${ship}.test`)
    await page.keyboard.press('Enter')
    await page.locator('.list[aria-busy=false]').waitFor()
    await waitFor('the first page', async () => ((await rowNames(page)).length === 25 ? true : null))
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).search))
    const hasCursor = (): boolean => asked.some((search) => search.includes('cursor='))
    await page.waitForTimeout(300)
    expect(hasCursor()).toBe(false) // nobody came near its end
    const ahead = page.waitForResponse((response) => response.url().includes('cursor='))
    await page.locator('.list-end').scrollIntoViewIfNeeded()
    await ahead
    await page.context().setOffline(true) // what follows is here already
    await page.getByRole('button', { name: '加载更多' }).click()
    await page.getByText('共 40 张证书', { exact: false }).waitFor()
    await page.context().setOffline(false)
    // What is not on the screen is drawn, and has no inner text.
    const drawn = page.locator('tr[data-certificate] .certificate-name')
    await waitFor('all rows to be drawn', async () =>
      new Set(await drawn.allTextContents()).size === names.length ? true : null,
    )
    asked.length = 0
    await page.getByLabel('排序').press('Enter')
    await page.locator('.ant-select-dropdown:visible').getByTitle('名称 Z–A', { exact: true }).click()
    await waitFor('the list in its new order', async () => ((await rowNames(page))[0] === `node-49.${ship}.test` ? true : null))
    expect(asked.filter((search) => search.includes('sort=-name'))).toHaveLength(1)
    // All that match are wanted, and then another list: none of that one is selected.
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
    await page.route('**/api/v1/certificates?*cursor=*', async (route) => {
      await gate
      await route.continue()
    })
    await page.getByRole('button', { name: '加载并选择符合条件的全部证书' }).click()
    await page.getByRole('searchbox').fill('')
    await page.getByRole('rowheader', { name: 'portal' }).waitFor()
    letGo()
    await page.unrouteAll({ behavior: 'wait' })
    await waitFor('its pages to be there', async () =>
      (await page.locator('.list-end .ant-btn-loading').count()) === 0 ? true : null,
    )
    expect(await page.locator('.bulk-bar').count()).toBe(0)
  })
})
