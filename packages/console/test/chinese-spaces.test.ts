import { expect, test } from 'vitest'
import { withEdges, withoutEdges } from '../src/i18n/chinese-spaces.ts'

test.each([
  ['由 {} 签发', 'Evercert 内置 CA（私有有效期）', '由 Evercert 内置 CA（私有有效期）签发'],
  ['由 {} 签发', '内置 CA', '由内置 CA 签发'],
  ['由 {} 签发', '示例 公司', '由示例 公司签发'], // what somebody wrote stays as it is
  ['{} 的更换凭证', '商店', '商店的更换凭证'],
  ['{} 的更换凭证', 'shop.test', 'shop.test 的更换凭证'],
  ['已选择 {} 张证书', '12', '已选择 12 张证书'],
  ['证书“{}”已过期', '商店 A', '证书“商店 A”已过期'],
])('%s with %s: %s', (text, value, whole) => {
  expect(withoutEdges(text.replace('{}', withEdges(value)))).toBe(whole)
})
