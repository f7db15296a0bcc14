import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { RandomAccessReader } from 'yauzl'
import { makeTar, makeTarGz, makeZip, tarHeader, type ArchiveEntry } from '../../../../test/harness/archives.ts'
import { createChain } from '../../../../test/harness/certificates.ts'
import { CliFailure } from '../../src/failure.ts'
import { readTar } from '../../src/import/read-tar.ts'
import { readZip } from '../../src/import/read-zip.ts'
import { openSource } from '../../src/import/source.ts'
import { collect, type Collected } from './collect.ts'

const folder = mkdtempSync(join(tmpdir(), 'evercert-archives-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const leaf = createChain().issue({ names: ['shop.example.com'] })
const PAIR: readonly ArchiveEntry[] = [
  { path: 'certs/', kind: 'folder' },
  { path: 'certs/a.crt', content: leaf.chainPem },
  { path: 'keys/b.key', content: leaf.privateKeyPem },
]
const KINDS: readonly (readonly [string, (entries: readonly ArchiveEntry[]) => Buffer])[] = [
  ['zip', makeZip],
  ['tar.gz', makeTarGz],
  ['tar', makeTar],
]

let files = 0
function write(extension: string, content: Buffer): string {
  const path = join(folder, `archive-${(files += 1)}.${extension}`)
  writeFileSync(path, content)
  return path
}

const position = () => ({ done: 0, total: 0 })
const read = async (path: string): Promise<Collected> => collect(await openSource(path, position()))

async function refusal(work: Promise<unknown>): Promise<CliFailure> {
  const error: unknown = await work.then(() => null).catch((reason: unknown) => reason)
  if (error instanceof CliFailure) return error
  throw new Error(`expected a refusal, not ${String(error)}`)
}

describe.each(KINDS)('a .%s archive', (extension, make) => {
  it('gives the pairs in it', async () => {
    const { found, codes } = await read(write(extension, make(PAIR)))
    expect(found).toMatchObject([{ name: 'shop.example.com', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }])
    expect(codes).toEqual([])
  })

  it.each([
    ['../../etc/cron.d/x.pem', 'unsafePath'],
    ['/etc/ssl/x.pem', 'unsafePath'],
    ['C:\\windows\\x.pem', 'unsafePath'],
    ['a\\..\\..\\x.pem', 'unsafePath'],
    ['a/../x.pem', 'unsafePath'],
  ])('leaves out the path %s, and takes the rest', async (path, code) => {
    const { found, skipped } = await read(write(extension, make([{ path, content: leaf.chainPem }, ...PAIR])))
    expect(found).toHaveLength(1)
    expect(skipped.map((one) => one.code)).toEqual([code])
  })

  it('follows no link', async () => {
    // A ZIP keeps where a link leads as its content, a tar in its header.
    const link = { path: 'x.pem', content: extension === 'zip' ? '/etc/passwd' : '', kind: 'link' as const }
    const { found, codes } = await read(write(extension, make([link, ...PAIR])))
    expect(found).toHaveLength(1)
    expect(codes).toEqual(['x.pem: link'])
  })

  it('leaves out a file that is larger than any certificate', async () => {
    const { found, codes } = await read(
      write(extension, make([{ path: 'big.pem', content: Buffer.alloc(300_000, 'A') }, ...PAIR])),
    )
    expect(found).toHaveLength(1)
    expect(codes).toEqual(['big.pem: tooLarge'])
  })

  it('is refused when it is cut short or of another kind', async () => {
    const whole = make(PAIR)
    for (const content of [
      whole.subarray(0, whole.length - 1100),
      Buffer.from('hello, I am no archive'.repeat(100)),
      Buffer.alloc(0),
    ]) {
      const { problem } = await refusal(read(write(extension, content)).then((all) => expect(all).toEqual('refused')))
      expect(problem).toMatchObject({ code: 'invalid' })
      expect(problem.remedy.zh).toMatch(/压缩包/)
    }
  })

  it('is refused when it holds too many files, or too much when unpacked', async () => {
    const many = make(Array.from({ length: 30 }, (_, place) => ({ path: `${place}.txt`, content: 'x' })))
    const large = make(Array.from({ length: 30 }, (_, place) => ({ path: `${place}.txt`, content: Buffer.alloc(100_000) })))
    const open = extension === 'zip' ? readZip : readTar
    const drain = async (content: Buffer, limits: { files: number; bytes: number }): Promise<void> => {
      for await (const file of open(write(extension, content), position(), limits)) expect(file.kind).toBe('file')
    }
    expect((await refusal(drain(many, { files: 29, bytes: 1e6 }))).problem.code).toBe('tooLarge')
    expect((await refusal(drain(large, { files: 99, bytes: 1e6 }))).problem.code).toBe('tooLarge')
    await drain(many, { files: 30, bytes: 1e6 })
  })
})

it('an entry of a zip that is larger than it says is refused', async () => {
  const bomb = makeZip([{ path: 'a.pem', content: Buffer.alloc(5_000_000), claimedSize: 1000 }])
  expect((await refusal(read(write('zip', bomb)))).problem.code).toBe('invalid')
})

it('a tar whose header of extensions has no end is refused before it fills the memory', async () => {
  const size = 64 * 1024 * 1024
  const bomb = gzipSync(Buffer.concat([tarHeader('pax', size, 'x'), Buffer.alloc(size, '1')]))
  const before = process.memoryUsage().arrayBuffers
  expect((await refusal(read(write('tar.gz', bomb)))).problem.code).toBe('invalid')
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
})

it('an entry of a zip that is smaller than it says is refused', async () => {
  const short = makeZip([{ path: 'a.pem', content: 'x', claimedSize: 2 }])
  expect((await refusal(read(write('zip', short)))).problem.code).toBe('invalid')
})

it('a zip that says that it holds too many files is refused before one is read', async () => {
  const path = write('zip', makeZip(PAIR))
  const at = position()
  const first = refusal(readZip(path, at, { files: 2, bytes: 1e6 }).next())
  expect((await first).problem).toMatchObject({ code: 'tooLarge', remedy: { zh: expect.stringContaining('拆分') as string } })
  expect(at.done).toBe(0)
})

it('a zip of many small entries is read a window at a time, without a stream for each, and lets other work go on', async () => {
  const entries = Array.from({ length: 2000 }, (_, place): ArchiveEntry[] => [
    { path: `${place}/`, kind: 'folder' },
    { path: `${place}/empty.txt` },
  ])
  const path = write('zip', makeZip(entries.flat()))
  const file = await open(path)
  const reads = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'read')
  await file.close()
  const streams = vi.spyOn(RandomAccessReader.prototype, 'createReadStream')
  let turns = 0
  const turn = (): void => void ((turns += 1), (next = setImmediate(turn)))
  let next = setImmediate(turn)
  expect((await read(path)).found).toEqual([])
  clearImmediate(next)
  expect(turns).toBeGreaterThan(4000 / 64)
  expect(streams).not.toHaveBeenCalled()
  streams.mockRestore()
  expect(reads.mock.calls.length).toBeGreaterThan(0)
  expect(reads.mock.calls.length).toBeLessThan(20)
  reads.mockRestore()
})

describe('a folder', () => {
  it('is read with the folders in it; a link that leads out of it is not followed', async () => {
    const root = join(folder, 'estate')
    mkdirSync(join(root, 'deep', 'er'), { recursive: true })
    writeFileSync(join(root, 'deep', 'er', 'a.pem'), leaf.chainPem)
    writeFileSync(join(folder, 'outside.key'), leaf.privateKeyPem)
    symlinkSync(join(folder, 'outside.key'), join(root, 'linked.key'))
    symlinkSync(root, join(root, 'deep', 'loop'))
    const first = await read(root)
    expect(first.codes.toSorted()).toEqual(['a.pem: noKey', 'linked.key: link', 'loop: unreadable'].toSorted())
    writeFileSync(join(root, 'real.key'), leaf.privateKeyPem)
    symlinkSync('real.key', join(root, 'same.key'))
    expect((await read(root)).found).toHaveLength(1)
  })

  it('that is not there is refused, and so is a file of another kind', async () => {
    expect((await refusal(read(join(folder, 'nothing')))).problem.code).toBe('invalid')
    expect((await refusal(read(write('rar', Buffer.from('Rar!'))))).problem.code).toBe('invalid')
  })
})
