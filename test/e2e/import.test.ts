/** Estates that certbot, lego and Caddy themselves have made against Pebble, taken over by the `evercert` command. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CertificateDetail, CertificateView } from '@evercert/contract'
import { parseChain } from '@evercert/pki'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCaddy, runCertbot, runLego } from '../../bench/renewals/others.ts'
import type { Race } from '../../bench/renewals/contender.ts'
import { startEvercert, type Evercert } from '../../bench/support/evercert.ts'
import { createChain, type TestLeaf } from '../harness/certificates.ts'
import { startPebble, type Pebble } from '../harness/pebble.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)

let folder: string
let pebble: Pebble
let evercert: Evercert
let race: (tool: string) => Promise<Race>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-import-'))
  pebble = await startPebble({ alwaysValid: true, nonceRejectPercent: 0 })
  evercert = await startEvercert({ dataDir: join(folder, 'data') })
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, pebble.caPem)
  race = async (tool) => {
    const place = join(folder, tool)
    await mkdir(place)
    return { pebble, caFile, folder: place }
  }
})
afterAll(async () => {
  await Promise.all([evercert?.process.stop(), pebble?.stop()])
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

interface Document {
  readonly stored: readonly {
    readonly origin: string
    readonly name: string
    readonly certificateId: string
    readonly sha256: string
  }[]
  readonly present: readonly { readonly problem: { readonly code: string } }[]
  readonly refused: readonly { readonly origin: string; readonly problem: { readonly code: string } }[]
  readonly skipped: readonly { readonly origin: string; readonly code: string }[]
}

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function command(...args: string[]): Promise<Outcome> {
  const env = { ...process.env, EVERCERT_DATA_DIR: join(folder, 'data'), EVERCERT_URL: evercert.url, LANG: 'C.UTF-8', LC_ALL: '' }
  const program = join(ROOT, 'packages/cli/bin/main.mjs')
  return run(process.execPath, [program, ...args], { env, maxBuffer: 16 * 1024 * 1024 }).then(
    (output) => ({ code: 0, ...output }),
    (error: unknown) => error as Outcome,
  )
}

async function documentOf(...args: string[]): Promise<Document> {
  const outcome = await command(...args, '--json')
  expect(outcome.stderr).not.toContain('PRIVATE KEY')
  return JSON.parse(outcome.stdout) as Document
}

async function shaOf(path: string): Promise<string> {
  return parseChain(await readFile(path, 'utf8'))[0]?.sha256 ?? ''
}

function list(): Promise<CertificateView[]> {
  return evercert.client.certificates.list({ limit: 200 }).then(({ items }) => items)
}

describe('certbot', () => {
  it('is taken over with names and keys; a generation that a newer one replaced stands above it', async () => {
    const contest = await race('certbot')
    await runCertbot(contest, 1)
    const root = join(contest.folder, 'config')
    const [before] = (await documentOf('import', 'certbot', '--root', root, '--dry-run')).stored
    expect(await list()).toEqual([])
    const name = before?.name ?? ''
    await run(
      'certbot',
      ['renew', '--force-renewal', '--no-random-sleep-on-renew', '--non-interactive', '--server', pebble.directoryUrl].concat(
        ['config', 'work', 'logs'].flatMap((place) => [`--${place}-dir`, join(contest.folder, place)]),
      ),
      { env: { ...process.env, REQUESTS_CA_BUNDLE: contest.caFile } },
    )
    const current = await shaOf(join(root, 'live', name, 'cert.pem'))
    expect(current).not.toBe(before?.sha256)
    const imported = await documentOf('import', 'certbot', '--root', root)
    const [old, last] = imported.stored
    expect(imported.stored).toMatchObject([{ name, sha256: before?.sha256 }, { sha256: current }])
    expect(imported.skipped).toEqual([])
    const detail: CertificateDetail = await evercert.client.certificates.get({ id: last?.certificateId ?? '' })
    expect(detail).toMatchObject({
      origin: 'uploaded',
      status: 'issued',
      domains: [name],
      renewsCertificateId: old?.certificateId,
    })
    expect(detail.name.startsWith(`${name} (`)).toBe(true)
    expect(detail.chainPem).toBe((await readFile(join(root, 'live', name, 'fullchain.pem'), 'utf8')).replaceAll('\n\n', '\n'))
  })

  it('may be imported again: nothing changes, and that is no failure', async () => {
    const outcome = await command('import', 'certbot', '--root', join(folder, 'certbot', 'config'))
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stdout).toContain('2 there already')
    expect(await list()).toHaveLength(2)
  })
})

it('lego is taken over', async () => {
  const contest = await race('lego')
  await runLego(contest, 1)
  const { stored, refused, skipped } = await documentOf('import', 'lego', '--path', contest.folder)
  const [only] = stored
  expect([stored.length, refused, skipped]).toEqual([1, [], []])
  expect(only?.sha256).toBe(await shaOf(join(contest.folder, 'certificates', `${only?.name ?? ''}.crt`)))
})

it('Caddy is taken over', async () => {
  const contest = await race('caddy')
  await runCaddy(contest, 2)
  const { stored, refused } = await documentOf('import', 'caddy', '--data', contest.folder)
  expect([stored.length, refused]).toEqual([2, []])
  for (const { name } of stored) expect(name).toMatch(/^[a-z0-9.-]+$/)
})

describe('upload --from', () => {
  let leaves: readonly TestLeaf[]
  let estate: string
  beforeAll(async () => {
    const issuer = createChain()
    leaves = ['one', 'two', 'three'].map((name) => issuer.issue({ names: [`${name}.upload.example.com`] }))
    estate = join(folder, 'estate')
    await mkdir(join(estate, 'inner'), { recursive: true })
    for (const [index, leaf] of leaves.entries()) {
      await writeFile(join(estate, `certificate-${index}.pem`), leaf.chainPem)
      await writeFile(join(estate, 'inner', `any-${index}.key`), leaf.privateKeyPem)
    }
    const expired = issuer.issue({
      names: ['old.example.com'],
      notBefore: Date.now() - 86_400_000 * 9,
      notAfter: Date.now() - 86_400_000,
    })
    await writeFile(join(estate, 'old.pem'), expired.chainPem + expired.privateKeyPem)
    await writeFile(join(estate, 'lost.pem'), issuer.issue().chainPem)
  })

  it('rehearses, stores what it can, and says what was refused and why', async () => {
    const rehearsal = await documentOf('upload', '--from', estate, '--dry-run')
    expect(rehearsal.stored).toHaveLength(3)
    const countBefore = (await list()).length
    const outcome = await command('upload', '--from', estate)
    expect(outcome.code).toBe(1)
    expect(outcome.stdout).toMatch(/3 stored, 0 there already, 1 refused, 1 left out/)
    expect(outcome.stdout).toMatch(/old\.pem +certificateExpired/)
    expect(outcome.stdout).toMatch(/lost\.pem +noKey/)
    expect((await list()).length).toBe(countBefore + 3)
  })

  it.each([
    ['zip', (file: string) => run('zip', ['-q', '-r', file, '.'], { cwd: estate })],
    ['tar.gz', (file: string) => run('tar', ['-czf', file, '.'], { cwd: estate })],
  ])('reads what real programs pack as .%s', async (extension, pack) => {
    const file = join(folder, `estate.${extension}`)
    await pack(file)
    const { present, refused, skipped } = await documentOf('upload', '--from', file)
    expect(present.map(({ problem }) => problem.code)).toEqual(Array.from({ length: 3 }, () => 'duplicateCertificate'))
    expect(refused.map(({ problem }) => problem.code)).toEqual(['certificateExpired'])
    expect(skipped.map(({ code }) => code)).toEqual(['noKey'])
  })

  it('tells a certificate whose name is taken by another apart by its last day', async () => {
    const next = createChain().issue({ names: ['one.upload.example.com'] })
    await mkdir(join(folder, 'next'))
    await writeFile(join(folder, 'next', 'next.pem'), next.chainPem + next.privateKeyPem)
    const { stored } = await documentOf('upload', '--from', join(folder, 'next'))
    expect(stored[0]?.name).toMatch(/^one\.upload\.example\.com \(\d{4}-\d\d-\d\d\)$/)
  })

  it('does not mix the two ways of the command', async () => {
    expect(await command('upload', '--from', estate, '--name', 'x')).toMatchObject({ code: 64 })
    expect(await command('upload', '--from', estate, '--renews', 'x')).toMatchObject({ code: 64 })
    expect(await command('upload', '--name', 'x')).toMatchObject({ code: 64 })
    expect(await command('upload', '--from', join(folder, 'nothing'))).toMatchObject({ code: 64 })
  })
})
