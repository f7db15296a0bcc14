/**
 * What is ahead, in Chromium: the first steps walked whole with the built-in CA, two browsers on one renewal over a slow network, the outlook, the map of
 * endpoints by keyboard, and how soon the first page is there on a slow line. One service and one browser for all.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChain } from '../../harness/certificates.ts'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { startNginx, type Nginx } from '../../harness/nginx.ts'
import { becomeOperator, buyTheFirst, renewOnce, sayWhereItIsUsed } from '../support/first-steps.ts'
import { createHands } from '../support/hands.ts'
import { openHouse, type House } from '../support/house.ts'
import { waitFor } from '../support/wait-for.ts'

const SHOP = 'shop.evercert.test'
const DAY_MS = 86_400_000
const FIVE_MINUTES_MS = 300_000
const MAX_PAINT_MS = 2000
/** When they were set, 26 requests, 347 kB and 345 ms on two crowded cores were seen. */
const MAX_REQUESTS = 30
const MAX_BYTES = 380_000
const MAX_CPU_MS = 800
const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const NARROW_ZH: View = { width: 390, language: 'zh', theme: 'dark' }

let folder: string
let house: House
let browser: Browser
let token: string
/** What the newcomer has: a web server with a certificate that it got some other way. */
let nginx: Nginx
let pair: { readonly certificatePath: string; readonly keyPath: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-outlook-'))
  pair = { certificatePath: join(folder, 'shop.pem'), keyPath: join(folder, 'shop.key') }
  browser = await startBrowser()
  house = await openHouse({ folder, names: [SHOP] })
  const { chainPem, privateKeyPem } = createChain().issue({ names: [SHOP] })
  await writeFile(pair.certificatePath, chainPem)
  await writeFile(pair.keyPath, privateKeyPem)
  nginx = await startNginx({ ...pair, addresses: [house.site.address] })
  token = (await readFile(join(folder, 'data', 'operator.token'), 'utf8')).trim()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await house?.close()
  await nginx?.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function open(view: View, path: string): Promise<Tab> {
  const tab = await openTab(browser, view)
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(house.service().url + path)
  return tab
}

async function expectFine({ page, faults }: Pick<Tab, 'page' | 'faults'>, name: string): Promise<void> {
  await waitFor('the page to be loaded', async () => ((await page.locator('.loading').count()) === 0 ? true : null))
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)')
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

const seconds = (ms: number): string => (ms / 1000).toFixed(0)

it('leads a newcomer to the first proved renewal in under five minutes, nginx and all', async () => {
  const tab = await openTab(browser, WIDE_EN)
  const { page } = tab
  const link = new URL(house.service().firstOperatorLink ?? '')
  await page.goto(house.service().url + link.pathname + link.search + link.hash)
  const hands = createHands()
  const onPart = (name: string): Promise<void> => expectFine(tab, `first-steps-${name}-en-light-1440`)
  const newcomer = { page, hands, domain: SHOP, nginx, pair, onPart }
  await becomeOperator(newcomer)
  await page.getByText('No certificates yet').waitFor()
  await buyTheFirst(newcomer)
  await sayWhereItIsUsed(newcomer)
  await renewOnce(newcomer)
  const { presses, keys, machineMs, wholeMs } = hands.report()
  console.log(
    `first steps: ${presses} presses, ${keys} keys, ${seconds(machineMs)} s of waiting, ${seconds(wholeMs)} s with a person's pauses`,
  )
  expect(presses).toBeLessThanOrEqual(30)
  expect(machineMs).toBeGreaterThan(500) // it was measured
  expect(machineMs).toBeLessThan(90_000)
  expect(wholeMs).toBeLessThan(FIVE_MINUTES_MS)
  await page.goto(`${house.service().url}/first-steps`)
  await page.getByText('All done: the first renewal is proved.').waitFor()
  await expectFine(tab, 'first-steps-done-en-light-1440')
}, 400_000)

it('puts the tour away, and shows it again when it is asked for', async () => {
  const { page } = await open(WIDE_EN, '/first-steps')
  await page.getByRole('button', { name: 'Put the tour away' }).click()
  await page.getByText('The tour is put away').waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Show the tour on the overview' }).click()
  await page.getByRole('button', { name: 'Put the tour away' }).waitFor()
  expect(await page.getByText('The tour is put away').count()).toBe(0)
})

it('lets two browsers act on one renewal, over a slow network: nothing is done twice', async () => {
  const { client } = house.service()
  const leaf = createChain().issue({ names: [SHOP], notBefore: Date.now() - 300 * DAY_MS, notAfter: Date.now() + 20 * DAY_MS })
  const old = await client.certificates.upload({
    name: 'bought elsewhere',
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
  })
  await client.balance.topUp({ amountMinor: 100_000, currency: 'CNY' })
  const order = await client.orders.place({ renewsCertificateId: old.id, productId: 'evercert-private-dv-single' })
  const before = await balance()
  const tabs = [await open(WIDE_EN, `/certificates/${old.id}/renewal`), await open(WIDE_EN, `/certificates/${old.id}/renewal`)]
  for (const { page } of tabs) {
    await page.getByRole('button', { name: 'Pay', exact: true }).waitFor()
    await slowDown(page, { latency: 300, mbit: 1.6 })
  }
  await Promise.all(tabs.map(({ page }) => page.getByRole('button', { name: 'Pay', exact: true }).click()))
  for (const { page } of tabs) await page.getByLabel('Domain names').waitFor()
  expect(before - (await balance())).toBe(order.price.amountMinor)
  // Somebody else applies meanwhile: both are told by themselves, and are not left with a form that would be refused.
  const { certificateId } = await client.orders.get({ id: order.id })
  await client.applications.submit({
    id: certificateId ?? '',
    domains: [SHOP],
    validationMethod: 'file',
    contact: { name: 'Li Lei', email: 'li@example.com', phone: '+86 138 1234 5678' },
  })
  for (const { page } of tabs) await page.getByLabel('Domain names').waitFor({ state: 'hidden' })
  const { items } = await client.certificates.list({ search: SHOP })
  expect(items.filter(({ renewsCertificateId }) => renewsCertificateId === old.id)).toHaveLength(1)
  expect(tabs.flatMap(({ faults }) => faults)).toEqual([])
})

async function balance(): Promise<number> {
  return (await house.service().client.balance.get()).balances[0]?.amountMinor ?? 0
}

async function slowDown(page: Page, { latency, mbit, cpu = 1 }: { latency: number; mbit: number; cpu?: number }): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const throughput = (mbit * 1_000_000) / 8
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency,
    downloadThroughput: throughput,
    uploadThroughput: throughput,
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: cpu })
}

it('draws the outlook: the funnel leads to those that wait, the calendar to a day', async () => {
  const tab = await open(NARROW_ZH, '/outlook')
  await tab.page.getByText('续费预测').waitFor()
  await tab.page.locator('.calendar-day[data-level]').first().waitFor()
  await expectFine(tab, 'outlook-zh-dark-390')
  const wide = await open(WIDE_EN, '/outlook')
  const { page } = wide
  await page.locator('.calendar-day[data-level]').first().waitFor()
  await page.getByText('As a table').click()
  expect(await page.locator('.picture-table tbody tr').count()).toBe(36)
  await expectFine(wide, 'outlook-en-light-1440')
  await page.locator('.calendar-day[data-level]').first().click()
  await page.getByRole('rowheader', { name: /^bought elsewhere/ }).waitFor()
})

it('maps the endpoints: by keyboard from cell to cell, opened, and as a table', async () => {
  const tab = await open(WIDE_EN, '/endpoints/map')
  const { page } = tab
  const cell = page.getByRole('button', { name: new RegExp(`${SHOP}:${nginx.httpsPort} ECDSA: serves this certificate`) })
  await cell.waitFor()
  await expectFine(tab, 'map-en-light-1440')
  await cell.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('serves this certificate').waitFor()
  await expectFine(tab, 'map-endpoint-en-light-1440')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.locator('label', { hasText: 'Table' }).click()
  await page.getByRole('table', { name: 'Proof map' }).getByText('serves this certificate').waitFor()
  expect(await page.locator('.map-cells').count()).toBe(0)
})

/**
 * WebPageTest's 4G: 9 Mbit/s with 170 ms; and a processor half as fast, unless others slow it down already. The best of three: a busy machine is no
 * fault of the console.
 */
it('has its largest paint within 2 seconds on a throttled 4G line', async () => {
  const paints: { readonly ms: number; readonly limitMs: number }[] = []
  for (let round = 0; round < 3; round += 1) {
    const { page, context } = await openTab(browser, { width: 390, language: 'zh', theme: 'light' })
    await context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
    const crowd = crowding()
    await slowDown(page, { latency: 170, mbit: 9, cpu: Math.max(1, 2 / crowd) })
    await page.goto(house.service().url)
    await page.locator('.card, .empty').first().waitFor()
    paints.push({ ms: await page.evaluate(largestPaint), limitMs: MAX_PAINT_MS * Math.max(1, crowd / 2) })
  }
  console.log(`largest paint: ${paints.map(({ ms, limitMs }) => `${ms.toFixed(0)} of ${limitMs.toFixed(0)}`).join(', ')} ms`)
  expect(Math.min(...paints.map(({ ms }) => ms))).toBeGreaterThan(170) // it was throttled, and measured
  expect(paints.filter(({ ms, limitMs }) => ms < limitMs)).not.toEqual([])
})

/**
 * What decides about the largest paint and is the same on every machine: how much is asked for before it, and the processor's time for it
 * (thread ticks do not count what others do meanwhile).
 */
it('asks for little before its largest paint, and works little for it, however crowded the machine is', async () => {
  const { page, context } = await openTab(browser, { width: 390, language: 'zh', theme: 'light' })
  await context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  const session = await context.newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  await page.goto(house.service().url)
  await page.locator('.card, .empty').first().waitFor()
  const paintMs = await page.evaluate(largestPaint)
  const asked = await page.evaluate(askedFor, paintMs)
  const { metrics } = await session.send('Performance.getMetrics')
  const cpuMs = 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0)
  console.log(
    `before the largest paint: ${asked.requests} requests, ${asked.bytes} bytes; ${cpuMs.toFixed(0)} ms of the processor`,
  )
  expect(asked.requests).toBeGreaterThan(3) // it was measured
  expect(asked.requests).toBeLessThanOrEqual(MAX_REQUESTS)
  expect(asked.bytes).toBeGreaterThan(100_000)
  expect(asked.bytes).toBeLessThan(MAX_BYTES)
  expect(cpuMs).toBeGreaterThan(10)
  expect(cpuMs).toBeLessThan(MAX_CPU_MS)
})

/** In the page: what had come, in whole, when the largest paint was made; the page itself among it. */
function askedFor(paintMs: number): { readonly requests: number; readonly bytes: number } {
  interface Loaded {
    readonly responseEnd: number
    readonly transferSize: number
  }
  const of = (type: string) => performance.getEntriesByType(type as 'resource') as unknown as Loaded[]
  const before = [...of('navigation'), ...of('resource')].filter(({ responseEnd }) => responseEnd > 0 && responseEnd <= paintMs)
  return { requests: before.length, bytes: before.reduce((sum, { transferSize }) => sum + transferSize, 0) }
}

/** How much longer work takes than the processor spends on it: 1 on a machine of one's own. */
function crowding(): number {
  const [startedAt, before] = [performance.now(), process.cpuUsage()]
  let sum = 0
  while (performance.now() - startedAt < 200) sum += 1
  const { user, system } = process.cpuUsage(before)
  return sum === 0 ? 1 : Math.max(1, ((performance.now() - startedAt) * 1000) / (user + system))
}

/** In the page: of those until now. Node's types know no such entries. */
function largestPaint(): Promise<number> {
  return new Promise((resolve) => {
    const type = 'largest-contentful-paint' as 'measure'
    new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? 0)).observe({ type, buffered: true })
  })
}
