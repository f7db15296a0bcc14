/**
 * What is done to many certificates of the list at once, in Chromium against the service and its own CA: renewing with failures, a stop and
 * a reload on the way, and what was charged; tags, management, deployments; export. One service and one browser for all.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { issuedAtFor } from '../../../demo/past.ts'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createChain } from '../../harness/certificates.ts'
import { buyAndApply } from '../support/acme.ts'
import { openHouse, type House } from '../support/house.ts'
import { waitForIssuance } from '../support/renewal.ts'
import { waitFor } from '../support/wait-for.ts'

const WIDE_ZH: View = { width: 1440, language: 'zh', theme: 'light' }
const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const NARROW_EN: View = { width: 390, language: 'en', theme: 'dark' }
const BOUGHT = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.evercert.test`)
const PRICE_MINOR = 10_000
const DAY_MS = 86_400_000

let folder: string
let house: House
let browser: Browser
let token: string
/** By name. */
let ids: ReadonlyMap<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-bulk-'))
  browser = await startBrowser()
  house = await openHouse({ folder, names: BOUGHT, clockOffsetMs: issuedAtFor(Date.now()) - Date.now() })
  const buy = async (domain: string): Promise<[string, string]> => {
    const id = await buyAndApply(house, { productId: 'evercert-private-dv-single', domains: [domain] })
    await waitForIssuance(house, id)
    return [domain, id]
  }
  const bought = await Promise.all(BOUGHT.map(buy))
  await house.setClock(0)
  const authority = createChain()
  for (const [name, daysLeft] of [
    ['mail', 20],
    ['portal', 200],
  ] as const) {
    const leaf = authority.issue({
      names: [`${name}.corp.test`],
      notBefore: Date.now() - 160 * DAY_MS,
      notAfter: Date.now() + (daysLeft + 0.5) * DAY_MS,
    })
    const uploaded = { name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
    bought.push([name, (await house.service().client.certificates.upload(uploaded)).id])
  }
  ids = new Map(bought)
  token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function open(view: View, path = '/'): Promise<Tab> {
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(house.service().url + path)
  await tab.page.locator('input[data-select]').first().waitFor()
  return tab
}

/** Nothing that axe finds, nothing wider than the screen, no fault; and a picture of it. */
async function expectFine({ page, faults }: Pick<Tab, 'page' | 'faults'>, name: string): Promise<void> {
  await takePicture(page, name)
  const { width = 0, height = 0 } = page.viewportSize() ?? {}
  await page.setViewportSize({ width, height: 7000 }) // the bar and the header lie over nothing
  const violations = await findViolations(page)
  await page.setViewportSize({ width, height })
  const tooWide = await page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)')
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

const idOf = (name: string): string => ids.get(name) ?? ''
const dialogOf = (page: Page) => page.getByRole('dialog')
const bar = (page: Page) => page.locator('.bulk-bar')
const sums = (page: Page): Promise<string[]> => dialogOf(page).locator('.bulk-sums .mark').allInnerTexts()

async function spent(before: number): Promise<number> {
  const { balances } = await house.service().client.balance.get()
  return before - (balances[0]?.amountMinor ?? 0)
}

/** Requests to pay reach the service; their answers wait until they are let go, or for ever. */
async function holdPayments(page: Page): Promise<{ readonly count: () => number; readonly letGo: () => void }> {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
  let count = 0
  await page.route('**/api/v1/orders/*/pay', async (route: Route) => {
    const response = await route.fetch()
    count += 1
    await gate
    await route.fulfill({ response })
  })
  return { count: () => count, letGo }
}

it('renews many: says first what cannot be, goes on after a stop, a failure and a reload, and charges each once', async () => {
  const { client } = house.service()
  const before = (await client.balance.get()).balances[0]?.amountMinor ?? 0
  const tab = await open(WIDE_ZH)
  const { page } = tab
  page.on('dialog', (asked) => void asked.accept()) // the browser asks before it leaves a page that is busy
  await page.getByRole('checkbox', { name: '选择已显示的全部证书' }).check()
  await bar(page).getByText('已选择 7 张证书').waitFor()
  await bar(page).getByRole('button', { name: '续费购买' }).click()
  await dialogOf(page).getByText('5 张证书可以续费').waitFor()
  const leftOut = await dialogOf(page).locator('.bulk-scroll').first().locator('li').allInnerTexts()
  expect(leftOut.map((text) => text.split('\n')[0])).toEqual(expect.arrayContaining(['mail', 'portal']))
  expect(leftOut).toHaveLength(2)
  expect(leftOut.join()).toContain('请先选择产品')
  expect(await dialogOf(page).locator('.bulk-total').innerText()).toContain('500.00')
  await expectFine(tab, 'bulk-renew-plan-zh-light-1440')
  // The list is a day's work of several people: one of these is ordered by somebody else meanwhile.
  const [first = ''] = await dialogOf(page).locator('.bulk-row .break').last().allInnerTexts()
  const taken = first.split('\n')[0] ?? ''
  await client.orders.place({ renewsCertificateId: idOf(taken) }, { context: { idempotencyKey: 'somebody' } })

  const held = await holdPayments(page)
  await dialogOf(page)
    .getByRole('button', { name: /^续费 5 张/ })
    .click()
  await waitFor('three payments to be under way', async () => (held.count() === 3 ? true : null))
  await dialogOf(page).getByRole('button', { name: 'Close' }).or(dialogOf(page).locator('.ant-modal-close')).first().click()
  await dialogOf(page).getByText('不再开始新的操作，正在等待').waitFor()
  held.letGo()
  await dialogOf(page).getByText('3 项成功').waitFor()
  expect(await sums(page)).toEqual(['3 项成功', '2 项未开始'])
  expect(await spent(before)).toBe(3 * PRICE_MINOR)

  await page.unrouteAll({ behavior: 'wait' })
  const heldAgain = await holdPayments(page)
  await dialogOf(page).getByRole('button', { name: '继续处理 2 项' }).click()
  await waitFor('the payment to be made', async () => (heldAgain.count() === 1 ? true : null))
  await dialogOf(page).getByText('其中 1 项失败').waitFor()
  await page.reload() // the money is spent, and the page never hears of it
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  expect(await spent(before)).toBe(4 * PRICE_MINOR)
  await page.getByText('批量续费中断：已完成 3 / 5').waitFor()
  await expectFine(tab, 'bulk-interrupted-zh-light-1440')
  await page.getByRole('button', { name: '查看并继续' }).click()
  await dialogOf(page).getByRole('button', { name: '继续处理 2 项' }).click()
  await dialogOf(page).getByText('4 项成功').waitFor()
  expect(await sums(page)).toEqual(['4 项成功', '1 项失败'])
  expect(await spent(before)).toBe(4 * PRICE_MINOR)
  await expectFine(tab, 'bulk-renew-report-zh-light-1440')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialogOf(page).getByRole('button', { name: '下载结果（CSV）' }).click(),
  ])
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
  expect(lines).toHaveLength(1 + 2 + 5)
  expect(lines.filter((line) => line.includes(',done,') && line.endsWith(',100.00,CNY'))).toHaveLength(4)
  expect(lines.filter((line) => line.includes(',failed,'))).toEqual([expect.stringContaining(`${taken},failed,`)])
  expect(lines.find((line) => line.includes(',failed,'))).toContain('alreadyRenewed')
  await dialogOf(page).getByRole('button', { name: '关闭', exact: true }).last().click()

  // What somebody ordered and did not pay is paid, not ordered again.
  await page.getByRole('checkbox', { name: taken }).check()
  await bar(page).getByRole('button', { name: '续费购买' }).click()
  await dialogOf(page).getByText('已下单，尚未支付').waitFor()
  await dialogOf(page)
    .getByRole('button', { name: /^续费 1 张/ })
    .click()
  await dialogOf(page).getByText('1 项成功').waitFor()
  expect(await spent(before)).toBe(5 * PRICE_MINOR)
  const { items } = await client.orders.list({})
  expect(items.filter(({ kind, state }) => kind === 'renewal' && state === 'paid')).toHaveLength(5)
  await page.reload()
  await page.getByRole('checkbox', { name: 'portal' }).waitFor()
  expect(await page.getByText('批量续费中断').count()).toBe(0)
})

it('submits the applications that wait: a refusal and a lost answer stop none of the others, and nothing is submitted twice', async () => {
  const { client } = house.service()
  const waiting = (await client.certificates.list({ status: 'pendingApplication' })).items
  const chosen = waiting.filter(({ name }) => !name.startsWith(BOUGHT[0] ?? '')).slice(0, 3)
  const [taken = '', lost = ''] = chosen.map(({ id }) => id)
  const tab = await open(WIDE_EN)
  const { page } = tab
  for (const { id } of chosen) await page.locator(`input[data-select="${id}"]`).check()
  await page.getByRole('checkbox', { name: 'portal', exact: true }).check()
  await bar(page).getByRole('button', { name: 'Apply', exact: true }).click()
  await dialogOf(page).getByText('3 applications are ready').waitFor()
  await dialogOf(page).getByText('1 certificate is left out').waitFor()
  await expectFine(tab, 'bulk-apply-plan-en-light-1440')
  // Somebody else submits one meanwhile; and of another the page never hears.
  await client.applications.submit({ id: taken, ...(await client.applications.get({ id: taken })).form })
  await page.route(`**/api/v1/certificates/${lost}/application`, async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    await route.abort()
  })
  await dialogOf(page).getByRole('button', { name: 'Submit 3 applications' }).click()
  await dialogOf(page).getByText('1 succeeded').waitFor()
  expect(await sums(page)).toEqual(['1 succeeded', '2 failed'])
  await dialogOf(page).getByText('The service did not answer').waitFor()
  await dialogOf(page).getByRole('button', { name: 'Try again: 2' }).click()
  await dialogOf(page).getByText('2 succeeded').waitFor()
  expect(await sums(page)).toEqual(['2 succeeded', '1 failed'])
  await takePicture(page, 'bulk-apply-report-en-light-1440')
  expect((await client.certificates.list({ status: 'pendingApplication' })).items).toHaveLength(waiting.length - 3)
})

it('tags what the keyboard selected, and manages what can be, on a phone', async () => {
  const { client } = house.service()
  const tab = await open(NARROW_EN, '/?sort=name')
  const { page } = tab
  const boxes = page.locator('input[data-select]')
  await boxes.first().focus()
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await bar(page).getByText('3 certificates selected').waitFor()
  const chosen: (string | null)[] = []
  for (const box of await page.locator('input[data-select]:checked').all()) chosen.push(await box.getAttribute('data-select'))
  await expectFine(tab, 'bulk-bar-en-dark-390')
  await bar(page).getByRole('button', { name: 'Tags' }).click()
  await dialogOf(page).getByLabel('Add tags').fill('Shop,')
  await expectFine(tab, 'bulk-tag-en-dark-390')
  await dialogOf(page).getByRole('button', { name: 'Change 3 certificates' }).click()
  await dialogOf(page).getByText('3 succeeded').waitFor()
  await dialogOf(page).locator('.ant-modal-footer .ant-btn-primary').click()
  const tagged = (await client.certificates.list({ tags: 'shop' })).items
  expect(new Set(tagged.map(({ id }) => id))).toEqual(new Set(chosen))

  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
  await bar(page).getByRole('button', { name: 'Manage' }).click()
  await dialogOf(page).getByLabel('Limit').fill('0')
  await expectFine(tab, 'bulk-manage-en-dark-390')
  await dialogOf(page)
    .getByRole('button', { name: /^Manage \d+ certificates$/ })
    .click()
  await dialogOf(page).locator('.bulk-sums').waitFor()
  await takePicture(page, 'bulk-manage-report-en-dark-390')
  const managed = (await client.certificates.list({})).items.filter((certificate) => certificate.managed)
  expect(managed.map(({ management }) => management?.spendingLimit.amountMinor)).toEqual(managed.map(() => 0))
  expect((await sums(page))[0]).toBe(`${managed.length} succeeded`)
})

it('deploys again where it failed', async () => {
  const id = idOf(BOUGHT[0] ?? '')
  const marker = join(folder, 'ready')
  const target = await house.call((client) =>
    client.targets.create({
      certificateId: id,
      name: 'front',
      kind: 'localFiles',
      config: {
        certificatePath: join(folder, 'front.pem'),
        keyPath: join(folder, 'front.key'),
        testCommand: ['/usr/bin/test', '-e', marker],
        reloadCommand: ['/bin/true'],
      },
    }),
  )
  const stateOf = async (): Promise<string | undefined> =>
    (await house.service().client.certificates.get({ id })).targets.find((each) => each.id === target.id)?.deployment?.state
  await waitFor('the deployment to fail', async () => (['failed', 'rolledBack'].includes((await stateOf()) ?? '') ? true : null))
  await writeFile(marker, '')
  const { page, faults } = await open(WIDE_EN)
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
  await bar(page).getByRole('button', { name: 'Deploy again' }).click()
  await dialogOf(page).getByText('1 target where it failed or was rolled back').waitFor()
  await expectFine({ page, faults }, 'bulk-deploy-en-light-1440')
  await dialogOf(page).getByRole('button', { name: 'Deploy to 1 target' }).click()
  await dialogOf(page).getByText('1 succeeded').waitFor()
  await waitFor('it to be installed', async () => ((await stateOf()) === 'applied' ? true : null))
  expect(await readFile(join(folder, 'front.pem'), 'utf8')).toContain('BEGIN CERTIFICATE')
  // Nothing looks at it, so that it stays installed and is never proved: its log has ended, and says so.
  await page.goto(`${house.service().url}/certificates/${id}`)
  await page
    .locator('#targets summary')
    .getByText(/^\d+ lines$/)
    .waitFor()
})

it('exports what the filter meets, in the order of the list', async () => {
  const { client } = house.service()
  const { page, faults } = await open(WIDE_EN, '/?status=expiringSoon&sort=-name')
  const save = async (format: string): Promise<{ name: string; text: string }> => {
    await page.getByRole('button', { name: 'Export' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: `All that match, as ${format}` }).click(),
    ])
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') }
  }
  const { items } = await client.certificates.list({ status: 'expiringSoon', sort: '-name' })
  expect(items.length).toBeGreaterThan(1)
  const csv = await save('CSV')
  expect(csv.name).toMatch(/^certificates-\d{4}-\d\d-\d\d\.csv$/)
  const [head = '', ...lines] = csv.text.trim().split('\r\n')
  expect(head).toContain('id,name,status')
  expect(lines.map((line) => line.split(',')[0])).toEqual(items.map(({ id }) => id))
  await page.getByText(`${items.length} certificates exported`).waitFor()
  const json = await save('JSON')
  expect(json.name).toMatch(/\.ndjson$/)
  const documents = json.text.trim().split('\n')
  expect(documents.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(items.map(({ id }) => id))
  expect(faults).toEqual([])
})

it('exports what is selected, and says how many', async () => {
  const tab = await open(NARROW_EN, '/?sort=name')
  const { page } = tab
  const chosen = ['mail', 'portal']
  for (const name of chosen) await page.getByRole('checkbox', { name, exact: true }).check()
  await bar(page).getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'The selected ones, as CSV' }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^certificates-selected-\d{4}-\d\d-\d\d\.csv$/)
  const [, ...lines] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
  expect(lines.map((line) => line.split(',').slice(0, 2))).toEqual(chosen.map((name) => [idOf(name), name]))
  await bar(page).getByText('2 certificates exported').waitFor()
  await expectFine(tab, 'bulk-exported-en-dark-390')
  // One that is gone meanwhile is not in the file, and that is said; of another selection nothing is.
  await bar(page).getByRole('button', { name: 'Export' }).click()
  await page.route('**/api/v1/certificates/export', (route) => {
    const { ids, ...rest } = route.request().postDataJSON() as { ids: string[] }
    return route.continue({ postData: JSON.stringify({ ...rest, ids: [...ids.slice(1), 'crt_gone'] }) })
  })
  await page.getByRole('menuitem', { name: 'as JSON' }).click()
  await bar(page).getByText('1 of 2 exported').waitFor()
  await page.getByRole('checkbox', { name: 'portal', exact: true }).uncheck()
  await bar(page).getByText('1 of 2 exported').waitFor({ state: 'hidden' })
})

it('says why an action cannot be done, and opens the menu of a row by keyboard', async () => {
  const { page, faults } = await open(WIDE_EN)
  const row = page.locator('tr', { has: page.getByRole('checkbox', { name: 'portal', exact: true }) })
  await row.getByRole('button', { name: 'Renew portal' }).hover()
  await page.getByRole('tooltip').getByText('Renewal opens on').waitFor()
  await row.getByRole('button', { name: 'More: portal' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Probe now' }).waitFor()
  await expectFine({ page, faults }, 'row-menu-en-light-1440')
  await page.keyboard.press('Escape')
  await page.getByRole('menuitem', { name: 'Probe now' }).waitFor({ state: 'hidden' })
  expect(await row.getByRole('button', { name: 'More: portal' }).getAttribute('class')).toContain('ant-dropdown-trigger')
  expect(await page.locator(':focus').getAttribute('aria-label')).toBe('More: portal')
  // A window that has no width for a moment, as while pictures are drawn, and another language leave every row where it is, with what is open in it.
  const kept = await row.elementHandle()
  const opened = await row.locator('.ant-dropdown-trigger').elementHandle()
  await page.setViewportSize({ width: 1, height: 1 })
  await page.setViewportSize({ width: WIDE_EN.width, height: 900 })
  await page.getByRole('button', { name: '中文' }).click()
  await row.getByRole('button', { name: '更多: portal' }).waitFor()
  await row.getByText('续费购买').waitFor()
  expect(await kept?.evaluate((it) => it.isConnected)).toBe(true)
  expect(await opened?.evaluate((it) => it.isConnected)).toBe(true)
  await page.getByRole('button', { name: 'English' }).click()
  // What expired says so within its own cell.
  await page.route('**/api/v1/certificates?*', async (route) => {
    const response = await route.fetch()
    const answer = (await response.json()) as { items: object[] }
    const items = answer.items.map((item) => ({ ...item, status: 'expired', daysLeft: -162 }))
    await route.fulfill({ response, json: { ...answer, items } })
  })
  await page.reload()
  await page.getByText('expired 162 days ago').first().waitFor()
  const overfull = `[...document.querySelectorAll('tr[data-certificate] > *')].filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => [cell.innerText, cell.scrollWidth, cell.clientWidth].join(" "))`
  expect(await page.evaluate(overfull)).toEqual([])
})
