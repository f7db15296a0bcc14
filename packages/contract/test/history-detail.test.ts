import { expect, test } from 'vitest'
import { historyDetailZh } from '../src/history-detail.ts'

test.each([
  ['renews crt_1', '续费自 crt_1'],
  ['CN¥100.00; renews crt_1', 'CN¥100.00；续费自 crt_1'],
  ['nginx, from crt_1', 'nginx，来自 crt_1'],
  ['shop.example.com:443, to crt_2', 'shop.example.com:443，移交给 crt_2'],
  ['the money went back to the balance; 2 stored keys destroyed', '款项已退回余额；已销毁保存的私钥 2 个'],
  [
    'SHA-256 ab, serial 01, a.example.com; 1 stored keys destroyed',
    'SHA-256 ab, serial 01, a.example.com；已销毁保存的私钥 1 个',
  ],
  ['at most CN¥100.00 for each renewal', '单次续费上限 CN¥100.00'],
  ['at most CN¥0.00 for each renewal; given back by crt_2', '单次续费上限 CN¥0.00；由 crt_2 交还'],
  ['2 addresses of 1 endpoints serve it', '1 个站点的 2 个地址已使用该证书'],
  [
    'the CA asks to renew between 2026-11-30 08:00 UTC and 2026-12-01 08:00 UTC: https://ca.example/why',
    'CA 建议在 2026-11-30 08:00 UTC 至 2026-12-01 08:00 UTC 之间续费 https://ca.example/why',
  ],
  [
    'the CA asks to renew between 2026-11-30 08:00 UTC and 2026-12-01 08:00 UTC',
    'CA 建议在 2026-11-30 08:00 UTC 至 2026-12-01 08:00 UTC 之间续费',
  ],
])('what the service writes is said in Chinese: %s', (detail, zh) => {
  expect(historyDetailZh(detail)).toBe(zh)
})

test.each(['Deploying: it failed; try again.', '营业执照与公司名称不符', 'a → b', 'rateLimited'])(
  'what others said stays: %s',
  (detail) => {
    expect(historyDetailZh(detail)).toBe(detail)
  },
)
