import { expect, test } from 'vitest'
import { z } from 'zod'
import { contract } from '@evercert/contract'
import { caAdapters } from '../../src/adapters/ca/index.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import { dnsAdapters } from '../../src/adapters/dns/index.ts'
import { notifyAdapters } from '../../src/adapters/notify/index.ts'
import { paymentAdapters } from '../../src/adapters/payment/index.ts'
import { factsOfIssues } from '../../src/domain/issue-words.ts'

const said = (schema: z.ZodType, value: unknown) => {
  const { error } = schema.safeParse(value)
  return factsOfIssues(error?.issues ?? [], 'body')
}

test.each<[string, z.ZodType, unknown, string, string]>([
  ['too short', z.string().min(8), 'x', 'At least 8 characters', '至少 8 个字符'],
  ['empty', z.string().min(1), '', 'Fill this in', '请填写此项'],
  ['absent', z.string(), undefined, 'Fill this in', '请填写此项'],
  ['too long', z.string().max(2), 'xxx', 'At most 2 characters', '最多 2 个字符'],
  ['not an e-mail', z.email(), 'x', 'Enter an e-mail address', '请填写有效的邮箱地址'],
  ['not a URL', z.url(), 'x', 'Enter an address such as https://example.com', '请填写网址，例如 https://example.com'],
  ['not a number', z.number(), 'x', 'Enter a number', '请填写数字'],
  ['not whole', z.int(), 1.5, 'Enter a whole number', '请填写整数'],
  ['too small', z.number().min(3), 2, 'Must be 3 or more', '不能小于 3'],
  ['not more', z.number().gt(0), 0, 'Must be more than 0', '须大于 0'],
  ['too big', z.int().max(9), 10, 'Must be 9 or less', '不能大于 9'],
  ['too few', z.array(z.string()).min(1), [], 'At least one is needed', '至少需要一项'],
  ['too many', z.array(z.string()).max(1), ['a', 'b'], 'At most 1 are possible', '最多 1 项'],
  ['wrong choice', z.enum(['a', 'b']), 'c', 'Must be one of: a, b', '须为以下之一：a、b'],
  ['unknown key', z.strictObject({}), { x: 1 }, 'There is no such field: x', '没有这样的字段：x'],
  ['a pattern', z.string().regex(/^a$/), 'b', 'Not in the expected form', '格式不正确'],
  ['of its own', z.string().regex(/^a$/, 'must be one word'), 'b', 'Must be one word', '不能含空格'],
  ['unknown here', z.string().refine(() => false, 'no luck'), 'b', 'no luck', '不符合要求（no luck）'],
])('%s has its words', (_name, schema, value, en, zh) => {
  expect(said(schema, value)).toMatchObject({ faultsEn: [`body: ${en}`], faultsZh: [`body: ${zh}`] })
})

test('of many faults the first are told, and no line is as long as what was sent', () => {
  const sent = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`unknown${index}`, 1]))
  const lines = Object.values(said(z.strictObject({}), sent)).flat()
  expect(lines.map(({ length }) => length)).toEqual([500, 500, 500])
  expect(lines[0]).toMatch(/^body: .*unknown0.*…$/)
  const { faults, faultsEn, faultsZh } = said(z.array(z.string()), Array(10_000).fill(1))
  expect([faults.length, faultsEn.length, faultsZh.length]).toEqual([50, 50, 50])
})

/** What the fields of a schema can say is found by what nobody would fill in. */
test('no field of a contact, a company or an upload is refused in English on a Chinese page', () => {
  const operations = [contract.contacts.create, contract.companies.create, contract.certificates.list]
  const lines = operations.flatMap((operation) => {
    const schema = operation['~orpc'].inputSchema as unknown as z.ZodObject
    return ['', '\u0007', 'x'.repeat(5000), {}, -1].flatMap((value) => {
      const input = Object.fromEntries(Object.keys(schema.shape).map((key) => [key, value]))
      return said(schema, input).faultsZh.map((line) => line.slice(line.indexOf(': ') + 2))
    })
  })
  expect(lines.length).toBeGreaterThan(40)
  expect([...new Set(lines)].filter((line) => /不符合要求|[a-z]+ [a-z]+ [a-z]+/.test(line))).toEqual([])
})

interface Def {
  readonly checks?: readonly { readonly _zod: { readonly def: Def } }[]
  readonly error?: (issue: object) => string | { readonly message: string } | undefined
}

/** The sentences that a schema, or anything in it, says of itself instead of the library. */
function ownSentences(schema: unknown, seen = new Set<unknown>()): string[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return []
  seen.add(schema)
  if (schema instanceof Map) return []
  if (!('_zod' in schema)) return Object.values(schema).flatMap((part) => ownSentences(part, seen))
  const { def } = (schema as z.ZodType)._zod as unknown as { readonly def: Def & Readonly<Record<string, unknown>> }
  const said = def.error?.({})
  const own = said === undefined ? [] : [typeof said === 'string' ? said : said.message]
  const parts = def['type'] === 'lazy' ? [(def['getter'] as () => unknown)()] : Object.values(def)
  return [...own, ...parts.flatMap((part) => ownSentences(part, seen))]
}

function inputsOf(router: object): unknown[] {
  return Object.values(router).flatMap((part: object) => {
    if (!('~orpc' in part)) return inputsOf(part)
    return [(part['~orpc'] as { readonly inputSchema?: unknown }).inputSchema]
  })
}

test('every sentence that the contract says of its own input, and adapters of their settings, has a Chinese one', () => {
  const settings = [...caAdapters, ...deployAdapters, ...dnsAdapters, ...notifyAdapters, ...paymentAdapters].map(
    ({ config }) => config,
  )
  const sentences = [...new Set(ownSentences([...inputsOf(contract), ...settings]))]
  expect(sentences).toEqual(
    expect.arrayContaining(['must be one line without control characters', 'give privateKey or password']),
  )
  const words = sentences.map((message) => factsOfIssues([{ message }], 'body').faultsZh.join())
  expect(words.filter((line) => line.includes('不符合要求'))).toEqual([])
})
