/**
 * Hosts, names and discovery in Chromium: an agent is enrolled by the line that the console shows, tells of its host, installs and is
 * revoked; names change hands; a site is found and adopted. One service, one browser and one real agent for all.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { findViolations, openTab, startBrowser, takePicture, type Tab, type View } from '../../harness/browser.ts'
import { createRoot } from '../../harness/certificates.ts'
import { freePort } from '../../harness/ports.ts'
import { startProcess, type RunningProcess } from '../../harness/process.ts'
import { buyAndApply } from '../support/acme.ts'
import { openHouse, type House } from '../support/house.ts'
import { waitForIssuance } from '../support/renewal.ts'
import { waitFor } from '../support/wait-for.ts'

const WIDE_EN: View = { width: 1440, language: 'en', theme: 'light' }
const NARROW_ZH: View = { width: 390, language: 'zh', theme: 'dark' }
const PASSWORD = 'a violet tractor sings'
const SHOP = 'shop.example.com'
const STRANGER = 'stranger.example.com'

let folder: string
let house: House
let browser: Browser
let shopId: string
let agent: RunningProcess | null = null

const at = (...path: string[]): string => join(folder, ...path)
const url = (path: string): string => house.service().url + path

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-hosts-'))
  const port = String(await freePort())
  const environment = { EVERCERT_PORT: port, EVERCERT_PUBLIC_URL: `http://127.0.0.1:${port}` }
  ;[browser, house] = await Promise.all([startBrowser(), openHouse({ folder: at('house'), names: [SHOP], environment })])
  shopId = await buyAndApply(house, { productId: 'evercert-private-dv-single', domains: [SHOP] })
  const { sha256 } = await waitForIssuance(house, shopId)
  const { target } = house.site
  await house.call((client) =>
    client.targets.create({ certificateId: shopId, name: 'site', kind: 'localFiles', config: { ...target } }),
  )
  await waitFor('the site to serve it', async () => {
    const { targets } = await house.call((client) => client.certificates.get({ id: shopId }))
    return targets[0]?.deployment?.state === 'applied' && targets[0].deployment.issuanceSha256 === sha256 ? true : null
  })
}, 120_000)

afterAll(async () => {
  await agent?.stop()
  await browser?.close()
  await house?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function openAsOperator(view: View, path: string): Promise<Tab> {
  const tab = await openTab(browser, view)
  const token = readFileSync(at('house', 'data', 'operator.token'), 'utf8').trim()
  await tab.context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
  await tab.page.goto(url(path))
  return tab
}

async function openAsViewer(path: string): Promise<Tab> {
  const { client } = house.service()
  const email = 'vera@example.com'
  const { link } = await client.invitations.create({ email, role: 'viewer' })
  await client.invitations.accept({ token: link.split('#token=')[1] ?? '', password: PASSWORD, name: 'Vera' })
  const tab = await openTab(browser, WIDE_EN)
  await tab.page.goto(url(`/sign-in?next=${encodeURIComponent(path)}`))
  await tab.page.getByLabel('E-mail').fill(email)
  await tab.page.locator('input[type=password]').fill(PASSWORD)
  await tab.page.locator('button[type=submit]').click()
  return tab
}

/** Nothing that axe finds, nothing wider than the screen, no fault; and a picture of it. */
async function expectFine({ page, faults }: Tab, name: string): Promise<void> {
  await waitFor('the page to be loaded', async () => ((await page.locator('.loading').count()) === 0 ? true : null))
  await takePicture(page, name)
  const violations = await findViolations(page)
  const tooWide = await page.evaluate(`Math.max(0, document.documentElement.scrollWidth - innerWidth)`)
  expect({ name, violations, tooWide, faults }).toEqual({ name, violations: [], tooWide: 0, faults: [] })
}

/** The line of the console, as the host's shell runs it: the program, and its first call. */
async function runOnHost(command: string): Promise<void> {
  const [, from = '', token = ''] = /curl -gfsS (\S+) .*--token (\S+)/.exec(command) ?? []
  writeFileSync(at('evercert-agent.cjs'), Buffer.from(await (await fetch(from)).arrayBuffer()), { mode: 0o755 })
  const files = ['--config', at('host', 'config.json'), '--state-folder', at('state')]
  const args = [at('evercert-agent.cjs'), 'enroll', '--server', house.service().url, '--token', token, ...files]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
}

/** A site of the agent's own, and what an nginx names: its certificate, one that is not adopted, one that is gone, and one that only a client decides. */
async function startAgent(): Promise<void> {
  const leaf = createRoot().issue({ names: [SHOP] })
  const [certificatePath, keyPath] = [at('host', 'shop.pem'), at('host', 'shop.key')]
  writeFileSync(certificatePath, leaf.chainPem)
  writeFileSync(keyPath, leaf.privateKeyPem, { mode: 0o600 })
  writeFileSync(at('host', "the shop's.pem"), leaf.chainPem)
  const servers = [
    [SHOP, certificatePath, keyPath],
    ['new.example.com', at('host', "the shop's.pem"), keyPath],
    ['old.example.com', at('host', 'it is gone.pem'), keyPath],
    ['any.example.com', '/etc/tls/$ssl_server_name.pem', keyPath],
  ].map(
    ([name = '', path = '', key = '']) =>
      `server { server_name ${name}; ssl_certificate "${path}"; ssl_certificate_key ${key}; }`,
  )
  writeFileSync(at('host', 'nginx.conf'), `http {\n${servers.join('\n')}\n}\n`)
  const configPath = at('host', 'config.json')
  const config = JSON.parse(readFileSync(configPath, 'utf8')) as object
  const sites = {
    shop: { server: 'files', certificatePath, keyPath, probe: { port: await freePort(), serverName: SHOP, waitSeconds: 1 } },
  }
  const discover = { nginx: [at('host', 'nginx.conf')], apache: [], haproxy: [] }
  writeFileSync(configPath, JSON.stringify({ ...config, discover, sites }))
  agent = await startProcess({
    command: process.execPath,
    args: [at('evercert-agent.cjs'), 'run', '--config', configPath],
    debianPackage: 'nodejs',
    isReady: (logs) => logs.includes('agent web1'),
  })
}

it('says of a target whose deployment nothing can prove what to add', async () => {
  const phone = await openAsOperator(NARROW_ZH, '/targets')
  await phone.page.getByText('请添加站点，或为部署目标设置地址').waitFor()
  await expectFine(phone, 'target-unprovable-zh')
  const { items } = await house.service().client.targets.list()
  expect(items.map(({ deployment }) => deployment?.unprovable?.en)).toEqual([
    expect.stringContaining('add an endpoint, or give the target its address'),
  ])
  await phone.context.close()
}, 60_000)

it('enrols a host by the line that is shown once, shows what it has, deploys to it, and revokes it', async () => {
  const tab = await openAsOperator(WIDE_EN, '/agents')
  const { page } = tab
  await page.getByText('No hosts yet').waitFor()
  await page.getByRole('button', { name: 'Enrol a host' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name of the host').fill('Web 1')
  await drawer.getByRole('button', { name: 'Enrol a host' }).click()
  await drawer.getByText('Lower-case letters, digits, dots, dashes and underscores').waitFor()
  await drawer.getByLabel('Name of the host').fill('web1')
  await drawer.getByRole('button', { name: 'Enrol a host' }).click()
  const command = await page.locator('.enrolment code').innerText()
  await takePicture(page, 'agents-enrol-en-light-1440')
  mkdirSync(at('host'), { mode: 0o755 })
  await runOnHost(command)
  await page.getByText('“web1” is enrolled.').waitFor()
  expect(await page.locator('main').innerText()).not.toContain('--token')
  await startAgent()
  await page.getByRole('link', { name: 'web1', exact: true }).click()

  const finding = (name: string) => page.getByRole('row', { name: new RegExp(name) })
  await finding('any.example.com').getByText('the path has a variable').waitFor()
  await finding('old.example.com').getByText('the file is missing').waitFor()
  await finding('shop.example.com nginx').getByText('yes: shop').waitFor()
  const adopt = await finding('new.example.com').locator('code').innerText()
  expect(adopt).toBe(`evercert-agent adopt '${at('host', "the shop'\\''s.pem")}'`)
  await page.getByRole('button', { name: 'Deploy to it shop' }).click()
  await drawer.getByRole('combobox', { name: 'Certificate' }).click()
  await page.getByTitle(new RegExp(`^${SHOP} · `)).click()
  await drawer.getByRole('button', { name: 'Deploy to it' }).click()
  await page.getByText('The target “web1-shop” is added.').waitFor()
  const work = page.getByRole('list', { name: 'Work and reports' })
  await work.getByText('The new pair was written; nothing was reloaded.').waitFor()
  await page.getByText('Log of the agent').click()
  await expectFine(tab, 'agent-en-light-1440')

  for (const name of ['web2', 'web3']) await house.call((client) => client.agents.createEnrolment({ name, validMinutes: 60 }))
  await page.goto(url('/agents'))
  await page.getByRole('row', { name: /web2 operator/ }).waitFor()
  await expectFine(tab, 'agents-enrolments-en-light-1440')

  const form = { hostKey: { agent: 'web1', site: 'shop' }, validationMethod: 'dnsManual' } as const
  const keptId = await buyAndApply(house, { productId: 'evercert-private-dv-multi', domains: [SHOP], form })
  await house.call((client) => client.applications.withdraw({ id: keptId }))
  await page.goto(url(`/certificates/${keptId}/application`))
  await page.getByText('Made on the host of web1 for shop, as last time').waitFor()
  await expectFine(tab, 'host-key-en-light-1440')
  const again = await openAsOperator(NARROW_ZH, `/certificates/${keptId}/application`)
  await again.page.locator('.fields').last().scrollIntoViewIfNeeded()
  await expectFine(again, 'host-key-zh-dark-390')
  await again.context.close()

  const narrow = await openAsOperator(NARROW_ZH, '/agents')
  await narrow.page.getByText('在线', { exact: true }).waitFor()
  await narrow.page.getByRole('button', { name: '撤回 web2' }).click()
  await narrow.page.getByText('撤回后任何主机都不能再用它注册。').waitFor()
  await narrow.page.getByRole('dialog').getByRole('button', { name: '撤回' }).click()
  await narrow.page.getByRole('button', { name: '撤回 web2' }).waitFor({ state: 'detached' })
  await narrow.page.getByRole('button', { name: '撤回 web3' }).waitFor()
  expect((await house.call((client) => client.agents.listEnrolments())).items.map(({ name }) => name)).toEqual(['web3'])
  await expectFine(narrow, 'agents-enrolments-zh-dark-390')
  await takePicture(narrow.page, 'agents-zh-dark-390')
  await narrow.page.getByRole('link', { name: 'web1', exact: true }).click()
  await narrow.page.getByText('新的证书与私钥已写入，没有重载服务。').waitFor()
  await expectFine(narrow, 'agent-zh-dark-390')
  await narrow.page.getByRole('button', { name: '吊销 web1' }).click()
  await narrow.page.getByText('主机继续使用现有的证书与私钥。').waitFor()
  await narrow.page.getByRole('dialog').getByRole('button', { name: '吊销' }).click()
  await narrow.page.getByText('该代理已吊销，不再应答。').waitFor()
  expect(await house.call((client) => client.agents.list())).toMatchObject({ items: [{ name: 'web1', state: 'revoked' }] })
})

it('shows whose names are whose, assigns and gives up for those who may, and nothing of it to those who only look', async () => {
  const { client } = house.service()
  const second = await client.accounts.create({ name: 'Second account' })
  const tab = await openAsOperator(WIDE_EN, '/names')
  const { page } = tab
  await page.getByRole('row', { name: /shop\.example\.com.*proved/ }).waitFor()
  await page.getByRole('button', { name: 'Assign a name' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name').fill('mail.example.org')
  await drawer.getByRole('combobox', { name: 'Account' }).click()
  await page.getByTitle('Second account').click()
  await drawer.getByRole('button', { name: 'Assign a name' }).click()
  await page.getByText('“mail.example.org” now belongs to “Second account”.').waitFor()
  expect(await page.getByRole('row', { name: /mail\.example\.org/ }).count()).toBe(0)
  await page.getByRole('button', { name: 'All accounts' }).click()
  await page.getByRole('row', { name: /mail\.example\.org Second account assigned/ }).waitFor()
  const { items } = await client.names.list({ of: 'installation', name: 'example.org' })
  expect(items).toMatchObject([{ name: 'mail.example.org', accountId: second.id, how: 'assigned' }])
  await takePicture(page, 'names-en-light-1440')
  const narrow = await openAsOperator(NARROW_ZH, '/names?of=installation&name=example.org')
  await narrow.page.getByText('mail.example.org').first().waitFor()
  await expectFine(narrow, 'names-zh-dark-390')

  await page.getByRole('button', { name: 'Give up mail.example.org' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Give up' }).click()
  await page.getByText('“mail.example.org” is given up.').waitFor()
  expect(await client.names.list({ of: 'installation', name: 'example.org' })).toMatchObject({ items: [] })

  const viewer = await openAsViewer('/names')
  await viewer.page.getByRole('row', { name: /shop\.example\.com/ }).waitFor()
  const shown = await viewer.page.locator('main').getByRole('button').allInnerTexts()
  expect(shown.filter((label) => /give up|assign|all accounts/i.test(label))).toEqual([])
  const menu = await viewer.page.getByRole('navigation', { name: 'Menu' }).innerText()
  expect([menu.includes('Agents'), menu.includes('Find endpoints')]).toEqual([true, false])
})

/** A server that no certificate of the account fits. @returns its port */
async function startStranger(): Promise<number> {
  const { chainPem, privateKeyPem } = createRoot().issue({ names: [STRANGER] })
  const server = createServer({ cert: chainPem, key: privateKeyPem }, (socket) => socket.on('error', () => {}).end())
  await new Promise<void>((resolve) => server.listen(0, house.site.address, resolve))
  onTestFinished(() => void server.close())
  house.dns.add(STRANGER, 'A', house.site.address)
  return (server.address() as AddressInfo).port
}

it('finds a site by its name and adopts it, and one of nobody for a certificate that is chosen; a range that the operator did not allow is refused', async () => {
  const tab = await openAsOperator(WIDE_EN, '/discovery')
  const { page } = tab
  const look = page.getByRole('button', { name: 'Look now' })
  await page.getByText('Nothing waits here').waitFor()
  const names = page.getByRole('textbox', { name: 'List of names' })
  await names.fill('*.example.com')
  await look.click()
  await page.getByText('“*.example.com” is no host name').waitFor()
  await names.fill(`${SHOP} # the shop\nnobody.example.com`)
  await page.getByLabel('Ports').fill(String(house.site.port))
  await look.click()
  await page.getByText('2 looked at: 1 found, 0 are endpoints already, 1 showed no certificate.').waitFor()
  await page.getByText('serves this certificate').waitFor()
  await takePicture(page, 'discovery-en-light-1440')
  const narrow = await openAsOperator(NARROW_ZH, '/discovery')
  await narrow.page.getByText('正在使用该证书').waitFor()
  await expectFine(narrow, 'discovery-zh-dark-390')

  await page.getByRole('button', { name: /^Adopt / }).click()
  await page.getByText('is adopted and probed from now on').waitFor()
  await page.getByText('Nothing waits here').waitFor()
  const { items } = await house.call((client) => client.endpoints.list())
  expect(items).toMatchObject([{ certificateId: shopId, host: SHOP, port: house.site.port }])

  const port = await startStranger()
  await names.fill(STRANGER)
  await page.getByLabel('Ports').fill(String(port))
  await look.click()
  await page.getByText('no certificate fits').waitFor()
  await page.getByRole('button', { name: /^Adopt / }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByRole('combobox', { name: 'Belongs to' }).fill('shop')
  await page.getByTitle(new RegExp(`^${SHOP} · `)).click()
  await takePicture(page, 'discovery-adopt-en-light-1440')
  await drawer.getByRole('button', { name: 'Adopt' }).click()
  await page.getByText('is adopted and probed from now on').waitFor()
  expect((await house.call((client) => client.endpoints.list())).items).toContainEqual(
    expect.objectContaining({ certificateId: shopId, host: STRANGER, port }),
  )

  await page.getByText('Range of addresses').click()
  await page.getByRole('textbox', { name: 'Range of addresses' }).fill('192.0.2.0/30')
  await look.click()
  await page.getByRole('alert').getByText('EVERCERT_DISCOVERY_RANGES').first().waitFor()
})

it('changes a target, and adds one at a provider that nobody tried on a live account, which is said', async () => {
  const tab = await openAsOperator(WIDE_EN, '/targets')
  const { page } = tab
  await page.getByRole('button', { name: 'Change site' }).waitFor()
  expect(await page.getByText('Nothing can prove').count()).toBe(0) // its certificate has an endpoint by now
  await page.getByRole('button', { name: 'Change site' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name of the target').fill('front')
  await drawer.getByLabel('Address of the host').fill('127.0.0.1')
  expect(await drawer.getByLabel('File of the certificate').inputValue()).toBe(house.site.target.certificatePath)
  await expectFine(tab, 'target-change-en')
  await drawer.getByRole('button', { name: 'Save' }).click()
  await page.getByText('front was changed.').waitFor()
  const { items } = await house.service().client.targets.list()
  expect(items.find(({ name }) => name === 'front')).toMatchObject({ probe: { host: '127.0.0.1', port: 443 } })
  await tab.context.close()

  const phone = await openAsOperator(NARROW_ZH, '/targets')
  await phone.page.getByRole('button', { name: '添加部署目标' }).click()
  const form = phone.page.getByRole('dialog')
  await form.getByLabel('类型').click()
  await form.getByLabel('类型').fill('腾讯云')
  await phone.page.getByTitle('腾讯云 SSL 证书').click()
  await form.getByText('尚未在真实账号上试用').waitFor()
  await expectFine(phone, 'target-add-zh')
  await phone.context.close()
}, 60_000)

it('changes a DNS connection in place, whose secret stays until its server is another, and removes it', async () => {
  const { client } = house.service()
  const config = { server: '192.0.2.53', zone: 'example.com', keyName: 'evercert', secret: 'c2VjcmV0IG9mIHRoZSB0ZXN0' }
  const { id } = await client.dnsConnections.create({ name: 'ns1', kind: 'rfc2136', config })
  const phone = await openAsOperator(NARROW_ZH, '/dns-connections')
  await phone.page.getByRole('button', { name: '修改 ns1' }).click()
  const drawer = phone.page.getByRole('dialog')
  await drawer.getByText('已设置，不显示；留空则保持不变。').waitFor()
  await drawer.getByLabel('主域名服务器').fill('192.0.2.54')
  await drawer.getByText('修改后将发送到其他位置，请重新输入。').waitFor()
  await expectFine(phone, 'dns-change-zh')
  await drawer.getByLabel('TSIG 密钥', { exact: true }).fill(config.secret)
  await drawer.getByRole('button', { name: '保存' }).click()
  await phone.page.getByText('已修改 DNS 连接“ns1”。').waitFor()
  expect(await client.dnsConnections.get({ id })).toMatchObject({
    config: { server: '192.0.2.54', zone: 'example.com', keyName: 'evercert' },
    secretsSet: ['secret'],
  })
  await phone.page.getByRole('button', { name: '删除 ns1' }).click()
  await phone.page.getByRole('dialog').getByRole('button', { name: '删除' }).click()
  await phone.page.getByText('还没有 DNS 连接').waitFor()
  expect((await client.dnsConnections.list()).items).toEqual([])
  await phone.context.close()
}, 60_000)
