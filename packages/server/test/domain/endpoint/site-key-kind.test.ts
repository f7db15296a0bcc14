import { expect, test } from 'vitest'
import { createRoot } from '../../../../../test/harness/certificates.ts'
import { readSiteKeyKind, siteKeyKind } from '../../../src/domain/endpoint/site-key-kind.ts'

test.each([
  ['rsa2048', 'rsa'],
  ['rsa4096', 'rsa'],
  ['rsaPss', null],
  ['p256', 'ecdsa'],
  ['p384', 'ecdsa'],
  ['p521', 'ecdsa'],
  ['secp256k1', null],
  ['ed25519', null],
  ['ec-explicit', null],
])('a site can have a certificate with a key of %s as %s', (algorithm, kind) => {
  expect(siteKeyKind(algorithm)).toBe(kind)
})

test('the leaf of a chain says it; what cannot be read is of neither kind', () => {
  const root = createRoot()
  expect(readSiteKeyKind(root.issue({ names: ['a.example'], key: 'rsa2048' }).chainPem)).toBe('rsa')
  expect(readSiteKeyKind(root.issue({ names: ['a.example'] }).chainPem)).toBe('ecdsa')
  expect(readSiteKeyKind('PEM')).toBeNull()
})
