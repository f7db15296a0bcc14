import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createChain, createRoot, createSelfSigned } from '../../../test/harness/certificates.ts'
import {
  ariCertId,
  createChainReader,
  orderChain,
  parseCertificate,
  parseChain,
  PkiError,
  toPem,
  verifyChain,
} from '../src/index.ts'
import { codeOf } from './code-of.ts'

describe('parseCertificate', () => {
  test('agrees with OpenSSL about every root that Node trusts', () => {
    expect(rootCertificates.length).toBeGreaterThan(100)
    for (const pem of rootCertificates) {
      const theirs = new X509Certificate(pem)
      const ours = parseCertificate(pem)
      expect(ours.sha256).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase())
      expect(BigInt(`0x${ours.serialHex}`)).toBe(BigInt(`0x${theirs.serialNumber}`))
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo))
      expect(ours.isCa).toBe(theirs.ca)
      expect(ours.algorithm.startsWith(theirs.publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'p')).toBe(true)
      if (ours.commonName) expect(theirs.subject).toContain(ours.commonName)
    }
  })

  test('gives names, addresses, identifiers and validity', () => {
    const notBefore = Date.UTC(2026, 0, 1)
    const notAfter = Date.UTC(2026, 6, 1, 12, 30, 59)
    const root = createRoot({ commonName: 'A Root' })
    const leaf = parseCertificate(
      root.issue({ commonName: 'example.com', names: ['example.com', '*.Example.com', '127.0.0.1', '::1'], notBefore, notAfter })
        .der,
    )
    expect(leaf).toMatchObject({
      notBefore,
      notAfter,
      commonName: 'example.com',
      subject: 'CN=example.com',
      issuer: 'CN=A Root',
      isCa: false,
    })
    expect(leaf).toMatchObject({ names: ['example.com', '*.example.com'], ipAddresses: ['127.0.0.1', '::1'], algorithm: 'p256' })
    expect(leaf.akiHex).toBe(parseCertificate(root.pem).skiHex)
  })

  test('a comma or an equals sign in a name cannot pass for another name', () => {
    const { subject, commonName } = parseCertificate(createSelfSigned({ commonName: 'a, CN=b' }).pem)
    expect(commonName).toBe('a, CN=b')
    expect(subject).toBe('CN=a\\, CN\\=b')
  })

  test('answers a changed certificate with facts or a PkiError, never another error', () => {
    const { der } = createRoot().issue()
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutant = Uint8Array.from(der)
        mutant[at] = (mutant[at] ?? 0) ^ change
        try {
          parseCertificate(mutant)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('refuses what is no certificate', () => {
    expect(codeOf(() => parseCertificate('x'))).toBe('badPem')
    expect(codeOf(() => parseCertificate(Uint8Array.of(1)))).toBe('badCertificate')
    expect(codeOf(() => parseCertificate(toPem(Uint8Array.of(1), 'CERTIFICATE')))).toBe('badCertificate')
    const leaf = createRoot().issue()
    expect(codeOf(() => parseChain(leaf.pem + leaf.privateKeyPem))).toBe('badCertificate')
    expect(codeOf(() => parseCertificate(Buffer.concat([leaf.der, Buffer.of(0)])))).toBe('badCertificate')
  })
})

describe('verifyChain', () => {
  const authority = createChain()
  const leaf = authority.issue()
  const [first, second] = parseChain(leaf.chainPem)
  const root = parseCertificate(leaf.rootPem)
  const stranger = parseCertificate(createRoot().pem)
  if (!first || !second) throw new Error('a chain of two was made')

  test('leaf and intermediate, with or without the root, is complete', () => {
    expect(verifyChain([first, second])).toEqual({ complete: true, problems: [] })
    expect(verifyChain([first, second, root])).toEqual({ complete: true, problems: [] })
    expect(verifyChain([first, second], { roots: [stranger, root] }).complete).toBe(true)
    expect(verifyChain([parseCertificate(createSelfSigned().pem)]).complete).toBe(true)
  })

  test.each([
    ['nothing', [], /empty/],
    ['a leaf alone', [first], /is missing/],
    ['the wrong order', [second, first], /not in order/],
    ['the root before the intermediate', [first, root, second], /not in order/],
    ['a stranger', [first, second, stranger], /does not belong/],
    ['the leaf twice', [first, first, second], /does not belong/],
    ['a gap', [first, root], /does not belong.*|is missing/],
  ])('%s is reported', (_, chain, problem) => {
    const verdict = verifyChain(chain)
    expect(verdict.complete).toBe(false)
    expect(verdict.problems.join(' ')).toMatch(problem)
  })

  test('a chain that ends in no known root is reported', () => {
    expect(verifyChain([first, second], { roots: [stranger] }).problems.join()).toMatch(/No known root/)
  })

  test('a CA of the same name with another key did not issue the leaf', () => {
    const impostor = parseCertificate(createRoot({ commonName: second.commonName ?? '' }).pem)
    expect(verifyChain([first, impostor]).complete).toBe(false)
  })

  test('orderChain puts any order right and keeps strangers apart', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([first, second, root, stranger], { minLength: 4 }), (shuffled) => {
        expect(orderChain(shuffled)).toEqual({ ordered: [first, second, root], extra: [stranger] })
      }),
    )
  })
})

describe('ariCertId', () => {
  const akiHex = '69885b6b87464041e1b37b847ba0ae2cde01c8d4'
  test('is the vector of RFC 9773 §4.1, the zero byte restored', () => {
    expect(ariCertId({ akiHex, serialHex: '87654321' })).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
    expect(ariCertId({ akiHex, serialHex: '0087654321' })).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
    expect(ariCertId({ akiHex, serialHex: '07' })).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.Bw')
  })
  test('is null without an authority key identifier', () => {
    expect(ariCertId({ akiHex: null, serialHex: '01' })).toBeNull()
  })
})

describe('policies and organisations', () => {
  test('are read of subject and issuer, and absent without them', () => {
    const issuer = createRoot({ organization: 'Example Trust, Inc.' })
    const sold = parseCertificate(
      issuer.issue({ organization: 'Shop Ltd', policies: ['2.23.140.1.2.2', '1.3.6.1.4.1.4146.1.20'] }).der,
    )
    expect(sold).toMatchObject({
      organization: 'Shop Ltd',
      issuerOrganization: 'Example Trust, Inc.',
      policies: ['2.23.140.1.2.2', '1.3.6.1.4.1.4146.1.20'],
    })
    expect(parseCertificate(createSelfSigned().der)).toMatchObject({ organization: null, issuerOrganization: null, policies: [] })
  })
})

describe('createChainReader', () => {
  test('gives what parseChain gives, and each CA certificate once', () => {
    const issuer = createChain()
    const [first, second] = [issuer.issue(), issuer.issue()]
    const read = createChainReader()
    const chains = [read(first.chainPem), read(second.chainPem)]
    expect(chains).toEqual([parseChain(first.chainPem), parseChain(second.chainPem)])
    expect(chains[0]?.[1]).toBe(chains[1]?.[1])
    expect(orderChain(chains[1] ?? []).extra).toEqual([])
    expect(codeOf(() => read('nothing'))).toBe('badPem')
  })
})
