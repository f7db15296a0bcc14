import { expect, test } from 'vitest'
import { detailInChinese } from '../src/history-details.ts'

test.each([
  ['shop:443, from crt_4k2', 'shop:443，来自 crt_4k2'],
  ['edge, to crt_4k2', 'edge，移至 crt_4k2'],
  ['renews crt_4k2', '续费自 crt_4k2'],
  ['Firma; renews crt_4k2', 'Firma；续费自 crt_4k2'],
  ['the money went back to the balance; 2 stored keys destroyed', '款项已退回余额；已销毁 2 个存储的私钥'],
  ['the money was not given back; 0 stored keys destroyed', '款项不退；已销毁 0 个存储的私钥'],
  ['nothing issued; 1 stored keys destroyed', '未签发；已销毁 1 个存储的私钥'],
  ['web: the certificate is deployed there anew', 'web：证书将重新部署到此处'],
  ['web: nothing is deployed', 'web：不重新部署'],
  ['shop:443: another certificate holds it for this kind of key', 'shop:443：另一张证书已以此密钥类型使用该站点'],
  ['at most CN¥100.00 for each renewal; given back by crt_9', '每次续费最多 CN¥100.00；由 crt_9 交还'],
  ['given back by crt_9', '由 crt_9 交还'],
  ['2 addresses of 1 endpoints serve it', '1 个站点的 2 个地址已使用该证书'], // of histories written before
  ['2 addresses of 1 endpoint serve it', '1 个站点的 2 个地址已使用该证书'],
  ['1 address of 1 endpoint serves it', '1 个站点的 1 个地址已使用该证书'],
  ['nothing issued; 1 stored key destroyed', '未签发；已销毁 1 个存储的私钥'],
  ['ops asks; owner may decide.', '申请人：ops；可审批：owner'],
  ['reviewRefused', '审核未通过'],
  ['the channel was removed', '通知渠道已移除'],
  ['install shop by agent web-1', '由代理 web-1 在 shop 上安装'],
  ['approved by review', '审核通过'],
  [
    'the CA asks to renew between 2026-11-01 08:00 UTC and 2026-11-03 08:00 UTC: https://ca.test/why',
    'CA 建议在 2026-11-01 08:00 UTC 至 2026-11-03 08:00 UTC 之间续费：https://ca.test/why',
  ],
  [
    'keyCompromise, since 2026-11-01T08:00:00.000Z, says the OCSP responder of its CA (http://ocsp.test)',
    '私钥泄露，自 2026-11-01T08:00:00.000Z 起，据 CA 的 OCSP 服务器（http://ocsp.test）',
  ],
  [
    'shop.test at 192.0.2.1: oldCertificate; shop.test at ::1: unreachable',
    'shop.test（192.0.2.1）：仍是旧证书；shop.test（::1）：无法连接',
  ],
])('%s', (detail, zh) => {
  expect(detailInChinese(detail)).toBe(zh)
})

test('what people and servers wrote stays', () => {
  for (const text of [
    'nginx: the file is not there',
    '资料不全',
    'Deploying: it failed; try again.',
    'a → b',
    'rateLimited',
    'moved from crt_1 to us',
    'renews soon',
  ])
    expect(detailInChinese(text)).toBe(text)
})
