import { describe, expect, test } from 'vitest'
import type { NoticeDetail } from '../../src/db/notice-tables.ts'
import { NOTICE_KINDS } from '../../src/domain/notice/notice-kinds.ts'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'
import { noticeText } from '../../src/services/notices/texts.ts'

const now = Date.parse('2026-11-23T08:00:00Z')
const facts = (wish: Partial<NoticeDetail> = {}): NoticeDetail => ({
  certificateName: 'shop',
  names: ['shop.example.com'],
  notAfter: now + 7 * DAY_MS,
  stageDays: 7,
  progress: 'none',
  detail: null,
  place: null,
  ...wish,
})
const textOf = (kind: (typeof NOTICE_KINDS)[number], wish?: Partial<NoticeDetail>) =>
  noticeText({ kind, certificateId: 'crt_1', facts: facts(wish) }, now)

test.each([
  [30 * DAY_MS, 'Certificate shop expires in 30 days', '证书 shop 将在 30 天后过期'],
  [7 * DAY_MS - 90_000, 'Certificate shop expires in 7 days', '证书 shop 将在 7 天后过期'],
  [DAY_MS, 'Certificate shop expires in 24 hours', '证书 shop 将在 24 小时后过期'],
  [1.4 * HOUR_MS, 'Certificate shop expires in 1 hour', '证书 shop 将在 1 小时后过期'],
  [0, 'Certificate shop has expired', '证书 shop 已过期'],
  [-3 * DAY_MS, 'Certificate shop has expired', '证书 shop 已过期'],
])('%i ms before the end', (leftMs, en, zh) => {
  expect(textOf('expiry', { notAfter: now + leftMs }).title).toEqual({ en, zh })
})

describe.each(NOTICE_KINDS)('%s', (kind) => {
  const wish = { detail: 'Deploying: it failed.', place: 'nginx' }

  test('says which certificate, which names, until when, and what to do, in both languages', () => {
    const { title, text } = textOf(kind, wish)
    for (const each of [title.en, title.zh]) expect(each).toContain('shop')
    for (const each of [text.en, text.zh]) {
      expect(each).toContain('shop.example.com')
      expect(each).toContain('2026-11-30 08:00 UTC')
      expect(each).toContain('Deploying: it failed.')
      expect(each.split('\n')).toHaveLength(4)
      expect(each).not.toMatch(/undefined|null/)
    }
    expect(text.zh).toMatch(/[\u4e00-\u9fff]/)
    expect(text.en).toMatch(/In the console: \S.+\. On the command line: evercert \S/)
    expect(text.zh).toMatch(/控制台：\S.+；命令行：evercert \S/)
    expect(text.en.match(/evercert /g)).toHaveLength(1) // a command never stands alone
  })

  test('a title is one line, whatever the names hold', () => {
    const { title } = textOf(kind, { ...wish, certificateName: 'a\r\nBcc: x@example.com', place: 'b\nc' })
    for (const each of [title.en, title.zh]) expect(each).not.toMatch(/[\r\n]/)
  })
})

test('an endpoint that was never proved is not said to have changed', () => {
  const { title, text } = textOf('endpointStrayed', { place: 'shop.example.com:443', neverProved: true })
  expect(title).toEqual({
    en: 'shop.example.com:443 serves another certificate than shop',
    zh: 'shop.example.com:443 使用的证书不是 shop',
  })
  expect(text.en).toContain('neither this certificate nor the one before it')
  expect(text.en).not.toContain('It did before')
  expect(text.zh).not.toContain('此前已使用')
})

test('many names are counted, not listed', () => {
  const names = Array.from({ length: 100 }, (_, at) => `host-${at}.example.com`)
  expect(textOf('expiry', { names }).text.en).toContain('host-4.example.com and 95 more')
  expect(textOf('expiry', { names }).text.en).not.toContain('host-5')
})

test.each([
  ['none', 'evercert renew crt_1'],
  ['underWay', 'under way'],
  ['issuedNotServed', 'not seen at every site'],
] as const)('the advice follows the renewal: %s', (progress, advice) => {
  expect(textOf('expiry', { progress }).text.en).toContain(advice)
})

test('what cannot be renewed is bought anew, and what is told of before its window is not to be renewed now', () => {
  const never = textOf('expiry', { outlook: { does: 'buyAnew', at: null, detail: 'DigiCert' } }).text
  expect(never.en).toContain('brand DigiCert cannot be renewed here. Buy a new one')
  expect(never.en).toContain('In the console: Buy a certificate. On the command line: evercert order')
  expect(never.zh).toContain('品牌 DigiCert 的证书不支持续费购买')
  const later = textOf('expiry', { outlook: { does: 'renewsLater', at: now + DAY_MS, detail: null } }).text
  expect(later.en).toContain('it opens on 2026-11-24 08:00 UTC')
  for (const text of [never, later]) {
    expect(text.en).not.toMatch(/renew it now|evercert renew/i)
    expect(text.zh).not.toContain('立即续费')
  }
})

test('an expired certificate that nobody renewed is bought anew', () => {
  expect(textOf('expired', { notAfter: now - DAY_MS }).text.en).toContain('bought anew')
})

test.each([
  ['renews', 'Evercert renews it by itself on 2026-11-24 08:00 UTC', '自动续费'],
  ['reissues', 'Evercert reissues it at no charge on 2026-11-24 08:00 UTC', '自动免费重新签发'],
  ['blocked', 'could not act by itself: The balance is too low. Evercert tries again on 2026-11-24 08:00 UTC', '重试'],
  ['reissueByHand', 'do not buy a renewal. Submit its application again, at no charge.', '免费重新签发'],
] as const)('nobody is told to renew by hand what Evercert does or what is paid for: %s', (does, en, zh) => {
  const outlook = { does, at: now + DAY_MS, detail: does === 'blocked' ? 'The balance is too low.' : null }
  for (const kind of ['expiry', 'expired'] as const) {
    const { text } = textOf(kind, { outlook })
    expect(text.en).toContain(en)
    expect(text.zh).toContain(zh)
    expect(text.en).not.toContain('evercert renew')
    expect(text.en).not.toContain('bought anew')
  }
})

test.each([
  [
    'approvalWaiting',
    'Ada asks; bob@example.com, eve@example.com may decide.',
    '申请人：Ada；可审批：bob@example.com, eve@example.com',
  ],
  ['approvalDecided', 'By Bob.', '处理人：Bob'],
  ['approvalDecided', 'By Bob: not now.', '处理人：Bob；理由：not now.'],
] as const)('who asks and who decides is said in both languages: %s', (kind, detail, zh) => {
  const { text } = textOf(kind, { detail, place: 'revocation' })
  expect(text.zh.split('\n')).toContain(zh)
  expect(text.en).toContain(detail)
})
