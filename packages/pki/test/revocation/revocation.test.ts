import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpensslCa, type OpensslCa, type OpensslLeaf } from '../../../../test/harness/openssl-ca.ts'
import {
  createOcspRequest,
  ensureCrlAnswers,
  findInCrl,
  isIssuedByDer,
  readCrl,
  readOcspResponse,
  readRevocationSources,
  RevocationError,
  serialHexOf,
} from '../../src/revocation/index.ts'

const CRL_URL = 'http://ca.example/own.crl'

async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof RevocationError) return error.fault
    throw error
  }
  return 'none'
}

describe.each(['ec', 'rsa'] as const)('statements of an OpenSSL CA with an %s key', (key) => {
  let folder: string
  let ca: OpensslCa
  let stranger: OpensslCa
  let good: OpensslLeaf
  let revoked: OpensslLeaf
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'evercert-crl-'))
    ca = await createOpensslCa({ folder: join(folder, 'own'), key })
    stranger = await createOpensslCa({ folder: join(folder, 'stranger'), key }) // of the same name
    good = await ca.issue({
      name: 'good.example',
      crlUrl: CRL_URL,
      ocspUrl: 'http://ca.example/ocsp',
      issuerUrl: 'http://ca.example/ca.crt',
    })
    revoked = await ca.issue({ name: 'revoked.example', crlUrl: CRL_URL })
    await ca.revoke(revoked, 'keyCompromise')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const question = (change: object = {}) => ({ leaf: good.der, issuer: ca.der, urls: [CRL_URL], now: Date.now(), ...change })

  test('where to ask is read from the certificate', () => {
    expect(readRevocationSources(good.der)).toEqual({
      crlUrls: [CRL_URL],
      ocspUrls: ['http://ca.example/ocsp'],
      issuerUrls: ['http://ca.example/ca.crt'],
    })
    expect(readRevocationSources(ca.der)).toEqual({ crlUrls: [], ocspUrls: [], issuerUrls: [] })
    expect(readRevocationSources(Uint8Array.of(1, 2, 3))).toEqual({ crlUrls: [], ocspUrls: [], issuerUrls: [] })
    expect([isIssuedByDer(good.der, ca.der), isIssuedByDer(good.der, stranger.der)]).toEqual([true, false])
  })

  test('the list has what was revoked, with its reason, and nothing else', async () => {
    const crl = readCrl(await ca.crl())
    await ensureCrlAnswers(crl, question())
    const found = await findInCrl(crl, new Set([serialHexOf(good.der), serialHexOf(revoked.der)]))
    expect([...found.keys()]).toEqual([serialHexOf(revoked.der)])
    expect(found.get(serialHexOf(revoked.der))).toMatchObject({ reason: 'keyCompromise' })
    expect(Math.abs((found.get(serialHexOf(revoked.der))?.revokedAt ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('a list by another key, of another time or scope, and what is no list, are not believed', async () => {
    const own = await ca.crl()
    const crl = readCrl(own)
    const over = readCrl(await ca.crl('-crl_lastupdate', '20240101000000Z', '-crl_nextupdate', '20240102000000Z'))
    const broken = Uint8Array.from(own)
    broken.set([(broken.at(-3) ?? 0) ^ 1], broken.length - 3)
    expect({
      own: await faultOf(ensureCrlAnswers(crl, question())),
      forged: await faultOf(ensureCrlAnswers(readCrl(await stranger.crl()), question())),
      broken: await faultOf(Promise.resolve().then(() => ensureCrlAnswers(readCrl(broken), question()))),
      over: await faultOf(ensureCrlAnswers(over, question())),
      early: await faultOf(ensureCrlAnswers(crl, question({ now: Date.now() - 86_400_000 }))),
      elsewhere: await faultOf(ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'elsewhere')), question())),
      there: await faultOf(
        ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'elsewhere')), question({ urls: ['http://elsewhere.example/ca.crl'] })),
      ),
      onlyCas: await faultOf(ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'only_cas')), question())),
      ofCas: await faultOf(ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'only_cas')), question({ leaf: ca.der }))),
      onlyUsers: await faultOf(ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'only_users')), question({ leaf: ca.der }))),
      ofUsers: await faultOf(ensureCrlAnswers(readCrl(await ca.crl('-crlexts', 'only_users')), question())),
      other: await faultOf(ensureCrlAnswers(crl, question({ issuer: good.der }))),
      noList: await faultOf(Promise.resolve().then(() => readCrl(good.der))),
      page: await faultOf(Promise.resolve().then(() => readCrl(Buffer.from('<html>not found</html>')))),
    }).toEqual({
      own: 'none',
      forged: 'badSignature',
      broken: 'badSignature',
      over: 'stale',
      early: 'stale',
      elsewhere: 'notCovered',
      there: 'none',
      onlyCas: 'notCovered',
      ofCas: 'none',
      onlyUsers: 'notCovered',
      ofUsers: 'none',
      other: 'badSignature',
      noList: 'malformed',
      page: 'malformed',
    })
  })

  test('a list that is cut off, or changed anywhere, ends in a typed error or in no belief', async () => {
    const own = await ca.crl()
    const outcomes = new Set<string>()
    for (let at = 0; at < own.length; at += 3) {
      const changed = Uint8Array.from(own)
      changed.set([(changed[at] ?? 0) ^ 0xff], at)
      outcomes.add(await faultOf(Promise.resolve().then(() => ensureCrlAnswers(readCrl(changed), question()))))
      expect(await faultOf(Promise.resolve().then(() => readCrl(own.subarray(0, at))))).toBe('malformed')
    }
    expect(outcomes.has('none')).toBe(false)
  })

  test.each([[], ['delegated']])('OCSP responses, %j: good and revoked', async (...options) => {
    const of = async (leaf: OpensslLeaf) =>
      readOcspResponse(await ca.respond(leaf, '-nmin', '30', ...options), { leaf: leaf.der, issuer: ca.der }, Date.now())
    expect(await of(good)).toMatchObject({ status: 'good' })
    expect(await of(revoked)).toMatchObject({ status: 'revoked', reason: 'keyCompromise' })
  })

  test('OCSP responses by a stranger, of another time or certificate, are not believed', async () => {
    const ask = (der: Uint8Array, leaf = good, now = Date.now()) =>
      faultOf(readOcspResponse(der, { leaf: leaf.der, issuer: ca.der }, now))
    const response = await ca.respond(good, '-nmin', '30')
    const changed = Uint8Array.from(response)
    changed.set([(changed[200] ?? 0) ^ 1], 200)
    expect({
      own: await ask(response),
      forged: await ask(await stranger.respond(good, '-nmin', '30')),
      over: await ask(response, good, Date.now() + 3_600_000),
      other: await ask(response, revoked),
      refusal: await ask(Uint8Array.from([0x30, 3, 0x0a, 1, 3])),
      page: await ask(Buffer.from('<html>')),
    }).toMatchObject({ own: 'none', over: 'stale', other: 'notCovered', refusal: 'notAnswered', page: 'malformed' })
    expect(await ask(await stranger.respond(good, '-nmin', '30'))).not.toBe('none')
    expect(await ask(changed)).not.toBe('none')
  })

  test('what another CA of the same name says of a certificate that it did not issue is not believed, though it is given as the issuer', async () => {
    await stranger.revoke(good, 'keyCompromise')
    const list = readCrl(await stranger.crl())
    expect([...(await findInCrl(list, new Set([serialHexOf(good.der)]))).keys()]).toHaveLength(1)
    expect(await faultOf(ensureCrlAnswers(list, question({ issuer: stranger.der })))).toBe('badSignature')
    const response = await stranger.respond(good, '-nmin', '30')
    const asked = { leaf: good.der, issuer: stranger.der }
    expect(await faultOf(readOcspResponse(response, asked, Date.now()))).toBe('badSignature')
  })

  test('a request is what OpenSSL reads', async () => {
    const question = { leaf: revoked.der, issuer: ca.der }
    const response = await ca.answer(createOcspRequest(question), '-nmin', '30')
    expect(await readOcspResponse(response, question, Date.now())).toMatchObject({ status: 'revoked' })
  })
})

test.each([
  [
    'an exponent beyond 32 bits',
    ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-pkeyopt', 'rsa_keygen_pubexp:8589934609'],
  ],
  ['a curve of its own making', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit']],
])('a key that could be made to fit a signature that is there already issues nothing: %s', async (_, keyOptions) => {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-issuer-'))
  try {
    const ca = await createOpensslCa({ folder, keyOptions })
    const leaf = await ca.issue({ name: 'fitted.example' })
    expect(new X509Certificate(leaf.der).verify(new X509Certificate(ca.der).publicKey)).toBe(true)
    expect(isIssuedByDer(leaf.der, ca.der)).toBe(false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
