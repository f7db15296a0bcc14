import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createChain, createRoot } from '../../../../test/harness/certificates.ts'
import { pairSources } from '../../src/pages/upload/pair-sources.ts'
import { readSource } from '../../src/pages/upload/read-pem.ts'
import { toBatches } from '../../src/pages/upload/send-uploads.ts'

const ca = createChain()

describe('certificates, chains and keys in files of any name and order', () => {
  it.each(['p256', 'p384', 'rsa2048'] as const)('finds the key of %s by what is in it', (key) => {
    const leaf = ca.issue({ names: ['a.example.com', '*.a.example.com'], key })
    const other = ca.issue({ names: ['b.example.com'], key })
    const files = [
      readSource('1.key', other.privateKeyPem),
      readSource('2.key', leaf.privateKeyPem),
      readSource('ca.pem', ca.pem + ca.rootPem),
      readSource('x.crt', leaf.pem),
      readSource('y.crt', other.pem),
    ]
    const { drafts, looseKeys } = pairSources(files)
    expect(looseKeys).toEqual([])
    expect(drafts.map(({ suggestedName, privateKeyPem }) => [suggestedName, privateKeyPem?.trim()])).toEqual([
      ['a.example.com', leaf.privateKeyPem.trim()],
      ['b.example.com', other.privateKeyPem.trim()],
    ])
    expect(drafts[0]?.domains).toEqual(['a.example.com', '*.a.example.com'])
    // Leaf first, then the intermediate, and no root.
    expect(drafts[0]?.certificatePem.replace(/\s/g, '')).toBe((leaf.pem + ca.pem).replace(/\s/g, ''))
    expect(drafts[0]?.sources).toEqual(['x.crt', '2.key', 'ca.pem'])
  })

  it.each([
    ['PKCS#1', (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs1' })],
    ['PKCS#8', (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' })],
  ])('recognizes one RSA key in %s', (_, write) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const [key] = readSource('k', String(write(privateKey))).keys
    const { n = '' } = privateKey.export({ format: 'jwk' })
    expect(key?.keyMark).toBe(Buffer.from(n, 'base64url').toString('hex'))
  })

  it('recognizes an EC key in the form of OpenSSL, and goes by the file name when a key does not tell', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = privateKey.export({ format: 'jwk' })
    const point = `04${Buffer.from(x + y, 'base64url').toString('hex')}`
    expect(Buffer.from(x, 'base64url').length + Buffer.from(y, 'base64url').length).toBe(64)
    const [key] = readSource('k', String(privateKey.export({ format: 'pem', type: 'sec1' }))).keys
    expect(key?.keyMark?.slice(0, 66)).toBe(point.slice(0, 66))
    const ed25519 = String(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const leaf = ca.issue({ names: ['ed.example.com'] })
    const { drafts } = pairSources([readSource('ed.key', ed25519), readSource('ed.fullchain.pem', leaf.chainPem)])
    expect(drafts).toMatchObject([{ privateKeyPem: expect.stringContaining('PRIVATE KEY') as string }])
  })

  it('says which keys and certificates stand alone, and takes a certificate that came twice once', () => {
    const leaf = ca.issue({ names: ['c.example.com'] })
    const stray = ca.issue({ names: ['d.example.com'] })
    const { drafts, looseKeys } = pairSources([
      readSource('c.pem', leaf.chainPem),
      readSource('again.pem', leaf.pem),
      readSource('d.key', stray.privateKeyPem),
    ])
    expect(drafts).toMatchObject([{ suggestedName: 'c.example.com', privateKeyPem: null, sources: ['c.pem', 'again.pem'] }])
    expect(looseKeys).toEqual(['d.key'])
  })

  it('says which certificates of a CA are left out: nothing in the list comes from them, and no key of them can be used', () => {
    const own = createRoot({ commonName: 'device.example.com' })
    const sealed = createPrivateKey(own.privateKeyPem).export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    })
    const sources = [
      readSource('b.crt', own.pem),
      readSource('enc.key', String(sealed)),
      readSource('x.pem', ca.issue({ names: ['x.example.com'] }).chainPem + ca.rootPem),
    ]
    const pairing = pairSources(sources)
    expect(pairing.looseAuthorities).toEqual(['b.crt'])
    expect(pairing.drafts.map(({ suggestedName }) => suggestedName)).toEqual(['x.example.com'])
    const withKey = pairSources([...sources, readSource('plain.key', own.privateKeyPem)])
    expect(withKey.looseAuthorities).toEqual([])
    expect(withKey.drafts.map(({ suggestedName }) => suggestedName)).toContain('device.example.com')
  })

  it('keeps a root with its key: it is a certificate of its own; gives two of one domain names that differ', () => {
    const root = createRoot({ commonName: 'Our Root' })
    const twice = [1, 2].map((n) => ca.issue({ names: ['same.example.com'], notAfter: Date.now() + n * 86_400_000 }))
    const { drafts } = pairSources([
      readSource('root.pem', root.pem + root.privateKeyPem),
      ...twice.map(({ pem, privateKeyPem }, index) => readSource(`${index}.pem`, pem + privateKeyPem)),
    ])
    expect(drafts.map(({ suggestedName }) => suggestedName)).toEqual(['Our Root', 'same.example.com', 'same.example.com (2)'])
  })
})

describe('what cannot be used', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sealed = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
  const { pem } = ca.issue()
  it.each([
    ['no PEM', 'hello', 'noPem'],
    ['a keystore', '0\u0082\u0001\u0000', 'binary'],
    ['an encrypted PKCS#8 key', String(privateKey.export({ ...sealed, type: 'pkcs8' })), 'encryptedKey'],
    ['an encrypted key of the old form', String(privateKey.export({ ...sealed, type: 'sec1' })), 'encryptedKey'],
    ['half a certificate', pem.replace(/\n.{64}\n/, '\n'), 'damaged'],
    ['no base64', pem.replace(/\n.{64}\n/, '\n!\n'), 'damaged'],
  ])('%s', (_, text, fault) => {
    expect(readSource('f', text)).toMatchObject({ certificates: [], keys: [], faults: [fault] })
  })
})

it('sends no more at once than the service takes', () => {
  const entry = (bytes: number) => ({ name: 'n', certificatePem: 'x'.repeat(bytes), privateKeyPem: 'y' })
  expect(toBatches([])).toEqual([])
  expect(toBatches(Array.from({ length: 120 }, () => entry(10))).map(({ length }) => length)).toEqual([50, 50, 20])
  expect(toBatches([entry(1_500_000), entry(1_500_000), entry(3_000_000), entry(5)]).map(({ length }) => length)).toEqual([
    1, 1, 1, 1,
  ])
})
