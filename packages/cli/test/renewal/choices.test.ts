import { toProblemDocument, type CertificateDetail, type ProductView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { beforeEach, describe, expect, it } from 'vitest'
import { formatProblem, shownOf } from '../../src/failure.ts'
import { createPaint } from '../../src/output.ts'
import { askMethod, isMethodUnknown } from '../../src/renewal/choose-method.ts'
import { fittingProducts, withProduct } from '../../src/renewal/choose-product.ts'
import { createSession, type SelectQuestion } from '../../src/session.ts'
import { aCertificate, anApplication, aShell } from '../builders.ts'

const prompts = { asked: [] as SelectQuestion['options'], answer: null as string | null }

type Wish = Partial<ProductView> & { readonly domainType?: ProductView['specification']['domainType'] }

function aProduct({ domainType = 'single', ...wish }: Wish): ProductView {
  return {
    id: `dv-${domainType}`,
    title: { en: `DV ${domainType}`, zh: `DV 证书 ${domainType}` },
    specification: { domainType, certificateType: 'DV', grade: 'standard', brand: 'Example' },
    brandTitle: { en: 'Example', zh: 'Example' },
    issuerId: 'iss_1',
    issuerTitle: 'Example',
    supportsRenewal: true,
    validityRule: 'private',
    prices: [1, 2].map((termYears) => ({
      termYears,
      base: { amountMinor: termYears * 10_000, currency: 'CNY' },
      includedDomains: 1,
      extraDomain: { amountMinor: 500, currency: 'CNY' },
    })),
    retiredAt: null,
    issuerRetiredAt: null,
    ...wish,
  }
}

const CATALOGUE = (['single', 'multi', 'wildcard', 'multiWildcard', 'mixed'] as const).map((domainType) =>
  aProduct({ domainType }),
)
const client = {
  products: { list: () => Promise.resolve({ items: CATALOGUE, nextCursor: null }) },
  dnsConnections: { list: () => Promise.resolve({ items: [{ id: 'dns_1', name: 'BIND', kind: 'rfc2136' }], nextCursor: null }) },
} as unknown as Client
const anUpload = (wish: Partial<CertificateDetail> = {}) =>
  aCertificate({ origin: 'uploaded', productId: null, specification: null, orderId: null, entitlement: null, ...wish })
const select = ({ options }: SelectQuestion) => {
  prompts.asked = options
  return Promise.resolve(prompts.answer)
}
const sessionAt = (interactive: boolean, language: 'en' | 'zh' = 'en') =>
  createSession({ ...aShell(), interactive, select }, language, {})

beforeEach(() => {
  prompts.asked = []
})

describe('the products that fit', () => {
  it.each([
    [['a.example'], ['single', 'multi', 'mixed']],
    [
      ['a.example', 'b.example'],
      ['multi', 'mixed'],
    ],
    [['*.a.example'], ['wildcard', 'multiWildcard']],
    [['*.a.example', '*.b.example'], ['multiWildcard']],
    [['a.example', '*.a.example'], ['mixed']],
  ])('%j', (domains, expected) => {
    const found = fittingProducts(CATALOGUE, { domains, knownSpecification: null }, {})
    expect(found.map(({ specification }) => specification.domainType)).toEqual(expected)
  })

  it('are on sale, renewable, and sold for the term in the currency', () => {
    const at = '2026-01-01T00:00:00.000Z'
    const not = [{ retiredAt: at }, { issuerRetiredAt: at }, { supportsRenewal: false }].map((wish) => aProduct(wish))
    expect(fittingProducts(not, { domains: ['a.example'], knownSpecification: null }, {})).toEqual([])
    const [product] = [aProduct({})]
    const ids = (changes: object) =>
      fittingProducts([product as ProductView], { domains: ['a.example'], knownSpecification: null }, changes).length
    expect([ids({ termYears: 2 }), ids({ termYears: 3 }), ids({ currency: 'CNY' }), ids({ currency: 'EUR' })]).toEqual([
      1, 0, 1, 0,
    ])
  })
})

it('what is most like the old one comes first', () => {
  const multi = { domainType: 'multi', certificateType: 'DV', grade: null, brand: null } as const
  const found = fittingProducts(CATALOGUE, { domains: ['a.example'], knownSpecification: multi }, {})
  expect(found.map(({ id }) => id)).toEqual(['dv-multi', 'dv-single', 'dv-mixed'])
})

it('says in Chinese what is wrong with each field, and with a CSR', () => {
  const say = (code: 'invalid' | 'badCsr', facts: Readonly<Record<string, unknown>>, language: 'en' | 'zh' = 'zh') =>
    formatProblem(
      { problem: toProblemDocument(code, 'Reading.', { facts }) },
      language,
      createPaint({ write: () => undefined }, {}),
    )
  expect(say('invalid', { faultsZh: ['port: 请填写数字'] })).toContain('  port: 请填写数字')
  expect(say('badCsr', { adviceZh: '请重新生成。' })).toContain('  请重新生成。')
  expect(say('badCsr', { adviceZh: '请重新生成。' }, 'en').join('')).not.toContain('请')
})

describe('the product of an upload', () => {
  const refusal = async (old: CertificateDetail, language: 'en' | 'zh') => {
    const error = await withProduct(sessionAt(false, language), client, old, {}).catch((thrown: unknown) => thrown)
    const shown = shownOf(error, null)
    return {
      problem: shown.problem,
      text: formatProblem(shown, language, createPaint({ write: () => undefined }, {})).join('\n'),
    }
  }

  it('is named with its choices when there is nobody to ask, in both languages', async () => {
    const { problem, text } = await refusal(anUpload(), 'en')
    expect(problem).toMatchObject({
      code: 'invalid',
      facts: { choices: [{ id: 'dv-single' }, { id: 'dv-multi' }, { id: 'dv-mixed' }] },
    })
    expect(text).toMatch(/--product <id>:\n {4}dv-single {2}DV single {2}· {2}Example · standard · DV · .* {2}· {2}CN¥100\.00\n/)
    expect(text).toMatch(/Remedy: .*such as --product dv-single.*evercert products list/)
    expect((await refusal(anUpload(), 'zh')).text).toMatch(/处理：请加 --product .*如 --product dv-single/)
  })

  it('says so when nothing fits', async () => {
    const domains = [...Array(2).keys()].map((index) => `*.${index}.example`)
    const old = anUpload({ domains })
    const error = await withProduct(sessionAt(false), client, old, { termYears: 3 }).catch((thrown: unknown) => thrown)
    expect(shownOf(error, null).problem.detail).toMatch(/no product on sale fits.*evercert products list/)
  })

  it('is asked for at a terminal, with the price of all its names', async () => {
    prompts.answer = 'dv-multi'
    const old = anUpload({ domains: ['a.example', 'b.example'] })
    expect(await withProduct(sessionAt(true), client, old, { termYears: 2 })).toEqual({ termYears: 2, productId: 'dv-multi' })
    expect(prompts.asked.map(({ value }) => value)).toEqual(['dv-multi', 'dv-mixed'])
    expect(prompts.asked[0]?.label).toContain('CN¥205.00')
  })

  it('is not asked for when it is known, given, or not to be bought now', async () => {
    const session = sessionAt(false)
    expect(await withProduct(session, client, aCertificate(), {})).toEqual({})
    expect(await withProduct(session, client, anUpload(), { productId: 'x' })).toEqual({ productId: 'x' })
    const early = anUpload({ renewal: { ...anUpload().renewal, eligible: false } })
    expect(await withProduct(session, client, early, {})).toEqual({})
  })
})

describe('the validation of an upload', () => {
  const prefilled = anApplication()
  const application = { ...prefilled, form: { ...prefilled.form, validationMethod: 'dnsManual' as const } }
  const old = anUpload()

  it('is unknown only when the service found no way and nobody ever applied', () => {
    expect(isMethodUnknown(application, old)).toBe(true)
    expect(isMethodUnknown(application, aCertificate())).toBe(false)
    expect(isMethodUnknown(prefilled, old)).toBe(false)
    expect(isMethodUnknown({ ...application, id: 'app_1' }, old)).toBe(false)
  })

  it('is asked for at a terminal alone', async () => {
    prompts.answer = 'dns_1'
    const automatic = { validationMethod: 'dnsAutomatic', dnsConnectionId: 'dns_1' }
    expect(await askMethod(sessionAt(true), client, { application, old })).toEqual(automatic)
    expect(prompts.asked.map(({ value }) => value)).toEqual(['dns_1', 'file', 'dnsManual'])
    prompts.answer = 'file'
    expect(await askMethod(sessionAt(true), client, { application, old })).toEqual({
      validationMethod: 'file',
      dnsConnectionId: null,
    })
    expect(await askMethod(sessionAt(false), client, { application, old })).toEqual({})
  })

  it('never offers a file for a wildcard', async () => {
    prompts.answer = 'dnsManual'
    const form = { ...application.form, domains: ['*.a.example'] }
    await askMethod(sessionAt(true), client, { application: { ...application, form }, old })
    expect(prompts.asked.map(({ value }) => value)).toEqual(['dns_1', 'dnsManual'])
  })

  it('breaks off on Ctrl-C', async () => {
    prompts.answer = null
    await expect(askMethod(sessionAt(true), client, { application, old })).rejects.toThrow('cancelled')
  })
})
