/** The `evercert` command against a real service, a real site and the built-in CA. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CertificateDetail, OrderView } from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buy, findProduct, install, issuedAtFor, obtain } from '../../demo/past.ts'
import type { Service } from '../../demo/service.ts'
import { setStage, type Stage } from '../../demo/stage.ts'
import { createRoot } from '../harness/certificates.ts'

const root = join(import.meta.dirname, '..', '..')
const SITE = 'shop.evercert.test'

let stage: Stage
let service: Service
let old: CertificateDetail

beforeAll(async () => {
  stage = await setStage(new AbortController().signal)
  const site = await stage.openSite('builtin')
  const past = await stage.openService(Math.round((issuedAtFor(Date.now()) - Date.now()) / 1000))
  const paid = await buy(past.client, await findProduct(past.client))
  old = await obtain(past.client, paid.certificateId ?? '', stage.signal)
  await install(past.client, old, site, stage)
  service = await stage.openService(0)
})
afterAll(() => stage.strike())

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, EVERCERT_DATA_DIR: join(stage.folder, 'data'), LANG: 'C.UTF-8', LC_ALL: '' }
}

/** @param interruptAt sends Ctrl-C as soon as the output has this */
async function evercert(args: readonly string[], interruptAt: RegExp | null = null): Promise<Outcome> {
  const command = [join(root, 'packages/cli/bin/main.mjs'), ...args]
  const child = spawn(process.execPath, command, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let interrupted = false
  const onData = () => {
    if (interruptAt === null || interrupted || !interruptAt.test(stdout + stderr)) return
    interrupted = true
    child.kill('SIGINT')
  }
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    onData()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    onData()
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

async function json<Value>(...args: string[]): Promise<Value> {
  const { stdout, stderr } = await evercert([...args, '--json'])
  expect({ stdout, stderr }).not.toMatchObject({ stdout: '' })
  return JSON.parse(stdout) as Value
}

async function renewalOrders(): Promise<OrderView[]> {
  const { items } = await json<{ items: OrderView[] }>('orders')
  return items.filter(({ renewsCertificateId }) => renewsCertificateId === old.id)
}

describe('before the renewal', () => {
  it('lists what expires soon, and finds the service by its data folder', async () => {
    const { code, stdout } = await evercert(['list', '--status', 'expiringSoon'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`\\b12 .*renew now.*${old.id}`))
  })

  it('shows a certificate by domain, by id and by the beginning of an id', async () => {
    for (const wanted of [SITE, old.id, old.id.slice(0, -4)]) {
      expect((await json<CertificateDetail>('show', wanted)).id).toBe(old.id)
    }
    const { stdout } = await evercert(['show', SITE])
    expect(stdout).toContain(old.sha256)
  })

  it('asks before it buys, and without a terminal says what to do instead', async () => {
    const { code, stderr } = await evercert(['renew', SITE])
    expect(code).toBe(1)
    expect(stderr).toContain('--yes')
    expect(await renewalOrders()).toEqual([])
  })

  it('proves what the site serves, without the service', async () => {
    const { items } = await service.client.issuers.list()
    const ca = join(stage.folder, 'root.pem')
    await writeFile(ca, items.find(({ validityRule }) => validityRule === 'private')?.rootPem ?? '')
    const args = ['verify', `127.0.0.1:${stage.httpsPort}`, '--server-name', SITE, '--ca', ca]
    expect((await evercert(args)).code).toBe(0)
    const wrong = await evercert([...args, '--expect', 'a'.repeat(64)])
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toContain('otherCertificate')
  })
})

describe('renew', () => {
  it.each([
    ['after the quote', /Quote/],
    ['after the payment', /Payment from the balance/],
  ])('can be interrupted %s', async (_when, moment) => {
    const { code, stderr } = await evercert(['renew', SITE, '--yes'], moment)
    expect({ code, stderr }).toMatchObject({ code: 130 })
    expect(stderr).toContain(`evercert renew ${old.id}`)
  })

  it('goes on to the proof, with one order and one payment in all', async () => {
    const outcome = await evercert(['renew', old.id, '--yes', '--json'])
    expect(outcome).toMatchObject({ code: 0 })
    const document = JSON.parse(outcome.stdout) as Record<string, unknown>
    expect(document).toMatchObject({ result: 'served', old: { id: old.id, sha256: old.sha256 }, toppedUpDays: 12 })
    const orders = await renewalOrders()
    expect(orders.map(({ state }) => state)).toEqual(['paid'])
    const { entries } = await json<{ entries: { kind: string; orderId: string }[] }>('balance')
    expect(entries.filter(({ kind, orderId }) => kind === 'payment' && orderId === orders[0]?.id)).toHaveLength(1)
  })

  it('finds an old certificate served already', async () => {
    expect((await evercert(['renew', old.id, '--yes'])).code).toBe(0)
    expect(await renewalOrders()).toHaveLength(1)
  })

  it('finds it served by the name of the site too, where the new one is meant, which is not due', async () => {
    const { code, stdout } = await evercert(['renew', SITE, '--yes', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ result: 'served', old: { id: old.id, sha256: old.sha256 }, toppedUpDays: 12 })
    expect(await renewalOrders()).toHaveLength(1)
  })

  it('lists the new certificate under the old one', async () => {
    const { items } = await json<{ items: { id: string; renewsCertificateId: string | null }[] }>('list')
    const at = items.findIndex(({ id }) => id === old.id)
    expect(items[at + 1]?.renewsCertificateId).toBe(old.id)
  })
})

describe('upload', () => {
  const leaf = createRoot().issue({ names: ['uploaded.example.com'], notAfter: Date.now() + 60 * 86_400_000 })

  it('stores a certificate, and refuses it the second time with cause and remedy', async () => {
    const [cert, key] = [join(stage.folder, 'leaf.pem'), join(stage.folder, 'leaf.key')]
    await Promise.all([writeFile(cert, leaf.chainPem), writeFile(key, leaf.privateKeyPem)])
    const args = ['upload', '--cert', cert, '--key', key, '--name']
    expect(await json<CertificateDetail>(...args, 'elsewhere')).toMatchObject({ origin: 'uploaded', sha256: leaf.sha256 })
    const again = await evercert([...args, 'again'])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('duplicateCertificate')
    expect(again.stderr).not.toContain('PRIVATE KEY')
    // The next one stands under it: named by name, then by a domain, which means the last of them.
    const succeed = async (name: string, renews: string, daysLeft: number) => {
      const next = createRoot().issue({ names: ['uploaded.example.com'], notAfter: Date.now() + daysLeft * 86_400_000 })
      await Promise.all([writeFile(cert, next.chainPem), writeFile(key, next.privateKeyPem)])
      return json<CertificateDetail>(...args, name, '--renews', renews)
    }
    const second = await succeed('second', 'elsewhere', 70)
    const third = await succeed('third', 'uploaded.example.com', 80)
    expect(third.renewsCertificateId).toBe(second.id)
    const early = await evercert(['renew', third.id, '--yes', '--json'])
    expect(early.code).toBe(2)
    expect(JSON.parse(early.stdout)).toMatchObject({ result: 'notDue', reasons: [{ code: 'renewalNotYetOpen' }] })
    expect(await json<CertificateDetail>('show', second.renewsCertificateId ?? '')).toMatchObject({
      name: 'elsewhere',
      renewedByCertificateId: second.id,
    })
    const refused = await evercert([...args, 'fourth', '--renews', second.id])
    expect([refused.code, refused.stderr.includes(third.id)]).toEqual([1, true])
  })
})

describe('failures', () => {
  it('name what is unknown', async () => {
    const { code, stderr } = await evercert(['show', 'nothing.example.com', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({ code: 'notFound' })
  })
})
