/**
 * The founding document, line by line: every line of DOMAIN that is marked FD, by API and command, for a certificate bought here and for one that
 * was uploaded. One service, one after the other: each line takes up where the one before it ended.
 */
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type {
  ApplicationView,
  CertificateDetail,
  CertificateView,
  EndpointView,
  ListedCertificate,
  ProductView,
  QuoteView,
} from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAYS_LEFT, issuedAtFor } from '../../demo/past.ts'
import { runProgram } from '../../packages/cli/src/program.ts'
import { aShell } from '../../packages/cli/test/builders.ts'
import { createRoot } from '../harness/certificates.ts'
import { buyAndApply } from './support/acme.ts'
import { runEvercert, type CommandOutcome } from './support/evercert.ts'
import { openHouse, type House } from './support/house.ts'
import { apply, install, waitForClose, waitForIssuance } from './support/renewal.ts'
import { startSite, type Site } from './support/site.ts'
import { waitFor } from './support/wait-for.ts'

const DAY_MS = 86_400_000
const [BOUGHT, UPLOADED, TRIAL, GONE] = ['shop', 'uploaded', 'trial', 'gone'].map((label) => `${label}.evercert.test`) as [
  string,
  string,
  string,
  string,
]
const PRODUCT = 'evercert-private-dv-single'
/** A brand that cannot be renewed, with the years of the private CA: the shipped one lives too short to be a year old. */
const UNRENEWABLE = { id: 'trial-of-a-year', brand: 'Evercert Trial' }
const UPLOAD_DAYS_LEFT = 20
/** The first lines are gone through a little before the present, which is when the window of one upload opens. */
const EARLIER_MS = 600_000

let folder: string
let house: House
/** Where the uploaded certificate is served; people install there by hand. */
let bySite: Site
let rootFile: string
let bought: CertificateDetail
let uploaded: CertificateDetail
let trial: CertificateDetail
let gone: CertificateDetail
/** The upload whose window opens. */
let early: CertificateDetail
/** What the list says while nothing expires. */
let emptyList: string
/** The two new certificates, once they are paid. */
const fresh = { bought: '', uploaded: '' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-founding-'))
  const yearAgo = issuedAtFor(Date.now()) - Date.now()
  house = await openHouse({ folder, names: [BOUGHT, UPLOADED, TRIAL, GONE], clockOffsetMs: yearAgo - (DAYS_LEFT + 2) * DAY_MS })
  bySite = await startSite(join(folder, 'by-hand'), house.site.address)
  emptyList = (await evercert('list', '--status', 'expiringSoon')).stdout
  await sellUnrenewable()
  gone = await buyNow(PRODUCT, GONE)
  await house.setClock(yearAgo)
  ;[bought, trial] = await Promise.all([buyNow(PRODUCT, BOUGHT), buyNow(UNRENEWABLE.id, TRIAL)])
  await install(house, bought.id, BOUGHT)
  await house.setClock(-EARLIER_MS)
  await uploadBoth()
  rootFile = join(folder, 'root.pem')
  const { items } = await house.call((client) => client.issuers.list())
  await writeFile(rootFile, items.find(({ id }) => id === 'evercert-private')?.rootPem ?? '')
}, 240_000)
afterAll(async () => {
  await Promise.all([house.close(), bySite.stop()])
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function sellUnrenewable(): Promise<void> {
  const price = { amountMinor: 0, currency: 'CNY' }
  await house.call((client) =>
    client.products.create({
      id: UNRENEWABLE.id,
      title: { en: 'Trial', zh: '试用' },
      specification: { domainType: 'single', certificateType: 'DV', grade: 'trial', brand: UNRENEWABLE.brand },
      issuerId: 'evercert-private',
      supportsRenewal: false,
      prices: [{ termYears: 1, base: price, includedDomains: 1, extraDomain: price }],
    }),
  )
}

async function buyNow(productId: string, domain: string): Promise<CertificateDetail> {
  return waitForIssuance(house, await buyAndApply(house, { productId, domains: [domain] }))
}

async function uploadBoth(): Promise<void> {
  const now = Date.now()
  const upload = (name: string, domain: string, notAfter: number) => {
    const leaf = createRoot().issue({ names: [domain], notBefore: now - 345 * DAY_MS, notAfter })
    return house.call((client) =>
      client.certificates.upload({ name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }),
    )
  }
  uploaded = await upload('elsewhere', UPLOADED, now + UPLOAD_DAYS_LEFT * DAY_MS)
  early = await upload('early', 'early.evercert.test', now + 30 * DAY_MS)
}

/** Within this process: starting one takes longer than most commands. */
async function evercert(...args: string[]): Promise<CommandOutcome> {
  const shell = { ...aShell(), now: Date.now }
  const code = await runProgram([...args, '--url', house.service().url, '--token-file', tokenFile(), '--lang', 'en'], shell)
  return { code, stdout: shell.out(), stderr: shell.err() }
}

const tokenFile = (): string => join(folder, 'data', 'operator.token')

/** As a process of its own. */
async function payAsProcess(orderId: string): Promise<unknown> {
  const { stdout } = await runEvercert({ url: house.service().url, tokenFile: tokenFile() }, ['pay', orderId, '--json'])
  return JSON.parse(stdout)
}

async function json<Value>(...args: string[]): Promise<Value> {
  const { stdout, stderr } = await evercert(...args, '--json')
  expect({ stdout, stderr }).not.toMatchObject({ stdout: '' })
  return JSON.parse(stdout) as Value
}

/** What the command says with `--json` when it refuses. */
async function commandRefusal(...args: string[]): Promise<{ code: string; facts?: unknown }> {
  const { code, stderr } = await evercert(...args, '--json')
  expect(code).toBe(1)
  return JSON.parse(stderr) as { code: string; facts?: unknown }
}

/** A renewal's offer, by the command. */
const offerOf = (id: string, ...change: string[]): Promise<QuoteView> => json('renew', id, '--quote', ...change)

const get = (id: string): Promise<CertificateDetail> => house.call((client) => client.certificates.get({ id }))

async function refusal(use: (client: Client) => Promise<unknown>): Promise<{ code: string; facts?: unknown; detail: string }> {
  const problem = await house.call((client) =>
    use(client).then(
      () => null,
      (error: unknown) => {
        if (error instanceof ApiProblem) return error.problem
        throw error
      },
    ),
  )
  if (problem === null) throw new Error('it was not refused')
  return problem
}

const renewing = (id: string) => (client: Client) =>
  client.orders.place({ renewsCertificateId: id, productId: PRODUCT }, { context: { idempotencyKey: `refused-${id}` } })

const daysOf = (instant: string | null, from: string | null): number =>
  Math.round((Date.parse(instant ?? '') - Date.parse(from ?? '')) / DAY_MS)

it('FD §3.1: what is bought here or uploaded can be renewed while it expires soon', async () => {
  const renewable = { status: 'expiringSoon', renewal: { eligible: true, action: 'renew', reasons: [] } }
  for (const { id } of [bought, uploaded]) {
    expect(await get(id)).toMatchObject(renewable)
    expect(await json('show', id)).toMatchObject(renewable)
  }
  expect((await get(gone.id)).status).toBe('expired')
  expect(await refusal(renewing(gone.id))).toMatchObject({ code: 'certificateExpired' })
  const outcome = await evercert('renew', gone.id, '--yes')
  expect([outcome.code, outcome.stdout.includes('certificateExpired')]).toEqual([2, true])
})

it('FD §3.2: the window is the 30 days before expiry; before it the server refuses, and says when it opens', async () => {
  const opensAt = new Date(Date.parse(early.notAfter ?? '') - 30 * DAY_MS).toISOString()
  expect(await get(early.id)).toMatchObject({ status: 'issued', renewal: { eligible: false, action: null, opensAt } })
  expect(await refusal(renewing(early.id))).toMatchObject({ code: 'renewalNotYetOpen', facts: { opensAt, daysUntilOpen: 1 } })
  expect(await json('renew', early.id, '--yes')).toMatchObject({
    result: 'notDue',
    opensAt,
    reasons: [{ code: 'renewalNotYetOpen' }],
  })
  await house.setClock(0)
  expect(await get(early.id)).toMatchObject({ status: 'expiringSoon', renewal: { eligible: true } })
})

it('FD §3.3: a brand that does not support renewal is refused by its name; the catalogue has brands of both kinds', async () => {
  const problem = await refusal(renewing(trial.id))
  expect(problem).toMatchObject({ code: 'renewalBrandUnsupported', facts: { brand: UNRENEWABLE.brand } })
  expect(problem.detail).toContain(UNRENEWABLE.brand)
  expect((await evercert('renew', trial.id, '--yes')).stdout).toContain(
    `The brand "${UNRENEWABLE.brand}" does not support renewal`,
  )
  const shipped = (await house.call((client) => client.products.list())).items.filter(({ id }) => id !== UNRENEWABLE.id)
  expect(new Set(shipped.map(({ supportsRenewal }) => supportsRenewal))).toEqual(new Set([true, false]))
  const listed = (await json<{ items: ProductView[] }>('products')).items.filter(({ id }) => id !== UNRENEWABLE.id)
  expect(listed).toEqual(shipped)
})

it('FD §3.4: the list by status shows what expires soon, bought and uploaded together, and why some of it cannot be renewed', async () => {
  const { items } = await json<{ items: CertificateView[] }>('list', '--status', 'expiringSoon')
  expect(new Set(items.map(({ id }) => id))).toEqual(new Set([bought.id, uploaded.id, early.id, trial.id]))
  const offers = new Map(items.map(({ id, renewal }) => [id, renewal]))
  expect(offers.get(trial.id)).toMatchObject({ eligible: false, reasons: [{ code: 'renewalBrandUnsupported' }] })
  for (const { id } of [bought, uploaded]) expect(offers.get(id)).toMatchObject({ eligible: true, reasons: [] })
  const table = (await evercert('list', '--status', 'expiringSoon')).stdout
  expect(table).toMatch(/renew now.*crt_/)
  expect(emptyList).toContain('Nothing needs renewing.')
})

it('FD §3.5, bought here: the old configuration is preselected; a change says what it loses; then order and payment', async () => {
  const quote = (change: object = {}) =>
    house.call((client) => client.quotes.create({ renewsCertificateId: bought.id, ...change }))
  for (const offer of [await quote(), await offerOf(bought.id)]) {
    expect(offer).toMatchObject({
      productId: PRODUCT,
      termYears: 1,
      domainCount: 1,
      sameSpecification: true,
      changed: [],
      topUp: { granted: true, lostDays: 0 },
    })
  }
  const multi = 'evercert-private-dv-multi'
  for (const changed of [await quote({ productId: multi }), await offerOf(bought.id, '--product', multi)]) {
    expect(changed).toMatchObject({
      sameSpecification: false,
      changed: ['domainType'],
      topUp: { granted: false, lostDays: DAYS_LEFT },
    })
    expect(changed.topUp.explanation.en).toContain(`domain type makes this a new purchase: ${DAYS_LEFT} days`)
  }
  const warned = (await evercert('renew', bought.id, '--product', multi, '--quote')).stdout
  expect(warned).toContain(`${DAYS_LEFT} days are lost (changed: domainType)`)
  expect((await evercert('renew', bought.id)).stderr).toContain('--yes') // the confirmation: nothing is bought without it
  const order = await house.call((client) =>
    client.orders.place({ renewsCertificateId: bought.id }, { context: { idempotencyKey: 'founding-order' } }),
  )
  expect(order).toMatchObject({ state: 'placed', kind: 'renewal', productId: PRODUCT, certificateId: null })
  expect(await json('pay', order.id)).toMatchObject({ state: 'paid', paymentPending: null })
  fresh.bought = (await house.call((client) => client.orders.get({ id: order.id }))).certificateId ?? ''
})

it('FD §3.6, uploaded: nothing is preselected, a mismatch is said, and the year is never topped up', async () => {
  const quote = (change: object) => house.call((client) => client.quotes.create({ renewsCertificateId: uploaded.id, ...change }))
  expect(await refusal((client) => client.quotes.create({ renewsCertificateId: uploaded.id }))).toMatchObject({
    code: 'invalid',
    facts: { field: 'productId' },
  })
  expect(await commandRefusal('renew', uploaded.id, '--quote')).toMatchObject({ code: 'invalid', facts: { field: 'productId' } })
  const other = 'evercert-private-dv-wildcard'
  for (const wildcard of [await quote({ productId: other }), await offerOf(uploaded.id, '--product', other)]) {
    expect(wildcard.changed).toContain('domainType')
    expect(wildcard.comparison?.en).toContain('Different: domain type (single → wildcard)')
    expect(wildcard.comparison?.zh).toContain('不一致：域名类型（单域名 → 通配符）')
  }
  expect((await evercert('renew', uploaded.id, '--product', other, '--quote')).stdout).toMatch(
    /\(single → wildcard\).*20 days of the old one are not added\n/s, // as with any product: it is not the change that loses them
  )
  for (const single of [await quote({ productId: PRODUCT }), await offerOf(uploaded.id, '--product', PRODUCT)]) {
    expect(single.comparison?.en).toContain('Equal: domain type')
    expect(single.topUp).toMatchObject({ granted: false, days: 0 })
    expect(single.topUp.explanation.en).toContain('never topped up')
    expect([365, 366]).toContain(daysOf(single.topUp.entitledUntil, new Date().toISOString()))
  }
  const order = await house.call((client) =>
    client.orders.place(
      { renewsCertificateId: uploaded.id, productId: PRODUCT },
      { context: { idempotencyKey: 'founding-upload' } },
    ),
  )
  // Two clicks.
  const paid = await Promise.all([payAsProcess(order.id), payAsProcess(order.id)])
  fresh.uploaded = (await house.call((client) => client.orders.get({ id: order.id }))).certificateId ?? ''
  for (const answer of paid) expect(answer).toMatchObject({ state: 'paid', certificateId: fresh.uploaded })
})

it('FD §3.7: the new certificate is directly under the old one, marked new, pendingApplication; there is one', async () => {
  const { items } = await json<{ items: CertificateView[] }>('list')
  for (const [old, id] of [
    [bought, fresh.bought],
    [uploaded, fresh.uploaded],
  ] as const) {
    const at = items.findIndex((item) => item.id === old.id)
    expect(items[at + 1]).toMatchObject({ id, status: 'pendingApplication', isNew: true, renewsCertificateId: old.id })
    expect(items.filter(({ renewsCertificateId }) => renewsCertificateId === old.id)).toHaveLength(1)
    expect(await refusal(renewing(old.id))).toMatchObject({ code: 'alreadyRenewed', facts: { certificateId: id } })
  }
  // Also where 即将过期 is chosen: there it was bought, and there it is looked for.
  const soon = await json<{ items: ListedCertificate[] }>('list', '--status', 'expiringSoon')
  expect(soon.items.map(({ id }) => id)).not.toContain(fresh.bought)
  const under = new Map(soon.items.map((item) => [item.id, item.under.map(({ id, isNew, status }) => [id, isNew, status])]))
  for (const [old, id] of [
    [bought, fresh.bought],
    [uploaded, fresh.uploaded],
  ] as const)
    expect(under.get(old.id)).toEqual([[id, true, 'pendingApplication']])
  for (const command of [['list'], ['list', '--status', 'expiringSoon']]) {
    const lines = (await evercert(...command)).stdout.split('\n')
    const at = lines.findIndex((line) => line.endsWith(bought.id))
    expect(lines[at + 1]).toMatch(new RegExp(`^└ \\[new\\] .*pending application.*${fresh.bought}`))
  }
})

it('FD §3.8: the application has to be submitted, prefilled from the last one or from the upload, with a fresh key', async () => {
  const before = await json<ApplicationView>('apply', bought.id, '--show')
  const drafts = await Promise.all([fresh.bought, fresh.uploaded].map((id) => json<ApplicationView>('apply', id, '--show')))
  expect(drafts.map(({ state }) => state)).toEqual(['draft', 'draft'])
  expect(drafts.map(({ form }) => form.domains)).toEqual([[BOUGHT], [UPLOADED]])
  expect(drafts[0]).toMatchObject({
    prefilledFrom: bought.id,
    form: { validationMethod: 'file', contact: before.form.contact, csrPem: null, csrId: null },
  })
  for (const id of [fresh.bought, fresh.uploaded]) expect((await get(id)).nextStep.code).toBe('submitApplication')
})

it('FD §3.9: how long it takes is shown before it is bought, and while it is under way', async () => {
  const estimate = async (productId: string): Promise<string> => {
    const { estimate: shown } = await house.call((client) => client.quotes.create({ productId, termYears: 1 }))
    expect((await json<QuoteView>('order', productId, '--quote')).estimate).toEqual(shown)
    expect((await evercert('order', productId, '--quote')).stdout).toContain(shown.en)
    return shown.en
  }
  expect(await estimate(PRODUCT)).toMatch(/5 to 10 minutes at the fastest.*2 hours/)
  for (const type of ['ov', 'ev']) {
    const text = await estimate(`evercert-private-${type}-single`)
    expect(text).toMatch(/2 business days at the fastest, normally 3 to 5\. Renew 3 to 10 business days before expiry/)
  }
  const { contact } = (await house.call((client) => client.applications.get({ id: bought.id }))).form
  // A proof that nobody gives: the application stays where it is.
  const form = join(folder, 'form.json')
  await writeFile(form, JSON.stringify({ domains: [UPLOADED], validationMethod: 'dnsManual', contact }))
  const submitted = await json<ApplicationView>('apply', fresh.uploaded, '--file', form)
  const minutes = (Date.parse(submitted.estimate?.fastestAt ?? '') - Date.parse(submitted.submittedAt ?? '')) / 60_000
  expect(minutes).toBeGreaterThanOrEqual(5)
  expect(minutes).toBeLessThanOrEqual(10)
  await evercert('apply', fresh.uploaded, '--withdraw')
  expect((await get(fresh.uploaded)).status).toBe('pendingApplication')
})

it('FD §3.10: a warning stays until the new certificate is installed in place of the old one', async () => {
  await apply(house, fresh.bought)
  const { contact } = (await house.call((client) => client.applications.get({ id: bought.id }))).form
  await apply(house, fresh.uploaded, { validationMethod: 'file', contact })
  const issued = await waitForIssuance(house, fresh.uploaded)
  expect(issued.nextStep).toMatchObject({ code: 'addEndpoint', mover: 'user' })
  expect((await get(uploaded.id)).nextStep).toMatchObject({ code: 'renewed' })
  expect((await get(uploaded.id)).nextStep.text.en).toContain(`HTTPS needs the new certificate before`)

  // The site still has the old one when it is looked at.
  const { certificatePath, keyPath, reloadCommand } = bySite.target
  const old = createRoot().issue({ names: [UPLOADED] })
  await Promise.all([writeFile(certificatePath, old.chainPem), writeFile(keyPath, old.privateKeyPem)])
  const endpoint = await json<EndpointView>('endpoints', 'add', `${UPLOADED}:${bySite.port}`, '--certificate', fresh.uploaded)
  expect(endpoint).toMatchObject({ host: UPLOADED, serverName: UPLOADED, port: bySite.port })
  const warned = await waitFor('the site to be looked at', async () => {
    const seen = await get(fresh.uploaded)
    return seen.endpoints.some(({ observations }) => observations.length > 0) ? seen : null
  })
  expect(warned.nextStep).toMatchObject({ code: 'prove', mover: 'user' })
  expect(warned.nextStep.text.en).toContain('in place of the old one')
  expect((await evercert('show', fresh.uploaded)).stdout).toContain('in place of the old one')

  // Installed by hand, from the download.
  const out = join(folder, 'download')
  expect((await evercert('download', fresh.uploaded, '--format', 'nginx', '--unpack', '--out', out)).code).toBe(0)
  await installByHand(out, { certificatePath, keyPath, reloadCommand })
  expect((await evercert('endpoints', 'prove', fresh.uploaded)).code).toBe(0)
  const closed = await Promise.all([fresh.bought, fresh.uploaded].map((id) => waitForClose(house, id)))
  expect(closed.map(({ nextStep }) => nextStep.code)).toEqual(['none', 'none'])
  for (const id of [bought.id, uploaded.id])
    expect((await get(id)).nextStep).toMatchObject({
      code: 'renewed',
      text: { en: expect.stringContaining('every site serves') as string },
    })
})

async function installByHand(out: string, target: Site['target']): Promise<void> {
  const files = await readdir(out)
  const file = (ending: string): string => join(out, files.find((name) => name.endsWith(ending)) ?? ending)
  await copyFile(file('.pem'), target.certificatePath)
  await copyFile(file('.key'), target.keyPath)
  const [command = '', ...args] = target.reloadCommand
  await promisify(execFile)(command, args)
}

it('FD §3.11: verified from a shell by the documented line, by the command and by the service, by fingerprint', async () => {
  for (const [id, host, where] of [
    [fresh.bought, BOUGHT, house.site],
    [fresh.uploaded, UPLOADED, bySite],
  ] as const) {
    const { address, port } = where
    const { sha256, chainPem, endpoints } = await get(id)
    const { validFrom, validTo } = new X509Certificate(chainPem ?? '')
    const line = `echo | openssl s_client -servername ${host} -connect ${address}:${port} 2>/dev/null | openssl x509 -noout -dates`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line])
    expect(stdout).toBe(`notBefore=${validFrom}\nnotAfter=${validTo}\n`)
    expect(await where.servedSha256(host)).toBe(sha256)
    const site = [`${address}:${port}`, '--server-name', host, '--ca', rootFile]
    const verified = await evercert('verify', ...site, '--expect', sha256 ?? '')
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining(`notAfter=${validTo}`) as string })
    expect(endpoints.flatMap(({ observations }) => observations)).toMatchObject([{ address, verdict: 'served', sha256 }])
  }
  const walked = await json('renew', uploaded.id, '--yes')
  expect(walked).toMatchObject({ result: 'served', toppedUpDays: 0, new: { id: fresh.uploaded } })
})

it('FD §2: renewing never edits and never revokes the old certificate', async () => {
  for (const old of [bought, uploaded]) {
    const now = await get(old.id)
    expect(now).toMatchObject({ sha256: old.sha256, chainPem: old.chainPem, notAfter: old.notAfter, status: 'expiringSoon' })
    expect(now.history.map(({ subject }) => subject)).not.toContain('revocation')
  }
  const { notAfter } = await get(fresh.bought)
  expect([365, 366]).toContain(daysOf(notAfter, bought.notAfter)) // topped up: a year from the end of the old one
})
