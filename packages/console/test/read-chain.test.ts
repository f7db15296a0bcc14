import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { createChain } from '../../../test/harness/certificates.ts'
import { readChain } from '../src/pages/certificate/read-chain.ts'

test.each([
  ['p256', 'ECDSA P-256'],
  ['rsa2048', 'RSA 2048'],
] as const)('a chain with a %s leaf is read in its order, as OpenSSL reads it', (key, title) => {
  const links = readChain(createChain().issue({ names: ['shop.example.com'], key }).chainPem)
  expect(links.length).toBeGreaterThan(1)
  expect(links[0]).toMatchObject({ subject: 'CN=shop.example.com', key: title, issuer: links[1]?.subject })
  for (const { pem, notBefore, notAfter, subject } of links) {
    const known = new X509Certificate(pem)
    expect([Date.parse(notBefore), Date.parse(notAfter)]).toEqual([Date.parse(known.validFrom), Date.parse(known.validTo)])
    expect(subject.split(', ').toReversed().join('\n')).toBe(known.subject)
  }
})

test('what cannot be read is left out', () => {
  expect(readChain('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toEqual([])
})
