import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CHECK_NAMES,
  coversName,
  judge,
  type Expectation,
  judgePair,
  type FailedObservation,
  type KeyKind,
  type ProbeFailure,
  type ServedCertificate,
  type ServedObservation,
} from '../../src/probe/index.ts'

const NOW = Date.UTC(2026, 10, 23)
const DAY_MS = 86_400_000

function aCertificate(facts: Partial<ServedCertificate> = {}): ServedCertificate {
  return {
    sha256: 'a'.repeat(64),
    subject: 'CN=site.test',
    issuer: 'CN=Intermediate',
    notBefore: NOW - DAY_MS,
    notAfter: NOW + 90 * DAY_MS,
    names: ['site.test'],
    keyKind: 'ecdsa',
    pem: '',
    ...facts,
  }
}

const intermediate = aCertificate({ sha256: 'b'.repeat(64), subject: 'CN=Intermediate', issuer: 'CN=Root', names: [] })
const root = aCertificate({ sha256: 'c'.repeat(64), subject: 'CN=Root', issuer: 'CN=Root', names: [] })

function anObservation(facts: Partial<ServedObservation> = {}): ServedObservation {
  return {
    address: '192.0.2.1',
    port: 443,
    serverName: 'site.test',
    observedAt: NOW,
    reachable: true,
    chain: [aCertificate(), intermediate],
    tlsVersion: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    trusted: true,
    trustError: null,
    ocspResponse: null,
    handshakeMs: 1,
    ...facts,
  }
}

function aFailure(failure: ProbeFailure): FailedObservation {
  const { address, port, serverName, observedAt } = anObservation()
  return { address, port, serverName, observedAt, reachable: false, failure, detail: 'some detail', elapsedMs: 1 }
}

const untrusted = (trustError: string) => ({ trusted: false, trustError })
const expecting = (facts: Partial<Expectation> = {}): Expectation => ({ serverName: 'site.test', ...facts })
const theNew = { sha256: 'a'.repeat(64), previousSha256: 'd'.repeat(64) }
const old = aCertificate({ sha256: theNew.previousSha256 })
const other = aCertificate({ sha256: 'e'.repeat(64) })
const foreign = aCertificate({ sha256: 'e'.repeat(64), names: ['other.test'] })
const expired = aCertificate({ notAfter: NOW - DAY_MS })
const notFound = untrusted('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')
const leafAlone = untrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE')

describe('the verdict', () => {
  test.each<[string, string, Partial<ServedObservation>, Partial<Expectation>]>([
    ['a healthy certificate, nothing expected', 'served', {}, {}],
    ['exactly the new certificate', 'served', {}, theNew],
    ['the new certificate, nothing known of the one before', 'served', {}, { ...theNew, previousSha256: null }],
    ['the new one, deployed again over itself', 'served', {}, { ...theNew, previousSha256: theNew.sha256 }],
    ['a chain that includes its root', 'served', { chain: [aCertificate(), intermediate, root] }, theNew],
    ['a chain in the wrong order, with a stranger', 'served', { chain: [aCertificate(), other, root, intermediate] }, theNew],
    [
      'an expired stranger in a trusted chain',
      'served',
      { chain: [aCertificate(), intermediate, { ...root, notAfter: 1 }] },
      theNew,
    ],
    ['the previous certificate', 'oldCertificate', { chain: [old, intermediate] }, theNew],
    [
      'the previous certificate, expired and untrusted',
      'oldCertificate',
      { chain: [{ ...old, notAfter: 1 }], ...leafAlone },
      theNew,
    ],
    ['a stranger for this name', 'otherCertificate', { chain: [other, intermediate] }, theNew],
    ['a stranger, the one before unknown', 'otherCertificate', { chain: [other, intermediate] }, { sha256: theNew.sha256 }],
    ['a stranger for another name', 'wrongName', { chain: [foreign, intermediate] }, theNew],
    ['another name, nothing expected', 'wrongName', { chain: [foreign, intermediate] }, {}],
    ['the new certificate at a name that it does not cover', 'wrongName', {}, { ...theNew, serverName: 'other.test' }],
    ['a certificate without names', 'wrongName', { chain: [aCertificate({ names: [] })] }, {}],
    ['expired', 'expired', { chain: [expired, intermediate], ...untrusted('CERT_HAS_EXPIRED') }, theNew],
    ['expired, nothing expected', 'expired', { chain: [expired, intermediate] }, {}],
    ['a date that cannot be read', 'expired', { chain: [aCertificate({ notAfter: NaN })] }, {}],
    ['the last second of validity', 'served', { chain: [aCertificate({ notAfter: NOW })] }, {}],
    ['the second after it', 'expired', { chain: [aCertificate({ notAfter: NOW - 1_000 })] }, {}],
    [
      'not yet valid',
      'notYetValid',
      { chain: [aCertificate({ notBefore: NOW + 1 })], ...untrusted('CERT_NOT_YET_VALID') },
      theNew,
    ],
    [
      'an expired intermediate',
      'expired',
      { chain: [aCertificate(), { ...intermediate, notAfter: 1 }], ...untrusted('CERT_HAS_EXPIRED') },
      theNew,
    ],
    [
      'an intermediate of tomorrow',
      'notYetValid',
      { chain: [aCertificate(), { ...intermediate, notBefore: NOW + 1 }], ...untrusted('CERT_NOT_YET_VALID') },
      {},
    ],
    ['the leaf alone', 'incompleteChain', { chain: [aCertificate()], ...leafAlone }, theNew],
    ['the leaf with a stranger', 'incompleteChain', { chain: [aCertificate(), root], ...leafAlone }, {}],
    [
      'a known intermediate missing',
      'incompleteChain',
      { ...notFound },
      { ...theNew, intermediatesSha256: ['b'.repeat(64), 'f'.repeat(64)] },
    ],
    [
      'a private root, all known intermediates sent',
      'untrusted',
      { ...notFound },
      { ...theNew, intermediatesSha256: ['b'.repeat(64)] },
    ],
    [
      'a leaf of a private root, no intermediates known',
      'untrusted',
      { chain: [aCertificate()], ...leafAlone },
      { ...theNew, intermediatesSha256: [] },
    ],
    ['an unknown root', 'untrusted', { ...notFound }, theNew],
    [
      'an unknown root that is sent',
      'untrusted',
      { chain: [aCertificate(), intermediate, root], ...untrusted('SELF_SIGNED_CERT_IN_CHAIN') },
      {},
    ],
    [
      'a certificate that signed itself',
      'untrusted',
      { chain: [aCertificate({ issuer: 'CN=site.test' })], ...untrusted('DEPTH_ZERO_SELF_SIGNED_CERT') },
      {},
    ],
    ['a weak key', 'untrusted', { ...untrusted('UNSPECIFIED') }, theNew],
    ['the new leaf, revoked', 'revoked', {}, { ...theNew, revokedSha256: [theNew.sha256] }],
    ['the old leaf, revoked', 'revoked', { chain: [old, intermediate] }, { ...theNew, revokedSha256: [old.sha256] }],
    ['another leaf than the revoked one', 'served', {}, { ...theNew, revokedSha256: [old.sha256] }],
    ['an intermediate, revoked', 'revoked', {}, { ...theNew, revokedSha256: [intermediate.sha256] }],
    [
      'a revoked stranger among what is sent, under which the leaf does not stand',
      'served',
      { chain: [aCertificate(), intermediate, { ...root, sha256: 'f'.repeat(64), subject: 'CN=Stranger' }] },
      { ...theNew, revokedSha256: ['f'.repeat(64)] },
    ],
  ])('of %s is %s', (_, verdict, observation, expected) => {
    expect(judge(anObservation(observation), expecting(expected), NOW).verdict).toBe(verdict)
  })

  test.each<[ProbeFailure, string]>([
    ['refused', 'unreachable'],
    ['timedOut', 'unreachable'],
    ['reset', 'unreachable'],
    ['unreachable', 'unreachable'],
    ['handshakeFailed', 'unreachable'],
    ['notTls', 'notTls'],
  ])('of a failure by %s is %s', (failure, verdict) => {
    const judgement = judge(aFailure(failure), expecting(theNew), NOW)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.cause.en).toContain('some detail')
  })

  test('is looked for in this order', () => {
    expect(CHECK_NAMES).toMatchInlineSnapshot(`
      [
        "the leaf has the kind of key that is meant",
        "neither the leaf nor one above it is known to be revoked",
        "the leaf is not the previous one",
        "the leaf covers the server name",
        "the leaf is the expected one",
        "the leaf is valid already",
        "the leaf is valid still",
        "the certificates above the leaf are in time",
        "nothing is missing between the leaf and the root",
        "the chain ends at a trusted root",
      ]
    `)
  })
})

describe('cause and remedy', () => {
  const cases: readonly [string, Partial<ServedObservation>, Partial<Expectation>][] = [
    ['served', {}, theNew],
    ['healthy', {}, {}],
    ['oldCertificate', { chain: [old, intermediate] }, theNew],
    ['otherCertificate', { chain: [other, intermediate] }, theNew],
    ['wrongName', { chain: [foreign, intermediate] }, theNew],
    ['incompleteChain', { chain: [aCertificate()], ...leafAlone }, theNew],
    ['untrusted', { ...notFound }, theNew],
    ['self-signed', { chain: [aCertificate({ issuer: 'CN=site.test' })], ...untrusted('DEPTH_ZERO_SELF_SIGNED_CERT') }, {}],
    ['weak', { ...untrusted('UNSPECIFIED') }, {}],
    ['expired', { chain: [expired, intermediate] }, {}],
    ['notYetValid', { chain: [aCertificate({ notBefore: NOW + DAY_MS })] }, {}],
    ['revoked', {}, { ...theNew, revokedSha256: [theNew.sha256] }],
    ['revoked above', {}, { ...theNew, revokedSha256: [intermediate.sha256] }],
  ]

  test.each(cases)('of %s name the address and say what to do, in English and in Chinese', (_, observation, expected) => {
    const { cause, remedy } = judge(anObservation(observation), expecting(expected), NOW)
    for (const text of [cause, remedy]) {
      expect(text.en).toMatch(/^[^\u4e00-\u9fff]+\.$/)
      expect(text.zh).toMatch(/[\u4e00-\u9fff].*。$/)
      expect(text.en + text.zh).not.toMatch(/undefined|null|NaN/)
    }
    expect(cause.en).toContain('192.0.2.1:443')
    expect(cause.zh).toContain('192.0.2.1:443')
  })

  test('of the old certificate point to the reload', () => {
    const { cause } = judge(anObservation({ address: '2001:db8::1', chain: [old] }), expecting(theNew), NOW)
    expect(cause.en).toContain('[2001:db8::1]:443 still serves the previous certificate')
    expect(cause.en).toContain('the server was not reloaded, or another node serves this address')
  })

  test('of a missing intermediate name it', () => {
    const { cause } = judge(anObservation({ chain: [aCertificate()], ...leafAlone }), expecting(theNew), NOW)
    expect(cause.en).toContain('"CN=Intermediate"')
  })
})

describe('a name is covered', () => {
  test.each([
    [['site.test'], 'site.test', true],
    [['site.test'], 'SITE.test.', true],
    [['site.test'], 'www.site.test', false],
    [['*.site.test'], 'www.site.test', true],
    [['*.site.test'], 'site.test', false],
    [['*.site.test'], 'a.b.site.test', false],
    [['*'], 'test', false],
    [['xn--fsqu00a.test'], '例子.test', true],
    [['127.0.0.1'], '127.0.0.1', true],
    [['*.0.0.1'], '127.0.0.1', false],
    [['::1'], '0:0:0:0:0:0:0:1', true],
    [['2001:db8::1'], '2001:DB8::1', true],
    [[], 'site.test', false],
  ])('by %j: %s %s', (names, serverName, covered) => {
    expect(coversName(names, serverName)).toBe(covered)
  })
})

test('whatever was served, only the expected leaf is ever judged to be served', () => {
  const certificate = fc.record({
    sha256: fc.constantFrom('a'.repeat(64), 'b'.repeat(64), 'd'.repeat(64)),
    subject: fc.constantFrom('CN=1', 'CN=2', 'CN=3', ''),
    issuer: fc.constantFrom('CN=1', 'CN=2', 'CN=3', ''),
    notBefore: fc.constantFrom(0, NOW, NOW + 1),
    notAfter: fc.constantFrom(NOW - 2_000, NOW, NOW + DAY_MS),
    names: fc.constantFrom<string[]>([], ['site.test'], ['*.test'], ['other.test']),
    keyKind: fc.constant<KeyKind>('ecdsa'),
    pem: fc.constant(''),
  })
  const chain = fc.tuple(certificate, fc.array(certificate, { maxLength: 5 })).map(([leaf, above]) => [leaf, ...above] as const)
  const trust = fc.constantFrom(
    { trusted: true, trustError: null },
    ...['UNABLE_TO_GET_ISSUER_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'UNSPECIFIED'].map(untrusted),
  )
  fc.assert(
    fc.property(chain, trust, (served, trusted) => {
      const [leaf] = served
      const { verdict } = judge(anObservation({ chain: [leaf, ...served.slice(1)], ...trusted }), expecting(theNew), NOW)
      const isRight = leaf.sha256 === theNew.sha256 && coversName(leaf.names, 'site.test')
      const isInTime = leaf.notBefore <= NOW && NOW < leaf.notAfter + 1_000
      expect(verdict === 'served').toBe(isRight && isInTime && trusted.trusted)
    }),
  )
})

test('only one kind of key is meant: a certificate with the other kind is none of its faults, and none of its proofs', () => {
  const seen = anObservation({ chain: [aCertificate({ keyKind: 'rsa', names: ['other.test'] }), intermediate] })
  for (const expected of [
    theNew,
    { ...theNew, previousSha256: theNew.sha256 },
    { sha256: 'e'.repeat(64), previousSha256: theNew.sha256 },
  ]) {
    const { verdict, cause, remedy } = judge(seen, expecting({ ...expected, onlyKey: 'ecdsa' }), NOW)
    expect(verdict).toBe('otherCertificate')
    expect(cause.en).toContain('no certificate with an ECDSA key')
    expect(cause.zh).toContain('没有使用 ECDSA 密钥的证书')
    expect(remedy.en).toContain('beside the other one')
  }
  expect(judge(anObservation(), expecting({ ...theNew, onlyKey: 'ecdsa' }), NOW).verdict).toBe('served')
})

describe('a server with a certificate for each kind of key', () => {
  const rsa = (facts: Partial<ServedCertificate> = {}) =>
    anObservation({ chain: [aCertificate({ ...facts, keyKind: 'rsa' }), intermediate] })
  const ecdsa = (facts: Partial<ServedCertificate> = {}) => anObservation({ chain: [aCertificate(facts), intermediate] })
  const verdicts = (first: ServedObservation, second: ServedObservation, expected: Partial<Expectation>) => {
    const pair = judgePair(first, second, expecting(expected), NOW)
    return [pair.first.verdict, pair.other?.verdict]
  }
  const stranger = { sha256: 'e'.repeat(64) }

  test('serves the new one: the other need only be healthy', () => {
    expect(verdicts(ecdsa(), rsa(stranger), theNew)).toEqual(['served', 'served'])
    expect(verdicts(ecdsa(stranger), rsa(), theNew)).toEqual(['served', 'served'])
    expect(verdicts(ecdsa(), rsa({ ...stranger, notAfter: NOW - DAY_MS }), theNew)).toEqual(['served', 'expired'])
    expect(verdicts(ecdsa(), rsa({ ...stranger, names: ['other.test'] }), theNew)).toEqual(['served', 'wrongName'])
  })

  test('still has the previous one for the other kind of key', () => {
    expect(verdicts(ecdsa(), rsa({ sha256: theNew.previousSha256 }), theNew)).toEqual(['served', 'oldCertificate'])
  })

  test('serves the new one nowhere: the kind of its key says which place it belongs to', () => {
    const old = { sha256: theNew.previousSha256 }
    expect(verdicts(ecdsa(stranger), rsa(old), { ...theNew, keyKind: 'rsa' })).toEqual(['served', 'oldCertificate'])
    expect(verdicts(ecdsa(stranger), rsa(stranger), { ...theNew, keyKind: 'ecdsa' })).toEqual(['otherCertificate', 'served'])
    expect(verdicts(ecdsa(stranger), rsa(stranger), theNew)).toEqual(['otherCertificate', 'otherCertificate'])
  })
})
