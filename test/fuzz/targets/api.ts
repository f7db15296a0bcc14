/**
 * The API of a running service: requests that were changed in their bytes, in their JSON, and in the PEM, CSRs and images inside. No answer is a
 * 5xx, a refusal changes nothing, and whatever is stored is stored in whole.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../../packages/server/src/config/config.ts'
import { startService } from '../../../packages/server/src/main.ts'
import { mutateBytes, mutateJson, mutateText, TIMES } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target, Verdict } from '../target.ts'
import { prepareRequests, type Body, type Query, type Request, type Requests } from './requests.ts'
import { createStateReader, expectUnchanged, expectWhole } from './stored.ts'

const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }

export interface ApiTargets {
  readonly targets: Target[]
  stop(): Promise<void>
}

/** Without a body it reads. */
type Send = (path: string, body?: string | Buffer) => Promise<Verdict>

export async function apiTargets(folder: string): Promise<ApiTargets> {
  const config = loadConfig({
    EVERCERT_DATA_DIR: join(folder, 'data'),
    EVERCERT_PORT: '0',
    EVERCERT_LOG_LEVEL: 'silent',
    EVERCERT_REQUESTS_PER_MINUTE: '0',
  })
  const service = await startService({ config, worker: IDLE_WORKER })
  const token = readFileSync(service.operatorTokenFile ?? '', 'utf8').trim()
  const requests = await prepareRequests(service, token)
  const readState = await createStateReader(service.services.db)
  const send: Send = async (path, body) => {
    const before = await readState()
    const response = await fetch(new URL(path, service.url), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: typeof body === 'object' ? new Uint8Array(body) : (body ?? null),
    })
    const text = await response.text()
    if (response.status >= 500) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 500)}`)
    if (response.status < 400) return 'accepted'
    if (!text.startsWith('{"')) throw new Error(`${path} refused without a problem document: ${text.slice(0, 500)}`)
    expectUnchanged(before, await readState(), path)
    return 'refused'
  }
  const last = { inspect: () => expectWhole(service.services.db) }
  const targets = targetsOf(requests, send)
  return {
    targets: targets.map((target, index) => (index === targets.length - 1 ? { ...target, ...last } : target)),
    stop: () => service.stop(),
  }
}

function targetsOf(requests: Requests, send: Send): Target[] {
  const { all, upload, queries, csrs, documents, application, withdraw } = requests
  return [
    {
      name: 'API: JSON',
      share: 0.02,
      feed: async (random) => {
        const [path, make] = random.pick(all)
        return send(path, JSON.stringify(mutateJson(await make(), random)) ?? 'null')
      },
    },
    {
      name: 'API: bytes',
      share: 0.015,
      feed: async (random) => {
        const [path, make] = random.pick(all)
        return send(path, mutateBytes(Buffer.from(JSON.stringify(await make())), random))
      },
    },
    {
      name: 'API: queries',
      share: 0.005,
      feed: (random) => send(changedQuery(random.pick(queries), random)),
    },
    {
      name: 'API: CSRs',
      share: 0.01,
      feed: (random) => sendChanged(send, random.pick(csrs), ['csrPem', 'privateKeyPem'], random),
    },
    {
      name: 'API: documents',
      share: 0.005,
      feed: async (random) => {
        const [path, make] = random.pick(documents)
        const { contentBase64, ...rest } = await make()
        const bytes = mutateBytes(Buffer.from(String(contentBase64), 'base64'), random)
        return send(path, JSON.stringify({ ...rest, contentBase64: bytes.toString('base64') }))
      },
    },
    {
      name: 'API: applications',
      share: 0.005,
      feed: async (random) => {
        const verdict = await sendChanged(send, application, ['csrPem'], random)
        if (verdict === 'accepted') await withdraw()
        return verdict
      },
    },
    {
      name: 'API: PEM in bulk',
      share: 0.02,
      feed: (random) => send('/api/v1/certificate-uploads', JSON.stringify({ entries: someUploads(upload, random) })),
    },
  ]
}

/** Short enough for a line of HTTP. */
function changedQuery([path, parameters]: Query, random: Random): string {
  const kept = Object.entries(parameters).filter(() => !random.chance(0.3))
  const changed = kept.map(([name, value]): [string, string] => {
    if (random.chance(0.7)) return [name, value]
    return [name, random.chance(0.5) ? random.pick(TIMES) : mutateText(value, random).slice(0, 1000)]
  })
  return `${path}?${new URLSearchParams(changed).toString()}`
}

/** One of the fields is changed, or, now and then, none. */
async function sendChanged(send: Send, [path, make]: Request, fields: readonly string[], random: Random): Promise<Verdict> {
  const body = await make()
  const there = fields.filter((field) => typeof body[field] === 'string')
  return send(path, JSON.stringify(random.chance(0.1) ? body : withChange(body, random.pick(there), random)))
}

function someUploads(upload: () => Body, random: Random): Body[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const field = random.pick(['certificatePem', 'privateKeyPem', 'name', 'none'])
    return field === 'none' ? upload() : withChange(upload(), field, random)
  })
}

/** NUL and half surrogate pairs refuse the whole request; here the text itself is to be looked at. */
function withChange(body: Body, field: string, random: Random): Body {
  return { ...body, [field]: mutateText(String(body[field]), random).replaceAll('\u0000', '').toWellFormed() }
}
