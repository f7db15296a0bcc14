import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createRoot, createSelfSigned } from '../../../test/harness/certificates.ts'
import { generateKey, keyMatches, loadKeyOf, loadPrivateKey, parseCertificate, toPem } from '../src/index.ts'
import type { KeyKind } from '../src/index.ts'
import { codeOf } from './code-of.ts'

describe('generateKey and loadPrivateKey', () => {
  test.each<KeyKind>(['p256', 'p384', 'rsa2048', 'rsa3072'])('%s survives PKCS#8 and its own old form', async (kind) => {
    const key = await generateKey(kind)
    expect(key.algorithm).toBe(kind)
    expect(key.spkiSha256).toMatch(/^[0-9a-f]{64}$/)
    expect(loadPrivateKey(key.pkcs8Pem)).toMatchObject({ algorithm: kind, spkiSha256: key.spkiSha256, pkcs8Pem: key.pkcs8Pem })
    const old = key.keyObject.export({ type: kind.startsWith('rsa') ? 'pkcs1' : 'sec1', format: 'pem' }).toString()
    expect(loadPrivateKey(old).spkiSha256).toBe(key.spkiSha256)
  })

  test('p256 is the default', async () => {
    expect((await generateKey()).algorithm).toBe('p256')
  })

  test('a parameters block before an EC key is fine', async () => {
    const key = await generateKey('p256')
    const parameters = toPem(Uint8Array.from([6, 8, 42, 134, 72, 206, 61, 3, 1, 7]), 'EC PARAMETERS')
    const sec1 = key.keyObject.export({ type: 'sec1', format: 'pem' }).toString()
    expect(loadPrivateKey(parameters + sec1).spkiSha256).toBe(key.spkiSha256)
  })

  test('refuses encrypted, several, broken and absent keys with a code, and never shows key material', async () => {
    const { pkcs8Pem } = await generateKey('p256')
    const encrypted = createPrivateKey(pkcs8Pem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString()
    expect(codeOf(() => loadPrivateKey(encrypted))).toBe('badKey')
    expect(codeOf(() => loadPrivateKey(pkcs8Pem + pkcs8Pem))).toBe('badKey')
    expect(codeOf(() => loadPrivateKey(toPem(Uint8Array.of(1, 2, 3), 'PRIVATE KEY')))).toBe('badKey')
    expect(codeOf(() => loadPrivateKey(createRoot().pem))).toBe('badKey')
    expect(codeOf(() => loadPrivateKey('no key'))).toBe('badPem')
  })
})

describe('keyMatches', () => {
  test('is true for the key of the certificate and false for any other', async () => {
    const leaf = createRoot().issue({ key: 'p384' })
    const certificate = parseCertificate(leaf.pem)
    expect(keyMatches(certificate, loadPrivateKey(leaf.privateKeyPem))).toBe(true)
    for (const kind of ['p256', 'p384', 'rsa2048'] as const) expect(keyMatches(certificate, await generateKey(kind))).toBe(false)
  })
})

describe('loadKeyOf', () => {
  test.each(['p256', 'p384', 'rsa2048'] as const)('gives what loadPrivateKey gives, of a %s key in every form', (kind) => {
    const leaf = createSelfSigned({ key: kind })
    const facts = parseCertificate(leaf.der)
    const { keyObject, ...whole } = loadPrivateKey(leaf.privateKeyPem)
    const old = createPrivateKey(leaf.privateKeyPem).export({ type: kind === 'rsa2048' ? 'pkcs1' : 'sec1', format: 'pem' })
    for (const pem of [leaf.privateKeyPem, old.toString()]) expect(loadKeyOf(facts, pem)).toMatchObject(whole)
    expect(keyObject.type).toBe('private')
  })

  test('is null for the key of another certificate, of the same kind or not', () => {
    const facts = parseCertificate(createSelfSigned().der)
    expect(loadKeyOf(facts, createSelfSigned().privateKeyPem)).toBeNull()
    expect(loadKeyOf(facts, createSelfSigned({ key: 'rsa2048' }).privateKeyPem)).toBeNull()
  })

  test('refuses a key with bytes after its end, and what loadPrivateKey refuses', () => {
    const leaf = createSelfSigned()
    const facts = parseCertificate(leaf.der)
    const der = createPrivateKey(leaf.privateKeyPem).export({ type: 'pkcs8', format: 'der' })
    expect(codeOf(() => loadKeyOf(facts, toPem(Buffer.concat([der, Buffer.alloc(9)]), 'PRIVATE KEY')))).toBe('badKey')
    expect(codeOf(() => loadKeyOf(facts, leaf.pem))).toBe('badKey')
  })
})
