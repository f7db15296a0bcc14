import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it, onTestFinished } from 'vitest'
import { problemDocument, type DownloadOffer, type DownloadView } from '@evercert/contract'
import { chooseDownload } from '../../src/commands/download.ts'
import { runProgram } from '../../src/program.ts'
import { aCertificate, aShell } from '../builders.ts'

const AVAILABLE: DownloadOffer = { available: true, files: ['shop.pem', 'shop.key'], problem: null }
const ALONE: DownloadOffer = { available: true, files: ['shop.pem'], problem: null }

function refused(code: NonNullable<DownloadOffer['problem']>['code']): DownloadOffer {
  return { available: false, files: [], problem: { code, text: { en: 'No.', zh: '不。' } } }
}

function aView(wish: Partial<DownloadView> = {}): DownloadView {
  const title = { en: 'nginx', zh: 'Nginx' }
  return { format: 'nginx', title, archive: 'shop_nginx.zip', certificateOnly: ALONE, withKey: AVAILABLE, ...wish }
}

describe('with the key or without', () => {
  it.each<[string, Partial<DownloadView>, boolean, boolean]>([
    ['the key is given out', {}, false, true],
    ['the key is given out, but not wanted', {}, true, false],
    ['the key is not here', { withKey: refused('keyNotStored') }, false, false],
    ['the key was uploaded', { withKey: refused('keyNotDownloadable') }, false, false],
    [
      'a keystore, the key is not here: the service says why',
      { certificateOnly: null, withKey: refused('keyNotStored') },
      false,
      true,
    ],
    [
      'nothing is given out: the service says why',
      { certificateOnly: refused('certificateRevoked'), withKey: refused('certificateRevoked') },
      false,
      true,
    ],
    ['the root', { format: 'root', withKey: null }, false, false],
    ['the root, and no key wanted', { format: 'root', withKey: null }, true, false],
  ])('%s', (_case, wish, certificateOnly, expected) => {
    expect(chooseDownload(aView(wish), certificateOnly).withKey).toBe(expected)
  })

  it('says why there is no key', () => {
    expect(chooseDownload(aView({ withKey: refused('keyNotStored') }), false).keyless?.code).toBe('keyNotStored')
    expect(chooseDownload(aView(), true).keyless).toBeNull()
  })

  it('a keystore without its key is refused', () => {
    expect(() => chooseDownload(aView({ format: 'jks', certificateOnly: null }), true)).toThrow('always holds it')
  })
})

const FILES = { 'README.txt': 'note', 'shop.pem': 'certificate', 'shop.key': 'key' }

/** A service with one certificate, and how often it handed out its key. */
async function aService(files: Readonly<Record<string, string>> = FILES, view = aView()) {
  let handedOut = 0
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))
  const server = createServer((request, response) => {
    const json = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    if (request.url === '/api/v1/certificates/crt_old') return json(aCertificate())
    if (request.method === 'GET') return json({ items: [view], nextCursor: null })
    if (request.url?.endsWith('/with-key') === true) handedOut += 1
    return response
      .writeHead(200, { 'content-type': 'application/zip', 'content-disposition': 'inline; filename="evil/../x.zip"' })
      .end(zip)
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, handedOut: () => handedOut, zip }
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-download-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function download(url: string, ...args: readonly string[]) {
  const shell = aShell({ EVERCERT_TOKEN: 't' })
  const code = await runProgram(['download', 'crt_old', '--format', 'nginx', '--json', '--url', url, ...args], shell)
  return { code, document: shell.out() === '' ? null : (JSON.parse(shell.out()) as unknown), problem: shell.err() }
}

const codeOf = (problem: string) => problemDocument.parse(JSON.parse(problem)).code
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('evercert download', () => {
  it('writes the archive, for its owner alone', async () => {
    const service = await aService()
    const out = join(aFolder(), 'mine.zip')
    const { code, document } = await download(service.url, '--out', out)
    expect(code).toBe(0)
    expect(document).toEqual({ certificateId: 'crt_old', format: 'nginx', withKey: true, files: [out] })
    expect(readFileSync(out).equals(service.zip)).toBe(true)
    expect(modeOf(out)).toBe(0o600)
  })

  it('puts it into a folder under the name that the service gives it', async () => {
    const folder = aFolder()
    await download((await aService()).url, '--out', folder)
    expect(readdirSync(folder)).toEqual(['shop_nginx.zip'])
  })

  it('unpacks into a folder that it makes, each file for its owner alone', async () => {
    const folder = join(aFolder(), 'tls', 'shop')
    expect((await download((await aService()).url, '--unpack', '--out', folder)).code).toBe(0)
    for (const [name, text] of Object.entries(FILES)) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe(text)
      expect(modeOf(join(folder, name))).toBe(0o600)
    }
    expect(modeOf(folder)).toBe(0o700)
  })

  it('without the key the files may be read by all', async () => {
    const service = await aService({ 'README.txt': 'note', 'shop.pem': 'certificate' })
    const folder = aFolder()
    const { document } = await download(service.url, '--unpack', '--certificate-only', '--out', folder)
    expect(document).toMatchObject({ withKey: false })
    expect(modeOf(join(folder, 'shop.pem'))).toBe(0o644)
    expect(service.handedOut()).toBe(0)
  })

  it.each([
    ['the archive', [], 'shop_nginx.zip'],
    ['one of the files', ['--unpack'], 'shop.key'],
    ['the note', ['--unpack'], 'README.txt'],
  ])('does not overwrite %s, and has no key handed out for it', async (_case, args, name) => {
    const service = await aService()
    const folder = aFolder()
    writeFileSync(join(folder, name), 'mine')
    const { code, problem } = await download(service.url, '--out', folder, ...args)
    expect([code, codeOf(problem)]).toEqual([1, 'conflict'])
    expect(readdirSync(folder)).toEqual([name])
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine')
    expect(service.handedOut()).toBe(0)
  })

  it('--force replaces files, and never writes through a link or keeps a wider mode', async () => {
    const folder = aFolder()
    const elsewhere = join(folder, 'elsewhere')
    writeFileSync(elsewhere, 'mine')
    mkdirSync(join(folder, 'tls'))
    symlinkSync(elsewhere, join(folder, 'tls', 'shop.key'))
    writeFileSync(join(folder, 'tls', 'shop.pem'), 'old', { mode: 0o666 })
    const { code } = await download((await aService()).url, '--unpack', '--force', '--out', join(folder, 'tls'))
    expect(code).toBe(0)
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine')
    expect(readFileSync(join(folder, 'tls', 'shop.key'), 'utf8')).toBe('key')
    expect(['shop.key', 'shop.pem'].map((name) => modeOf(join(folder, 'tls', name)))).toEqual([0o600, 0o600])
    expect(readdirSync(join(folder, 'tls')).toSorted()).toEqual(Object.keys(FILES).toSorted())
  })

  it('says when a path cannot be written', async () => {
    const file = join(aFolder(), 'file')
    writeFileSync(file, '')
    const { code, problem } = await download((await aService()).url, '--out', join(file, 'x.zip'))
    expect([code, codeOf(problem)]).toEqual([1, 'invalid'])
  })

  it.each([
    ['../evil', FILES],
    ['/etc/evil', FILES],
    ['.hidden', FILES],
    ['a\\b', FILES],
  ])('an answer with a file %j writes nothing', async (name, files) => {
    const folder = aFolder()
    const { code, problem } = await download(
      (await aService({ ...files, [name]: 'x' })).url,
      '--unpack',
      '--out',
      join(folder, 'a'),
    )
    expect([code, codeOf(problem)]).toEqual([1, 'upstreamUnavailable'])
    expect(readdirSync(folder)).toEqual([])
  })

  it('an answer that names the archive elsewhere writes nothing', async () => {
    const folder = aFolder()
    const { code } = await download((await aService(FILES, aView({ archive: '../x.zip' }))).url, '--out', folder)
    expect(code).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('a file in the archive that would fill the disk writes nothing', async () => {
    const folder = aFolder()
    const service = await aService({ ...FILES, 'shop.pem': 'x'.repeat(2_000_000) })
    expect((await download(service.url, '--unpack', '--out', join(folder, 'a'))).code).toBe(1)
    expect(readdirSync(folder)).toEqual([])
  })

  it('knows no other format', async () => {
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram(['download', 'crt_old', '--format', 'p7b'], shell)).toBe(64)
    expect(await runProgram(['download', 'crt_old'], shell)).toBe(64)
  })
})
