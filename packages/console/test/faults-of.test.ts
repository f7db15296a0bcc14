import { toProblemDocument, type ProblemCode } from '@evercert/contract'
import { expect, it, test } from 'vitest'
import { faultsOf } from '../src/components/faults-of.ts'

const faults = (language: 'zh' | 'en', code: ProblemCode, facts: Readonly<Record<string, unknown>> = {}) =>
  faultsOf(toProblemDocument(code, 'What happened, in English.', { facts }), language, (message) => `(${message})`)

it('says of each domain that is wrong what to do about it, in the language of the page', () => {
  const facts = {
    names: ['a_b.test', '-a.test'],
    adviceEn: ['no underscore', 'no hyphen'],
    adviceZh: ['不能含下划线', '不能以连字符开头'],
  }
  expect([faults('zh', 'badDomain', facts), faults('en', 'badDomain', facts)]).toEqual([
    [{ name: ['domains'], errors: ['a_b.test：不能含下划线', '-a.test：不能以连字符开头'] }],
    [{ name: ['domains'], errors: ['a_b.test: no underscore', '-a.test: no hyphen'] }],
  ])
})

test.each([
  ['badCsr', {}, ['csrPem']],
  ['keyMismatch', {}, ['privateKeyPem']],
  ['weakPassword', { field: 'password', fault: 'short' }, ['password']],
  ['duplicateName', { field: 'prices.0.base' }, ['prices', '0', 'base']],
] as const)('%s is said with cause and remedy where it was asked for', (code, facts, name) => {
  const [fault, ...others] = faults('zh', code, facts)
  expect({ name: fault?.name, others }).toEqual({ name, others: [] })
  expect(fault?.errors.join('')).toMatch(/^[^。]+。\S[^。]*。$/u) // two Chinese sentences, with nothing between
})

it('says what is wrong with a field, or a CSR, in the words of the page', () => {
  const facts = { faults: ['a.b: Invalid'], faultsEn: ['a.b: Enter a number'], faultsZh: ['a.b: 请填写数字'] }
  const ofCsr = { adviceEn: 'Make a new one.', adviceZh: '请重新生成。' }
  expect([faults('zh', 'invalid', facts), faults('en', 'invalid', facts), faults('zh', 'badCsr', ofCsr)]).toEqual([
    [{ name: ['a', 'b'], errors: ['请填写数字'] }],
    [{ name: ['a', 'b'], errors: ['Enter a number'] }],
    [{ name: ['csrPem'], errors: ['请重新生成。'] }],
  ])
})

it('says of each field what is wrong with it, and nothing of a problem that is about none', () => {
  expect(faults('en', 'invalid', { faults: ['contact.email: Invalid e-mail', 'not of a field'] })).toEqual([
    { name: ['contact', 'email'], errors: ['(Invalid e-mail)'] },
  ])
  expect(faults('en', 'internal')).toEqual([])
})
