import 'reflect-metadata'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { createSign, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCsr, generateKey, parseCsr, PkiError, toPem } from '../src/index.ts'
import type { KeyKind } from '../src/index.ts'
import { childrenOf, readDer, TAG, writeDer, writeOid } from '../src/der.ts'
import { codeOfPromise } from './code-of.ts'

const key = await generateKey('p256')
const names = ['example.com', '*.example.com', 'xn--bcher-kva.example']

describe('createCsr', () => {
  test.each<KeyKind>(['p256', 'p384', 'rsa2048'])('%s: another implementation reads and verifies it', async (kind) => {
    const der = await createCsr({ key: await generateKey(kind), names, commonName: 'example.com' })
    const theirs = new Pkcs10CertificateRequest(Uint8Array.from(der))
    expect(theirs.subject).toBe('CN=example.com')
    const altNames = theirs.extensions.find((one) => one instanceof SubjectAlternativeNameExtension)
    expect(altNames?.names.items.map(({ value }) => value)).toEqual(names)
    expect(await theirs.verify()).toBe(true)
  })

  test('is read back with the same names and key, from DER and from PEM', async () => {
    const der = await createCsr({ key, names, commonName: null })
    const facts = { names, commonName: null, algorithm: 'p256', spkiSha256: key.spkiSha256 }
    expect(await parseCsr(der)).toMatchObject(facts)
    expect(await parseCsr(toPem(der, 'CERTIFICATE REQUEST'))).toMatchObject(facts)
    expect(await parseCsr(toPem(der, 'NEW CERTIFICATE REQUEST'))).toMatchObject(facts)
  })

  test('leaves out a common name that X.509 has no room for', async () => {
    const long = `${'a'.repeat(60)}.example.com`
    expect((await parseCsr(await createCsr({ key, names: [long], commonName: long }))).commonName).toBeNull()
  })

  test('without names or with a weak key there is none', async () => {
    expect(await codeOfPromise(createCsr({ key, names: [] }))).toBe('badCsr')
    expect(await codeOfPromise(createCsr({ key: { ...key, algorithm: 'rsa1024' }, names }))).toBe('weakKey')
  })
})

describe('parseCsr', () => {
  test('refuses a changed byte wherever it stands, or reads the same key and names', async () => {
    const der = await createCsr({ key, names, commonName: 'example.com' })
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const mutant = Uint8Array.from(der)
        mutant[at] = (mutant[at] ?? 0) ^ change
        expect(['badCsr', 'weakKey', 'tooLarge']).toContain(await codeOfPromise(parseCsr(mutant)))
      }),
      { numRuns: 300 },
    )
  })

  test('answers any bytes with a PkiError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(parseCsr(bytes)).rejects.toBeInstanceOf(PkiError)
      }),
    )
  })

  test('refuses weak keys, other curves and SHA-1, each with its code', async () => {
    const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' })
    const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(await codeOfPromise(parseCsr(foreignCsr(rsa1024, 'sha256', '1.2.840.113549.1.1.11')))).toBe('weakKey')
    expect(await codeOfPromise(parseCsr(foreignCsr(p521, 'sha512', '1.2.840.10045.4.3.4')))).toBe('weakKey')
    expect(await codeOfPromise(parseCsr(foreignCsr(rsa2048, 'sha1', '1.2.840.113549.1.1.5')))).toBe('badCsr')
    expect(await codeOfPromise(parseCsr(foreignCsr(rsa2048, 'sha256', '1.2.840.113549.1.1.11')))).toBe('none')
  })

  test('without alternative names and common name there are no names', async () => {
    const rsa2048 = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(await parseCsr(foreignCsr(rsa2048, 'sha256', '1.2.840.113549.1.1.11'))).toMatchObject({ names: [], commonName: null })
  })

  test('refuses several requests, certificates and bytes after the end', async () => {
    const der = await createCsr({ key, names })
    const pem = toPem(der, 'CERTIFICATE REQUEST')
    expect(await codeOfPromise(parseCsr(pem + pem))).toBe('badCsr')
    expect(await codeOfPromise(parseCsr(toPem(der, 'CERTIFICATE')))).toBe('badCsr')
    expect(await codeOfPromise(parseCsr(Buffer.concat([der, Buffer.of(0)])))).toBe('badCsr')
    expect(await codeOfPromise(parseCsr('x'))).toBe('badPem')
    expect(await codeOfPromise(parseCsr(new Uint8Array(300_000)))).toBe('tooLarge')
  })
})

/** A request without names, signed as our own code would refuse to. */
function foreignCsr(pair: ReturnType<typeof generateKeyPairSync>, digest: string, signatureOid: string): Uint8Array {
  const spki = (pair.publicKey as import('node:crypto').KeyObject).export({ type: 'spki', format: 'der' })
  const attributes = writeDer(TAG.contextConstructed0)
  const info = writeDer(TAG.sequence, writeDer(TAG.integer, Uint8Array.of(0)), writeDer(TAG.sequence), spki, attributes)
  const signature = createSign(digest)
    .update(info)
    .sign(pair.privateKey as import('node:crypto').KeyObject)
  expect(childrenOf(readDer(info))).toHaveLength(4)
  return writeDer(
    TAG.sequence,
    info,
    writeDer(TAG.sequence, writeOid(signatureOid)),
    writeDer(TAG.bitString, Uint8Array.of(0), signature),
  )
}
