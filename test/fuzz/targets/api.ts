/**
 * The API of a running service: requests that were changed in their bytes, in their JSON, and in the PEM inside. No answer is a 5xx,
 * and whatever is stored is stored in whole.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { loadConfig } from '../../../packages/server/src/config/config.ts'
import { startService, type RunningService } from '../../../packages/server/src/main.ts'
import { createChain, type TestLeaf } from '../../harness/certificates.ts'
import { mutateBytes, mutateJson, mutateText } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target, Verdict } from '../target.ts'

const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const DAY_MS = 86_400_000

export interface ApiTargets {
  readonly targets: Target[]
  stop(): Promise<void>
}

export async function apiTargets(folder: string): Promise<ApiTargets> {
  const config = loadConfig({
    EVERCERT_DATA_DIR: join(folder, 'data'),
    EVERCERT_PORT: '0',
    EVERCERT_LOG_LEVEL: 'silent',
    EVERCERT_REQUESTS_PER_MINUTE: '0',
  })
  const service = await startService({ config, worker: IDLE_WORKER })
  const token = readFileSync(service.operatorTokenFile ?? '', 'utf8').trim()
  const send = async (path: string, body: string | Buffer): Promise<Verdict> => {
    const response = await fetch(new URL(path, service.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
    const text = await response.text()
    if (response.status >= 500) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
    if (response.status >= 400 && !text.startsWith('{"'))
      throw new Error(`${path} refused without a problem document: ${text.slice(0, 500)}`)
    return response.status < 400 ? 'accepted' : 'refused'
  }
  const issuer = createChain({ notAfter: Date.now() + 4000 * DAY_MS })
  let issued = 0
  /** Fresh, so that a change that leaves it whole is stored. */
  const upload = (): Record<string, unknown> =>
    uploadOf(issuer.issue({ names: [`fuzz-${(issued += 1)}.example.com`] }), `fuzz ${issued}`)
  const bodies: readonly (readonly [path: string, make: () => unknown])[] = [
    ['/api/v1/certificates', upload],
    ['/api/v1/certificate-uploads', () => ({ entries: [upload(), upload()], dryRun: false })],
    ['/api/v1/quotes', () => ({ productId: 'evercert-private-dv-single', domainCount: 1, termYears: 1 })],
    ['/api/v1/orders', () => ({ productId: 'evercert-private-dv-single', domainCount: 1, termYears: 1 })],
    ['/api/v1/endpoints', () => ({ certificateId: 'crt_00000000000000000000000000', host: 'localhost', port: 443 })],
  ]
  return {
    targets: [
      {
        name: 'API: JSON',
        share: 0.03,
        feed: (random) => {
          const [path, make] = random.pick(bodies)
          return send(path, JSON.stringify(mutateJson(make(), random)) ?? 'null')
        },
      },
      {
        name: 'API: bytes',
        share: 0.02,
        feed: (random) => {
          const [path, make] = random.pick(bodies)
          return send(path, mutateBytes(Buffer.from(JSON.stringify(make())), random))
        },
      },
      {
        name: 'API: PEM in bulk',
        share: 0.03,
        feed: (random) => send('/api/v1/certificate-uploads', JSON.stringify({ entries: someUploads(upload, random) })),
        inspect: () => inspect(service),
      },
    ],
    stop: () => service.stop(),
  }
}

function uploadOf(leaf: TestLeaf, name: string): Record<string, unknown> {
  return { name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
}

function someUploads(upload: () => Record<string, unknown>, random: Random): Record<string, unknown>[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const entry = upload()
    const field = random.pick(['certificatePem', 'privateKeyPem', 'name', 'none'])
    return field === 'none' ? entry : { ...entry, [field]: plain(mutateText(String(entry[field]), random)) }
  })
}

/** NUL and half surrogate pairs refuse the whole request; here the entries are to be looked at. */
function plain(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed()
}

/** Each uploaded certificate has its issuance, key, secret and history, and none of these is without it. */
async function inspect({ services }: RunningService): Promise<void> {
  const { rows } = await sql<Record<string, string>>`select
    (select count(*) from certificate where origin = 'uploaded') as certificates,
    (select count(*) from certificate join issuance on issuance.id = certificate.issuance_id
      and issuance.certificate_id = certificate.id where origin = 'uploaded') as issued,
    (select count(*) from issuance) as issuances,
    (select count(*) from private_key join issuance on issuance.private_key_id = private_key.id) as used_keys,
    (select count(*) from private_key) as keys,
    (select count(*) from secret join private_key on private_key.secret_id = secret.id) as used_secrets,
    (select count(*) from secret where purpose = 'privateKey') as secrets,
    (select count(*) from history where to_state = 'uploaded') as history`.execute(services.db)
  const counts = new Set(Object.values(rows[0] ?? {}).map(Number))
  if (counts.size !== 1) throw new Error(`Something was stored in part: ${JSON.stringify(rows[0])}`)
}
