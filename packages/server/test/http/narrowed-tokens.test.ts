import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract, NARROWING, narrowingOf, parseProblem, SCOPES, type NarrowedSubject } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  anUpload,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { oneDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const TAG = 'shop'
const OPERATIONS = Object.entries(contract).flatMap(([group, members]) =>
  Object.entries(members).map(([member, procedure]) => {
    const { route, meta, inputSchema } = procedure['~orpc']
    const name = `${group}.${member}`
    const { isOpen = false, isForAgents = false } = meta.operation ?? {}
    const isForOthers = isOpen || isForAgents
    return {
      name,
      method: route.method ?? 'POST',
      path: route.path ?? '',
      inputSchema,
      isForOthers,
      narrowing: narrowingOf(name),
    }
  }),
)
const NAMED = OPERATIONS.filter(({ narrowing }) => typeof narrowing === 'object')
const CLOSED = OPERATIONS.filter(({ narrowing, isForOthers }) => narrowing === 'closed' && !isForOthers)
const FILTERED = OPERATIONS.filter(({ narrowing }) => narrowing === 'filtered')

describe('the declaration', () => {
  test('has every operation, and none that there is not', () => {
    const declared = Object.entries(NARROWING).flatMap(([group, members]) =>
      Object.keys(members).map((name) => `${group}.${name}`),
    )
    expect(declared.toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted())
  })

  test.each(OPERATIONS.filter(({ path }) => path.startsWith('/certificates/{id}')))(
    '$name is of its certificate',
    ({ narrowing }) => {
      expect([{ certificate: 'id' }, 'closed']).toContainEqual(narrowing)
    },
  )

  test('whatever takes the id of a certificate by another name is of it, shows only what is seen, or is closed', () => {
    const taking = OPERATIONS.filter(({ name, inputSchema, isForOthers }) => {
      if (isForOthers || inputSchema === undefined || name === 'management.start') return false
      const { properties = {} } = z.toJSONSchema(inputSchema as z.ZodType, { io: 'input', unrepresentable: 'any' })
      return Object.keys(properties).some((field) => /certificateId/i.test(field))
    })
    expect(taking.map(({ name }) => name)).toEqual(expect.arrayContaining(['orders.place', 'notices.list', 'targets.create']))
    for (const { name, narrowing } of taking) {
      const isNamed = typeof narrowing === 'object' && /certificateId/i.test(narrowing.certificate ?? '')
      expect({ name, safe: isNamed || narrowing === 'filtered' || narrowing === 'closed' }).toEqual({ name, safe: true })
    }
  })
})

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let token: string
  let narrowed: Client
  /** One of each kind, of a certificate that has the tag, and of one that has not. */
  let own: Ids
  let others: Ids
  type Ids = Partial<Record<NarrowedSubject | 'upload', string>>

  beforeAll(async () => {
    const database = await open()
    service = await startTestService({ database })
    account = await anAccount(service)
    const made = await account.client.tokens.create({ name: 'narrow', scopes: [...SCOPES], tags: [TAG] })
    token = made.token
    narrowed = service.clientOf(token)
    own = await aSet(join(database.dataDir, 'own'), true)
    others = await aSet(join(database.dataDir, 'others'), false)
  })
  afterAll(() => service.stop())

  async function aSet(folder: string, isTagged: boolean): Promise<Ids> {
    const { client } = account
    const certificate = await anIssuedCertificate(account)
    const upload = await anUpload(account, { daysLeft: 20 })
    if (isTagged) await client.certificates.tagMany({ ids: [certificate.id, upload.id], add: [TAG] })
    const renewed = await buyCertificate(account, { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE })
    const order = certificate.orderId ?? ''
    const endpoint = await client.endpoints.create({ certificateId: certificate.id, host: `${String(isTagged)}.example.com` })
    const files = { certificatePath: join(folder, 'a.pem'), keyPath: join(folder, 'a.key'), reloadCommand: ['true'] }
    const target = await client.targets.create({
      certificateId: certificate.id,
      name: `t ${String(isTagged)}`,
      kind: 'localFiles',
      config: files,
    })
    const notice = await waitFor('a notice', async () => {
      const { items } = await client.notices.list({ certificateId: upload.id })
      return items[0] ?? null
    })
    return {
      certificate: certificate.id,
      upload: upload.id,
      order,
      payment: (await client.payments.list({ orderId: order })).items[0]?.id ?? '',
      renewal: renewed.renewalProcess?.id ?? '',
      endpoint: endpoint.id,
      target: target.id,
      notice: notice.id,
    }
  }

  async function call({ method, path }: { readonly method: string; readonly path: string }, body: object = {}) {
    const response = await service.fetch(`/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, problem: parseProblem(tryJson(text)) }
  }

  test.each(CLOSED)('is refused what is of no certificate: $name', async (operation) => {
    const { problem } = await call({ ...operation, path: operation.path.replaceAll(/\{\w+\}/g, others.certificate ?? '') })
    expect(problem).toMatchObject({ code: 'tokenNarrowed', status: 403, facts: { tags: [TAG] } })
  })

  test.each(NAMED)('does not know what belongs to other certificates: $name', async (operation) => {
    const [[subject, field] = ['certificate', 'id'] as const] = Object.entries(operation.narrowing) as [NarrowedSubject, string][]
    const id = others[subject] ?? 'rcp_00000000000000000000000000'
    const before = await account.client.certificates.get({ id: others.certificate ?? '' })
    const isInPath = operation.path.includes(`{${field}}`)
    const query = !isInPath && operation.method === 'GET' ? `?${field}=${id}` : ''
    const path = operation.path.replace(`{${field}}`, id) + query
    const answer = await call({ ...operation, path }, isInPath ? {} : { [field]: id })
    expect(answer.problem).toMatchObject({ code: 'notFound', status: 404 })
    // It learns no more than of an identifier that was never given.
    const invented = `${id.slice(0, 4)}${'0'.repeat(26)}`
    const other = await call({ ...operation, path: path.replace(id, invented) }, isInPath ? {} : { [field]: invented })
    expect(other.problem?.detail.replaceAll(invented, '')).toBe(answer.problem?.detail.replaceAll(id, ''))
    expect((await account.client.certificates.get({ id: others.certificate ?? '' })).history).toEqual(before.history)
  })

  test.each(FILTERED)('sees its own and nothing else in $name', async (operation) => {
    const { status, text } = await call(operation, operation.method === 'POST' ? { format: 'json' } : {})
    expect(status).toBe(200)
    for (const id of Object.values(others)) expect(text).not.toContain(id)
  })

  test('finds, counts and reads its own', async () => {
    const { items } = await narrowed.certificates.list({ search: 'example.com' })
    expect(items.map(({ id }) => id)).toContain(own.certificate)
    expect((await narrowed.certificates.list({ search: others.certificate ?? '' })).items).toEqual([])
    const all = (await narrowed.certificates.list({ limit: 200 })).items
    expect(all).toHaveLength(3) // the issued one, the upload, and what renews it
    const counted = (await narrowed.certificates.counts({})).items
    const byStatus = Map.groupBy(all, ({ status }) => status)
    expect(Object.fromEntries(counted.map(({ status, count }) => [status, count]))).toEqual(
      Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length])),
    )
    const soon = await narrowed.certificates.expiries({ days: 30 })
    expect(soon.items.map(({ count }) => count)).toEqual([1])
    expect((await narrowed.targets.list()).items.map(({ id }) => id)).toEqual([own.target])
    expect((await narrowed.endpoints.list()).items.map(({ id }) => id)).toEqual([own.endpoint])
    expect((await narrowed.orders.list({})).items).toHaveLength(2)
    expect((await narrowed.notices.list({})).items.map(({ id }) => id)).toContain(own.notice)
    expect((await narrowed.renewals.get({ id: own.renewal ?? '' })).id).toBe(own.renewal)
    expect((await narrowed.payments.get({ id: own.payment ?? '' })).id).toBe(own.payment)
    expect((await narrowed.downloads.withKey({ id: own.certificate ?? '', format: 'nginx' })).size).toBeGreaterThan(0)
    expect(await narrowed.me.get()).toMatchObject({ token: { tags: [TAG] } })
  })

  test('renews its own, and what renews it has the tags; buys nothing else', async () => {
    const upload = await anUpload(account, { daysLeft: 20 })
    const wish = { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE }
    expect(await refusalOf(narrowed.orders.place(wish, withKey()))).toMatchObject({ code: 'notFound' })
    await account.client.certificates.tag({ id: upload.id, add: [TAG, 'more'] })
    const order = await narrowed.orders.place(wish, withKey())
    const { certificateId } = await narrowed.orders.pay({ id: order.id }, withKey())
    const renewed = await narrowed.certificates.get({ id: certificateId ?? '' })
    expect(renewed).toMatchObject({ renewsCertificateId: upload.id, tags: ['more', TAG] })
    const form = aForm(['x.example.com'], { validationMethod: 'dnsManual' })
    await narrowed.applications.submit({ id: renewed.id, ...form })
    await narrowed.applications.withdraw({ id: renewed.id })
    expect(await refusalOf(narrowed.orders.place({ productId: PRIVATE_SINGLE }, withKey()))).toMatchObject({
      code: 'tokenNarrowed',
    })
    // Taken out of its sight, it is gone.
    await account.client.certificates.tag({ id: renewed.id, remove: [TAG] })
    expect(await refusalOf(narrowed.certificates.get({ id: renewed.id }))).toMatchObject({ code: 'notFound' })
  })
})

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
