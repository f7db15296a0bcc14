import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createChain, createRoot, createSelfSigned, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { isLoss } from '../../src/import/found.ts'
import { pairFiles, type SourceFile } from '../../src/import/pair-files.ts'
import { collect, type Collected } from './collect.ts'

function pair(files: Readonly<Record<string, string>>): Promise<Collected> {
  // oxlint-disable-next-line require-await -- a list stands for a folder
  async function* source(): AsyncGenerator<SourceFile> {
    for (const [path, text] of Object.entries(files)) yield { kind: 'file', path, text }
  }
  return collect(pairFiles(source()))
}

const issuer = createChain()
const shop = issuer.issue({ names: ['shop.example.com', 'www.shop.example.com'] })
const blog = issuer.issue({ names: ['*.blog.example.com'], key: 'rsa2048' })
const intermediate = shop.chainPem.slice(shop.pem.length)

function isWhole(found: Collected['found'][number] | undefined, leaf: TestLeaf): void {
  expect(found?.certificatePem).toBe(leaf.chainPem)
  expect(found?.privateKeyPem).toBe(leaf.privateKeyPem)
}

describe('pairFiles', () => {
  it.each([
    ['certificate first', { 'a.pem': shop.chainPem, 'zzz.txt': shop.privateKeyPem }],
    ['key first', { 'a.txt': shop.privateKeyPem, 'b.crt': shop.chainPem }],
    ['both in one file', { 'haproxy.pem': shop.chainPem + shop.privateKeyPem }],
    ['leaf and intermediate apart', { 'leaf.crt': shop.pem, 'leaf.key': shop.privateKeyPem, 'ca.crt': intermediate }],
    ['intermediate first', { 'ca.crt': intermediate, 'leaf.key': shop.privateKeyPem, 'leaf.crt': shop.pem }],
    ['a chain in the wrong order', { 'all.pem': intermediate + shop.pem, 'key.pem': shop.privateKeyPem }],
    ['with the root', { 'all.pem': shop.chainPem + shop.rootPem, 'key.pem': shop.privateKeyPem }],
    ['twice in one file', { a: shop.chainPem + shop.chainPem, d: shop.privateKeyPem }],
  ])('finds the pair by its public key: %s', async (_how, files) => {
    const { found, codes } = await pair(files)
    expect(codes).toEqual([])
    expect(found.map(({ name }) => name)).toEqual(['shop.example.com'])
    isWhole(found[0], shop)
  })

  it.each([
    [
      'before its key',
      { 'a.pem': shop.pem, 'b.pem': shop.chainPem, 'c.pem': shop.chainPem, d: shop.privateKeyPem },
      'a.pem',
      ['b.pem', 'c.pem'],
    ],
    ['after its key', { d: shop.privateKeyPem, 'b.pem': shop.chainPem, 'c.pem': shop.chainPem }, 'b.pem', ['c.pem']],
    [
      'without the chain, which comes later',
      { d: shop.privateKeyPem, 'b.pem': shop.pem, 'c.pem': shop.pem, 'e.pem': intermediate },
      'b.pem',
      ['c.pem'],
    ],
  ])('tells each further file of one certificate, and which gave it: %s', async (_how, files, by, others) => {
    const { found, skipped, codes } = await pair(files)
    isWhole(found[0], shop)
    expect(found.map(({ origin }) => origin)).toEqual([by])
    expect(codes).toEqual(others.map((path) => `${path}: givenBefore`))
    for (const item of skipped) {
      expect(item.reason.en).toContain(`already given by ${by}`)
      expect(item.reason.zh).toContain(by)
      expect(isLoss(item)).toBe(false)
    }
  })

  it('keeps pairs apart whatever their files are called', async () => {
    const { found } = await pair({
      'shop.crt': blog.chainPem,
      'shop.key': shop.privateKeyPem,
      'blog.crt': shop.chainPem,
      'blog.key': blog.privateKeyPem,
    })
    expect(found.map(({ name }) => name).toSorted()).toEqual(['*.blog.example.com', 'shop.example.com'])
    isWhole(
      found.find(({ name }) => name === 'shop.example.com'),
      shop,
    )
    isWhole(
      found.find(({ name }) => name === '*.blog.example.com'),
      blog,
    )
  })

  it('names two certificates of one domain apart, and falls back to the file name', async () => {
    const again = issuer.issue({ names: ['shop.example.com'] })
    const nameless = createSelfSigned({ names: [], commonName: '' })
    const { found } = await pair({
      a: shop.chainPem + shop.privateKeyPem,
      b: again.chainPem + again.privateKeyPem,
      'x/old-box.pem': nameless.pem + nameless.privateKeyPem,
    })
    expect(found.map(({ name }) => name)).toEqual(['shop.example.com', 'shop.example.com (2)', 'old-box'])
  })

  it('takes a leaf alone when no intermediate is there, also a self-signed one', async () => {
    const own = createSelfSigned({ names: ['self.example.com'] })
    const { found } = await pair({ a: shop.pem, b: shop.privateKeyPem, c: own.pem + own.privateKeyPem })
    expect(found.map(({ certificatePem }) => certificatePem).toSorted()).toEqual([shop.pem, own.pem].toSorted())
  })

  it("takes a site's own certificate that openssl made a CA's, and no CA with its key", async () => {
    const own = createSelfSigned({ names: ['box.example.com'], isCa: true })
    const root = createRoot()
    const { found, codes } = await pair({
      'box.pem': own.pem,
      'box.key': own.privateKeyPem,
      'root.pem': root.pem,
      'root.key': root.privateKeyPem,
    })
    expect(found.map(({ certificatePem, privateKeyPem }) => [certificatePem, privateKeyPem])).toEqual([
      [own.pem, own.privateKeyPem],
    ])
    expect(codes).toEqual(['root.key: certificateAuthority'])
  })

  it('says of everything else why it is left out', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString()
    const { found, codes } = await pair({
      'alone.crt': shop.chainPem,
      'alone.key': blog.privateKeyPem,
      'locked.key': encrypted,
      'store.p12': '0\u0082\u0001',
      'broken.pem': shop.pem.replace('-----END', '-----UND'),
      'notes.txt': 'buy milk',
      'root.pem': createRoot().pem,
      'request.csr': shop.pem.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'),
    })
    expect(found).toEqual([])
    expect(codes.toSorted()).toEqual([
      'alone.crt: noKey',
      'alone.key: noCertificate',
      'broken.pem: damaged',
      'locked.key: encrypted',
      'store.p12: notPem',
    ])
  })

  it('is not kept busy by thousands of CAs of one name', async () => {
    const crowd = Array.from({ length: 40 }, () => createRoot({ commonName: 'Crowd' }).pem)
    const files = Object.fromEntries(crowd.map((pem, place) => [`ca${place}.pem`, pem]))
    const { found } = await pair({ ...files, a: shop.chainPem + shop.privateKeyPem })
    expect(found).toHaveLength(1)
  })
})
