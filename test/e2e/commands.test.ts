/** The commands of the catalogue, of orders and payments, names and history: each against one real service, within this process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  BalanceView,
  BrandView,
  CertificateDetail,
  HistoryEntryView,
  IssuerDetail,
  OrderView,
  PaymentView,
  ProductView,
  PromotionView,
  QuoteView,
} from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../packages/cli/src/program.ts'
import { createRoot } from '../harness/certificates.ts'
import { startServiceProcess, type ServiceProcess } from './support/service-process.ts'

const PRODUCT = 'evercert-private-dv-single'

let folder: string
let service: ServiceProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-commands-'))
  service = await startServiceProcess({ environment: { EVERCERT_DATA_DIR: join(folder, 'data'), EVERCERT_LOG_LEVEL: 'silent' } })
  await service.client.balance.topUp({ amountMinor: 100_000, currency: 'CNY' })
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function evercert(...args: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({ isTTY: false, write: (text: string) => void (written[name] += text) })
  const where = ['--url', service.url, '--token-file', join(folder, 'data', 'operator.token'), '--lang', 'en']
  const code = await runProgram([...args, ...where], {
    env: {},
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    readInput: () => Promise.resolve(''),
    select: () => Promise.resolve(null),
    interactive: false,
    now: Date.now,
    onInterrupt: () => () => undefined,
  })
  return { code, ...written }
}

async function json<Value>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await evercert(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Value
}

interface Refusal {
  readonly code: string
  readonly detail: string
}

const refusal = (...args: string[]): Promise<Refusal> => failureOf(args, 1)
const misuse = (...args: string[]): Promise<Refusal> => failureOf(args, 64)

async function failureOf(args: readonly string[], exitCode: number): Promise<Refusal> {
  const { code, stderr } = await evercert(...args, '--json')
  expect(code).toBe(exitCode)
  return JSON.parse(stderr) as Refusal
}

/** From a payment to the records that are to be put in place, by what each command says itself. */
async function saysWhatFollows(orderId: string, paid: string): Promise<void> {
  const id = (await json<OrderView>('pay', orderId)).certificateId ?? ''
  expect(paid).toContain(`evercert apply ${id}`)
  expect((await evercert('apply', id)).stderr).toContain(`evercert apply ${id} --domain`)
  const form = [id, '--domain', 'follows.example.com', '--validation', 'dnsManual']
  expect((await evercert('apply', ...form)).stdout).toContain(`evercert apply ${id} --show`)
  expect((await evercert('apply', ...form)).stderr).toContain('--withdraw')
}

describe('products', () => {
  it('lists the catalogue with its prices', async () => {
    const { stdout } = await evercert('products')
    expect(stdout).toMatch(new RegExp(`1 yr CN¥100.00, 2 yr CN¥200.00.*${PRODUCT}`))
  })

  it('sets a price, adds one in another currency, and leaves the others as they are', async () => {
    await json('products', 'price', PRODUCT, '--term', '1', '--amount-minor', '12300')
    const args = ['products', 'price', PRODUCT, '--term', '1', '--amount-minor', '1800', '--currency', 'usd']
    const { prices } = await json<ProductView>(...args)
    expect(prices.map(({ termYears, base }) => [termYears, base.amountMinor, base.currency])).toEqual([
      [1, 12_300, 'CNY'],
      [1, 1_800, 'USD'],
      [2, 20_000, 'CNY'],
      [3, 30_000, 'CNY'],
    ])
    const multi = ['products', 'price', 'evercert-private-dv-multi', '--term', '1', '--amount-minor', '3000', '--currency', 'USD']
    expect((await misuse(...multi)).detail).toContain('--extra-domain-minor')
    const withExtra = await json<ProductView>(...multi, '--extra-domain-minor', '700')
    expect(withExtra.prices.find(({ base }) => base.currency === 'USD')?.extraDomain.amountMinor).toBe(700)
    expect((await refusal('products', 'price', PRODUCT, '--term', '5', '--amount-minor', '1')).code).toBe('notFound')
  })

  it('adds one with its prices, and refuses what it cannot be', async () => {
    const add = [
      'products',
      'add',
      'house-dv-multi',
      '--title',
      'House multi',
      '--title-zh',
      '多域名',
      '--issuer',
      'evercert-private',
    ]
    const rest = ['--brand', 'Evercert Private CA', '--domains', 'multi', '--included-domains', '3', '--extra-domain', '20']
    const product = await json<ProductView>(...add, ...rest, '--price', '1=128 CNY', '--price', '1=19.50 USD')
    expect(product).toMatchObject({
      id: 'house-dv-multi',
      title: { en: 'House multi', zh: '多域名' },
      specification: { domainType: 'multi', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
      supportsRenewal: true,
      prices: [
        { termYears: 1, base: { amountMinor: 12_800, currency: 'CNY' }, includedDomains: 3, extraDomain: { amountMinor: 2_000 } },
        { termYears: 1, base: { amountMinor: 1_950, currency: 'USD' }, extraDomain: { amountMinor: 2_000, currency: 'USD' } },
      ],
    })
    expect((await misuse(...add, ...rest, '--price', '128 CNY')).detail).toContain('1=128 CNY')
    expect((await misuse(...add, ...rest, '--price', '1=128 CNY', '--type', 'XV')).detail).toContain('DV, OV, EV')
    const unknown = await refusal(...add, '--brand', 'Everzert', '--price', '1=128 CNY')
    expect(unknown.detail).toContain('Evercert')
  })

  it('retires and restores one', async () => {
    const id = 'evercert-private-dv-mixed'
    expect((await json<ProductView>('products', 'retire', id)).retiredAt).not.toBeNull()
    expect((await refusal('order', id, '--yes')).code).toBe('productRetired')
    expect((await json<ProductView>('products', 'restore', id)).retiredAt).toBeNull()
  })
})

describe('promotions, order, pay and payments', () => {
  it('a promotion is added, shown in the offer, and what it takes off is paid less', async () => {
    const terms = ['--title', 'Autumn', '--title-zh', '秋季', '--percent', '10', '--code', 'autumn', '--products', PRODUCT]
    const added = await json<PromotionView>('promotions', 'add', ...terms, '--terms', '1', '--uses', '5')
    expect(added).toMatchObject({ code: 'AUTUMN', productIds: [PRODUCT], termYears: [1], maxUses: 5, state: 'running' })
    const offer = await evercert('order', PRODUCT, '--code', 'autumn', '--quote')
    expect(offer.stdout).toMatch(/List price\s+CN¥123\.00[\s\S]*Taken off\s+CN¥12\.30 \(10 %\): Autumn[\s\S]*Price\s+CN¥110\.70/)
    expect((await json<QuoteView>('order', PRODUCT, '--currency', 'usd', '--quote')).price).toEqual({
      amountMinor: 1_800,
      currency: 'USD',
    })
    expect((await evercert('order', PRODUCT)).stderr).toContain('--yes')
    const repeated = ['order', PRODUCT, '--code', 'autumn', '--yes', '--key', 'mine']
    const order = await json<OrderView>(...repeated)
    expect(await json<OrderView>(...repeated)).toEqual(order)
    expect(order).toMatchObject({ state: 'placed', price: { amountMinor: 11_070 }, discount: { amount: { amountMinor: 1_230 } } })
    const paid = await evercert('pay', order.id)
    expect(paid.stdout).toContain('paid CN¥110.70')
    await saysWhatFollows(order.id, paid.stdout)
    const { items } = await json<{ items: PaymentView[] }>('payments', '--order', order.id)
    expect(items).toMatchObject([{ state: 'succeeded', method: 'balance', amount: { amountMinor: 11_070 } }])
    expect((await evercert('payments')).stdout).toMatch(new RegExp(`balance.*succeeded.*110\\.70.*${order.id}`))
    expect((await evercert('promotions')).stdout).toMatch(/Autumn.*10 %.*AUTUMN.*running.*1 \/ 5/)
    const changed = await json<PromotionView>('promotions', 'change', added.id, '--uses', 'none', '--until', '2099-01-01')
    expect(changed).toMatchObject({ maxUses: null, endsAt: '2099-01-01T00:00:00.000Z' })
    expect((await json<PromotionView>('promotions', 'withdraw', added.id)).state).toBe('withdrawn')
    expect((await refusal('order', PRODUCT, '--code', 'autumn', '--yes')).code).toBe('promotionNotApplicable')
  })

  it('says what is wrong with a promotion', async () => {
    expect((await misuse('promotions', 'add', '--title', 'x')).detail).toContain('--percent or --amount')
    expect((await misuse('promotions', 'add', '--title', 'x', '--amount', 'much')).detail).toContain('20 CNY')
    expect((await misuse('promotions', 'add', '--title', 'x', '--percent', '5', '--until', 'soon')).detail).toContain('--until')
  })

  it('an order without money is refused with what is missing, and stays to be paid', async () => {
    const order = await json<OrderView>('order', 'evercert-private-ev-single', '--term', '3', '--yes')
    expect((await refusal('pay', order.id)).code).toBe('paymentRequired')
    expect((await evercert('orders')).stdout).toMatch(new RegExp(`placed.*${order.id}`))
  })

  it('a payment by invoice says what to transfer, and can be looked at', async () => {
    const config = { instructions: 'Evercert, account 1' }
    await service.client.paymentConnections.create({ id: 'invoice', title: 'Invoice', kind: 'offlineInvoice', config })
    const order = await json<OrderView>('order', PRODUCT, '--yes')
    const place = await evercert('pay', order.id, '--method', 'invoice')
    expect(place.stdout).toMatch(/Transfer CN¥123\.00 by .*, naming /)
    const { items } = await json<{ items: PaymentView[] }>('payments', '--order', order.id)
    expect(items).toMatchObject([{ method: 'invoice', state: 'created' }])
    expect(await json<PaymentView>('payments', '--check', items[0]?.id ?? '')).toMatchObject({ state: 'created' })
  })
})

describe('rename, tag and history', () => {
  it('a certificate gets another name, and its whole timeline says who did what', async () => {
    const leaf = createRoot().issue({ names: ['named.example.com'], notAfter: Date.now() + 60 * 86_400_000 })
    const upload = { name: 'first name', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
    const { id } = await service.client.certificates.upload(upload)
    expect((await json<CertificateDetail>('rename', 'first name', 'second name')).name).toBe('second name')
    expect((await refusal('rename', 'first name', 'third name')).code).toBe('notFound')
    await evercert('tag', id, '--add', 'shop')
    const entries = await json<{ items: HistoryEntryView[] }>('history', 'second name')
    expect(entries.items.length).toBeGreaterThanOrEqual(2)
    expect(entries.items.every(({ actor }) => actor === 'operator')).toBe(true)
    expect((await evercert('history', id)).stdout.split('\n').filter((line) => line.includes('(operator)')).length).toBe(
      entries.items.length,
    )
  })
})

describe('issuers and brands', () => {
  it('an issuer is shown without its secrets, changed, retired and restored', async () => {
    const config = { directoryUrl: 'https://ca.example.com/directory', eab: { keyId: 'kid', hmacKey: 'c2VjcmV0' } }
    await service.client.issuers.create({ id: 'other', title: 'Other', kind: 'acme', config })
    expect((await evercert('issuers')).stdout).toMatch(/Other\s+acme\s+public.*other/)
    const shown = await evercert('issuers', 'show', 'other')
    expect([shown.stdout.includes('c2VjcmV0'), shown.stdout.includes('eab.hmacKey')]).toEqual([false, true])
    const file = join(folder, 'settings.json')
    await writeFile(file, JSON.stringify({ ...config, eab: { keyId: 'kid' }, profile: 'short' }))
    const changed = await json<IssuerDetail>('issuers', 'change', 'other', '--title', 'New', '--config', `@${file}`)
    expect(changed).toMatchObject({ title: 'New', config: { profile: 'short' }, secretsSet: ['eab.hmacKey'] })
    expect((await misuse('issuers', 'change', 'other', '--config', '{"eab":')).detail).not.toContain('eab')
    expect((await json<IssuerDetail>('issuers', 'retire', 'other')).retiredAt).not.toBeNull()
    expect((await json<IssuerDetail>('issuers', 'restore', 'other')).retiredAt).toBeNull()
  })

  it('a brand is added, listed and given other titles', async () => {
    const added = ['brands', 'add', 'No. 1', '--title', 'Number one', '--title-zh', '第一']
    expect(await json<BrandView>(...added)).toMatchObject({ title: { en: 'Number one', zh: '第一' } })
    expect(await json<BrandView>('brands', 'change', 'No. 1')).toMatchObject({ title: { en: 'No. 1', zh: 'No. 1' } })
    expect((await evercert('brands')).stdout).toMatch(/Evercert Private CA\s+Evercert Private CA\s+\d+/)
  })
})

describe('money', () => {
  it('a top-up is booked once for its key, an invoice is received once for its reference, and an unpaid order is cancelled', async () => {
    const before = await json<BalanceView>('balance')
    const minor = ({ balances }: BalanceView) => balances.find(({ currency }) => currency === 'CNY')?.amountMinor ?? 0
    for (let time = 0; time < 2; time += 1) {
      const { balances } = await json<BalanceView>(
        'balance',
        '--top-up',
        '10.50 CNY',
        '--key',
        'transfer-1',
        '--note',
        'transfer',
      )
      expect(minor({ balances, entries: [] })).toBe(minor(before) + 1050)
    }
    const config = { instructions: 'Account 1' }
    await service.client.paymentConnections.create({ id: 'bank', title: 'Bank', kind: 'offlineInvoice', config })
    const { id: orderId, price } = await json<OrderView>('order', PRODUCT, '--currency', 'CNY', '--yes')
    await json('pay', orderId, '--method', 'bank')
    const [invoice] = (await json<{ items: PaymentView[] }>('payments', '--order', orderId)).items
    const receive = ['payments', '--receive', invoice?.id ?? '', '--amount', '50 CNY']
    expect((await misuse(...receive)).detail).toContain('--reference')
    for (let time = 0; time < 2; time += 1)
      expect(await json<PaymentView>(...receive, '--reference', 'bank-1')).toMatchObject({
        state: 'created',
        received: { amountMinor: 5000 },
        amount: price,
      })
    expect((await json<OrderView>('orders', '--cancel', orderId)).state).toBe('cancelled')
  })
})
