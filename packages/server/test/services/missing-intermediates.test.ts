import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { createOpensslCa, type OpensslCa } from '../../../../test/harness/openssl-ca.ts'
import { createProber } from '../../src/services/probing/prober.ts'
import { verifySite } from '../../src/services/probing/observe.ts'
import { fetchIssuer } from '../../src/services/revocation-checks/issuers.ts'
import { nameMissing } from '../../src/services/revocation-checks/missing.ts'
import { completeChains } from '../../src/services/uploads/complete-chain.ts'
import { createUploadReader } from '../../src/services/uploads/read-upload.ts'
import { anAccount, aSite, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { openerOf, temporaryFolder } from '../support/databases.ts'
import { startPages, type Page, type Pages } from '../support/pages.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const open = openerOf('embedded')
const folder = temporaryFolder()
let service: TestService
let account: TestAccount
let below: OpensslCa
let site: Pages

beforeAll(async () => {
  service = await startTestService({
    database: await open(),
    clock: createClock(Date.now()),
    worker: IDLE_WORKER,
    environment: { EVERCERT_PROBE_CONCURRENCY: '1' },
  })
  account = await anAccount(service)
  const ca = await createOpensslCa({ folder: join(folder, 'own') })
  below = await createOpensslCa({ folder: join(folder, 'below'), commonName: 'Intermediate of the test', parent: ca })
  site = await startPages()
})
afterAll(async () => {
  await service.stop()
  await site.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A server that leaves its intermediate out, which is at a place that answers when the test says so. */
async function anIncomplete(path: string): Promise<{ server: Running; id: string; host: string; answer: () => void }> {
  const { promise, resolve } = Promise.withResolvers<Page>()
  site.pages.set(path, () => promise)
  const leaf = await below.issue({ name: aSite(service), issuerUrl: `${site.url}${path}` })
  const chain = { certificatePem: `${leaf.pem}${below.pem}`, privateKeyPem: leaf.keyPem }
  const { id, domains } = await account.client.certificates.upload({ name: path, ...chain })
  const server = await serveTls({ chainPem: leaf.pem, privateKeyPem: leaf.keyPem })
  return { server, id, host: domains[0] ?? '', answer: () => resolve({ body: below.der }) }
}

test('a place that is slow to say what is missing holds up no other endpoint', async () => {
  const { server, id, host, answer } = await anIncomplete('/slow.crt')
  const { db } = service.services
  const first = await account.client.endpoints.create({ certificateId: id, host, port: server.port })
  const second = await account.client.endpoints.create({ certificateId: id, host: '127.1.2.3', port: await freePort() })
  await sql`update certificate set served_at = now() where id = ${id}`.execute(db)
  await sql`update endpoint set probed_at = null, probe_at = timestamptz '2000-01-01' + (id = ${second.id})::int * interval '1 second'
    where certificate_id = ${id}`.execute(db)
  const prober = createProber(service.services, new AbortController().signal)
  expect(await prober.round()).toBe(2)
  const probed = async (endpointId: string) =>
    (await db.selectFrom('endpoint').select('probed_at').where('id', '=', endpointId).executeTakeFirstOrThrow()).probed_at
  await expect.poll(() => probed(second.id), { timeout: 4000 }).not.toBeNull()
  expect(await probed(first.id)).toBeNull()
  answer()
  await prober.idle()
  const shown = (await account.client.endpoints.list()).items.find((each) => each.id === first.id)
  expect(shown?.observations[0]).toMatchObject({ verdict: 'incompleteChain' })
  expect(shown?.observations[0]?.remedy.en).toContain('Intermediate of the test')
  await server.close()
})

test('who waits too long goes without; all wait for one request, and the next has its answer', async () => {
  const { server, host, answer } = await anIncomplete('/late.crt')
  const { services } = service
  const seen = await verifySite(
    services,
    { host, port: server.port, serverName: host, protocol: 'tls' },
    { expected: {}, trustedRootsPem: [] },
  )
  expect(seen.addresses[0]?.verdict).toBe('incompleteChain')
  const late = await Promise.all([1, 2, 3].map(() => nameMissing(services, seen, { waitMs: 20 })))
  expect(late).toEqual([seen, seen, seen])
  const named = nameMissing(services, seen, { waitMs: 10_000 })
  answer()
  expect((await named).addresses[0]?.remedy.en).toContain('Intermediate of the test')
  expect(site.timesAsked('/late.crt')).toBe(1)
  await server.close()
})

test('who stops waiting takes nobody along: those that wait for the same place ask again', async () => {
  const { promise, resolve } = Promise.withResolvers<Page>()
  site.pages.set('/given-up.crt', () => promise)
  const { der } = await below.issue({ name: aSite(service), issuerUrl: `${site.url}/given-up.crt` })
  const impatient = new AbortController()
  const stopped = fetchIssuer(service.services, der, impatient.signal).catch(() => 'stopped')
  const patient = fetchIssuer(service.services, der)
  await expect.poll(() => site.timesAsked('/given-up.crt')).toBe(1)
  impatient.abort()
  expect(await stopped).toBe('stopped')
  await expect.poll(() => site.timesAsked('/given-up.crt')).toBe(2)
  resolve({ body: below.der })
  expect(Buffer.from((await patient) ?? []).equals(below.der)).toBe(true)
})

test('chains that are not complete when the time of a request is over are refused, and their place is no worse for it', async () => {
  site.pages.set('/in-time.crt', () => ({ body: below.der }))
  const leaf = await below.issue({ name: aSite(service), issuerUrl: `${site.url}/in-time.crt` })
  const read = createUploadReader(service.services.now())({ name: 'late', certificatePem: leaf.pem, privateKeyPem: leaf.keyPem })
  const [late] = await completeChains(service.services, [read], AbortSignal.abort())
  expect(late).toMatchObject({ code: 'badCertificate', message: expect.stringContaining('could not be had') as string })
  const [inTime] = await completeChains(service.services, [read])
  expect(inTime).toMatchObject({ chainPem: leaf.pem + below.pem })
})
