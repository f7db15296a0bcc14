/**
 * A certificate that was bought here, downloaded with the `evercert` command for every kind of server, and served by each of them.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import type { CertificateDetail, DownloadFormat } from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buy, findProduct } from '../../demo/past.ts'
import { startApache } from '../harness/apache.ts'
import { startNginx } from '../harness/nginx.ts'
import { startTomcat, type Keystore } from '../harness/tomcat.ts'
import { openHouse, type House } from './support/house.ts'
import { waitForIssuance } from './support/renewal.ts'

const execute = promisify(execFile)
const PROGRAM = join(import.meta.dirname, '..', '..', 'packages/cli/bin/main.mjs')
const SITE = 'shop.evercert.test'

let folder: string
let house: House
let certificate: CertificateDetail
let base: string
let rootPem: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-downloads-'))
  house = await openHouse({ folder, names: [SITE] })
  const { certificateId } = await house.call(async (client) => buy(client, await findProduct(client)))
  const id = certificateId ?? ''
  await house.call((client) => client.applications.submit({ id, domains: [SITE], validationMethod: 'file' }))
  certificate = await waitForIssuance(house, id)
  base = certificate.name
  rootPem = await readFile(join(await download('root'), `${base}_root.crt`), 'utf8')
})
afterAll(async () => {
  await house.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** @returns the folder that the files were unpacked into */
async function download(format: DownloadFormat, ...args: readonly string[]): Promise<string> {
  const out = join(folder, format)
  const command = [PROGRAM, 'download', certificate.id, '--format', format, '--unpack', '--out', out, ...args]
  await execute(process.execPath, command, { env: { ...process.env, EVERCERT_DATA_DIR: join(folder, 'data'), LANG: 'C.UTF-8' } })
  return out
}

/** What a client sees that trusts nothing but the root that was downloaded. */
function served(port: number): Promise<{ readonly sha256: string; readonly trusted: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ sha256: string; trusted: boolean }>()
  const socket = connect({ host: '127.0.0.1', port, servername: SITE, ca: rootPem, rejectUnauthorized: false }, () => {
    const { fingerprint256 } = socket.getPeerCertificate()
    resolve({ sha256: fingerprint256.replaceAll(':', '').toLowerCase(), trusted: socket.authorized })
    socket.destroy()
  })
  socket.once('error', reject)
  return promise
}

const expected = () => ({ sha256: certificate.sha256, trusted: true })

describe('a downloaded certificate is served', () => {
  it('by nginx', async () => {
    const files = await download('nginx')
    const keyPath = join(files, `${base}.key`)
    expect((await stat(keyPath)).mode & 0o777).toBe(0o600)
    const nginx = await startNginx({ certificatePath: join(files, `${base}.pem`), keyPath })
    onTestFinished(() => nginx.stop())
    expect(await served(nginx.httpsPort)).toEqual(expected())
  })

  it('by Apache', async () => {
    const files = await download('apache')
    const apache = await startApache({
      certificatePath: join(files, `${base}_public.crt`),
      chainPath: join(files, `${base}_chain.crt`),
      keyPath: join(files, `${base}.key`),
    })
    onTestFinished(() => apache.stop())
    expect(await served(apache.httpsPort)).toEqual(expected())
  })

  it('by Tomcat, from each kind of keystore', async () => {
    const keystore = async (format: 'tomcat' | 'iis' | 'jks'): Promise<Keystore> => {
      const files = await download(format)
      const [extension, type] = format === 'jks' ? (['jks', 'JKS'] as const) : (['pfx', 'PKCS12'] as const)
      const password = await readFile(join(files, `${extension}-password.txt`), 'utf8')
      return { path: join(files, `${base}.${extension}`), type, password }
    }
    const tomcat = await startTomcat([await keystore('tomcat'), await keystore('iis'), await keystore('jks')])
    onTestFinished(() => tomcat.stop())
    for (const port of tomcat.httpsPorts) expect(await served(port)).toEqual(expected())
  })

  it('and the history says who got the key, and for what', async () => {
    await download('other')
    const { history } = await house.call((client) => client.certificates.get({ id: certificate.id }))
    const lines = history.filter(({ subject, to }) => subject === 'key' && to === 'downloaded')
    expect(lines.map(({ actor, detail }) => `${actor}: ${detail?.split(',')[0] ?? ''}`).toSorted()).toEqual(
      ['apache', 'iis', 'jks', 'nginx', 'other', 'tomcat'].map((format) => `operator: ${format}`),
    )
  })

  it('and a second download writes over nothing unless it is told to', async () => {
    const path = join(folder, 'nginx', `${base}.key`)
    const before = await stat(path)
    await expect(download('nginx')).rejects.toThrow('--force')
    expect((await stat(path)).ino).toBe(before.ino)
    await download('nginx', '--force')
    expect((await stat(path)).ino).not.toBe(before.ino)
  })
})
