import { expect, test, vi } from 'vitest'
import { childrenOf, DerError, readDer, TAG, writeDer, writeOid } from '../../src/der.ts'
import { readAltNames } from '../../src/subject-alt-name.ts'
import { parseCertificate, PkiError, readCertificateBag } from '../../src/index.ts'
import {
  findInCrl,
  readCrl,
  readOcspResponse,
  readRevocationSources,
  RevocationError,
  serialHexOf,
} from '../../src/revocation/index.ts'
import { createChain } from '../../../../test/harness/certificates.ts'

const MEGABYTES = 16 * 1024 * 1024
/** Elements of two bytes each: what costs the sender least and a reader that makes an object of each most. */
const nothings = (bytes: number): Uint8Array => new Uint8Array(Buffer.alloc(bytes - (bytes % 2), Uint8Array.of(0x05, 0)))

/** How often something made a view of the input: one element makes two. */
async function readsOf(work: () => unknown): Promise<{ reads: number; error: unknown }> {
  const views = vi.spyOn(Uint8Array.prototype, 'subarray')
  try {
    const error = await Promise.resolve()
      .then(work)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
    return { reads: views.mock.calls.length, error }
  } finally {
    views.mockRestore()
  }
}

const MAX_READS = 1500
const SHA256_WITH_ECDSA = writeDer(TAG.sequence, writeOid('1.2.840.10045.4.3.2'))
const time = (text: string): Uint8Array => writeDer(TAG.utcTime, Buffer.from(text))
const head = [
  writeDer(TAG.integer, Uint8Array.of(1)),
  SHA256_WITH_ECDSA,
  writeDer(TAG.sequence),
  time('260101000000Z'),
  time('270101000000Z'),
]
const list = (...fields: readonly Uint8Array[]): Uint8Array =>
  writeDer(TAG.sequence, writeDer(TAG.sequence, ...fields), SHA256_WITH_ECDSA, writeDer(TAG.bitString, Uint8Array.of(0, 1)))
const bomb = nothings(MEGABYTES - 200)
const extensionsOf = (content: Uint8Array): Uint8Array => writeDer(TAG.contextConstructed0, writeDer(TAG.sequence, content))

test.each([
  ['in place of its three parts', writeDer(TAG.sequence, bomb)],
  ['in place of its fields', list(bomb)],
  ['behind its fields', list(...head, bomb)],
  ['as its extensions', list(...head, extensionsOf(bomb))],
  ['inside an extension', list(...head, extensionsOf(writeDer(TAG.sequence, bomb)))],
  ['as the time it begins', list(...head.slice(0, 3), writeDer(TAG.utcTime, bomb))],
  ['as the name of an extension', list(...head, extensionsOf(writeDer(TAG.sequence, writeDer(TAG.oid, bomb))))],
])('a list of 16 MiB of nothing %s is refused after a few reads', async (_where, der) => {
  const { reads, error } = await readsOf(() => readCrl(der))
  expect(error).toBeInstanceOf(RevocationError)
  expect(reads).toBeLessThan(MAX_READS)
})

test('what is no list is refused at any length, blanks and unfinished PEM too', () => {
  for (const text of [' ', '\n', '-', 'A', '-----BEGIN X509 CRL-----\n'])
    for (const size of [MEGABYTES, MEGABYTES / 4])
      expect(() => readCrl(new Uint8Array(Buffer.alloc(size, text)))).toThrow(RevocationError)
})

test('entries are looked through without an object for each, and others get their turn in between', async () => {
  const count = 400_000
  const serialOf = (index: number): Buffer => Buffer.from(`4${index.toString(16).padStart(31, '0')}`, 'hex')
  const entry = Buffer.from(writeDer(TAG.sequence, writeDer(TAG.integer, serialOf(0)), time('260601000000Z')))
  const entries = Buffer.alloc(entry.length * count, entry)
  for (let index = 0; index < count; index += 1) entries.writeUInt32BE(index, index * entry.length + 16)
  const crl = readCrl(list(...head, writeDer(TAG.sequence, entries)))
  let turns = 0
  const others = setInterval(() => (turns += 1), 0)
  const sought = [0, 199_999, count - 1].map((index) => serialOf(index).toString('hex'))
  const views = vi.spyOn(Uint8Array.prototype, 'subarray')
  const found = await findInCrl(crl, new Set([...sought, 'ff']))
  const reads = views.mock.calls.length
  views.mockRestore()
  clearInterval(others)
  expect([...found.keys()]).toEqual(sought)
  expect(reads).toBeLessThan(100)
  expect(turns).toBeGreaterThan(2)
})

test('an entry whose serial number reaches into the next is refused; nothing is walked when nothing is sought', async () => {
  const crl = readCrl(list(...head, writeDer(TAG.sequence, Uint8Array.of(0x30, 2, 2, 4, 0x30, 2, 2, 0))))
  await expect(findInCrl(crl, new Set(['01']))).rejects.toMatchObject({ fault: 'malformed' })
  expect((await findInCrl(crl, new Set())).size).toBe(0)
})

test('OCSP responses, certificates, their names and bags of them, full of nothing, are refused after a few reads', async () => {
  const chain = createChain()
  const leaf = chain.issue({ names: ['a.example.com'] })
  const small = nothings(60_000)
  const question = { leaf: leaf.der, issuer: leaf.der }
  const basic = (...parts: readonly Uint8Array[]): Uint8Array =>
    writeDer(
      TAG.sequence,
      writeDer(0x0a, Uint8Array.of(0)),
      writeDer(
        0xa0,
        writeDer(TAG.sequence, writeOid('1.3.6.1.5.5.7.48.1.1'), writeDer(TAG.octetString, writeDer(TAG.sequence, ...parts))),
      ),
    )
  const cases: readonly (() => unknown)[] = [
    () => readOcspResponse(writeDer(TAG.sequence, small), question, Date.now()),
    () => readOcspResponse(basic(small), question, Date.now()),
    () => readOcspResponse(basic(writeDer(TAG.sequence, small)), question, Date.now()),
    () => readOcspResponse(basic(writeDer(TAG.sequence, writeDer(TAG.sequence, small))), question, Date.now()),
    () => serialHexOf(writeDer(TAG.sequence, small)),
    () => serialHexOf(writeDer(TAG.sequence, writeDer(TAG.sequence, small))),
    () => parseCertificate(writeDer(TAG.sequence, small)),
  ]
  for (const read of cases) {
    const { reads, error } = await readsOf(read)
    expect([RevocationError, DerError, PkiError].some((one) => error instanceof one)).toBe(true)
    expect(reads).toBeLessThan(MAX_READS)
  }
  const names = await readsOf(() => readAltNames(writeDer(TAG.sequence, small)))
  expect([names.error instanceof DerError, names.reads < 25_000]).toEqual([true, true])
  for (const read of [readCertificateBag, readRevocationSources]) {
    const { reads, error } = await readsOf(() => read(writeDer(TAG.sequence, small)))
    expect([error, reads < MAX_READS]).toEqual([null, true])
  }
})

test('as many elements as are allowed are read, and one more is refused', () => {
  const of = (count: number) => readDer(writeDer(TAG.sequence, nothings(count * 2)))
  expect(childrenOf(of(64))).toHaveLength(64)
  expect(() => childrenOf(of(65))).toThrow(DerError)
  expect(childrenOf(of(300), 300)).toHaveLength(300)
  expect(() => childrenOf(of(301), 300)).toThrow(DerError)
})

test('a certificate of a thousand names is read', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `n${index}.example.com`)
  expect(parseCertificate(createChain().issue({ names }).der).names).toEqual(names)
})
