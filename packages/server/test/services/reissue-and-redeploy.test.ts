import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@evercert/contract/client'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { serveTls } from '../../../pki/test/probe/servers.ts'
import { AppError } from '../../src/domain/errors.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { createSelfSigned } from '../../../../test/harness/certificates.ts'
import { startHttpReceiver } from '../../../../test/harness/http-receiver.ts'
import {
  aForm,
  anAccount,
  aSite,
  anIssuedCertificate,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase, isPostgres, temporaryFolder } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(DEFAULT_START)
  let atStep: (point: string) => void = () => {}
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, onStep: (step, moment) => atStep(`${step} ${moment}`) })
    account = await anAccount(service)
  })
  beforeEach(() => clock.moveTo(DEFAULT_START))
  afterAll(() => service.stop())

  test('inside the period paid for, a certificate in its window is reissued at no charge, and not renewed', async () => {
    const { client } = account
    const first = await anIssuedCertificate(account, { productId: PUBLIC_SINGLE })
    expect(first.entitlement?.shortfallDays).toBeGreaterThan(0)
    expect((await refusalOf(client.applications.submit({ id: first.id, ...aForm(first.domains) }))).code).toBe('conflict')
    clock.moveTo(Date.parse(first.notAfter ?? '') - 5 * DAY_MS)
    expect((await client.certificates.get({ id: first.id })).renewal).toMatchObject({ eligible: false, action: 'reissue' })
    const paid = await client.balance.get()
    await client.applications.submit({ id: first.id, ...aForm(first.domains) })
    const second = await waitFor('the reissue', async () => {
      const seen = await client.certificates.get({ id: first.id })
      return seen.sha256 === first.sha256 ? null : seen
    })
    expect(second).toMatchObject({ id: first.id, status: 'issued', orderId: first.orderId })
    expect(second.entitlement?.entitledUntil).toBe(first.entitlement?.entitledUntil)
    expect(Date.parse(second.notAfter ?? '')).toBeLessThanOrEqual(Date.parse(first.entitlement?.entitledUntil ?? ''))
    expect(await client.balance.get()).toEqual(paid)
  })

  test('at any time within that period it is reissued at no charge with a new key, when that is asked for by name, and once', async () => {
    const { client } = account
    const first = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const paid = await client.balance.get()
    const form = { id: first.id, ...aForm(first.domains) }
    const unasked = await refusalOf(client.applications.submit(form))
    expect([unasked.code, unasked.detail]).toEqual(['conflict', expect.stringContaining('reissue: true')])
    const sent = await Promise.allSettled([1, 2, 3].map(() => client.applications.submit({ ...form, reissue: true })))
    expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const second = await waitFor('the reissue', async () => {
      const seen = await client.certificates.get({ id: first.id })
      return seen.sha256 === first.sha256 ? null : seen
    })
    expect(second.entitlement).toEqual(first.entitlement)
    expect(Date.parse(second.notAfter ?? '')).toBeLessThanOrEqual(Date.parse(first.entitlement?.entitledUntil ?? ''))
    const spki = (pem: string | null) => new X509Certificate(pem ?? '').publicKey.export({ type: 'spki', format: 'pem' })
    expect(spki(second.chainPem)).not.toBe(spki(first.chainPem))
    const key = { algorithm: 'p256', place: 'here', agent: null, site: null }
    expect(second.issuances).toMatchObject([
      { sha256: second.sha256, serial: second.serial, domains: second.domains, isCurrent: true, key },
      { sha256: first.sha256, notAfter: first.notAfter, isCurrent: false, key },
    ])
    expect(await client.balance.get()).toEqual(paid)
  })

  test('a reissue is refused when the period is over, and for what was revoked or renewed', async () => {
    const { client } = account
    const ask = async (id: string) =>
      (await refusalOf(client.applications.submit({ id, ...aForm(['example.com']), reissue: true }))).code
    const ended = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    clock.moveTo(Date.parse(ended.entitlement?.entitledUntil ?? ''))
    expect(await ask(ended.id)).toBe('conflict')
    clock.moveTo(Date.parse(ended.notAfter ?? '') - 5 * DAY_MS)
    await client.orders.place({ renewsCertificateId: ended.id })
    expect(await ask(ended.id)).toBe('conflict')
  })

  test.runIf(isPostgres(kind))(
    'an agent that takes the work at the moment in which its target is deleted has it first',
    async () => {
      const { client } = account
      const certificate = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
      const agent = `web-${certificate.id.slice(-8)}`
      const { token } = await client.agents.createEnrolment({ name: agent })
      const publicKeyPem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const enrolling = {
        publicKeyPem,
        credentialSha256: randomBytes(32).toString('hex'),
        hostName: 'web1.internal',
        version: '0.1.0',
      }
      await createClient({ url: service.url, token: '' }).agents.enrol({ token, ...enrolling })
      const config = { agent, site: 'shop' }
      const { id } = await client.targets.create({ certificateId: certificate.id, name: `${agent}-shop`, kind: 'agent', config })
      const { db } = service.services
      const work = await waitFor(
        'the work',
        async () => (await db.selectFrom('agent_work').select('id').executeTakeFirst()) ?? null,
      )
      const removed = await db.transaction().execute(async (trx) => {
        const taken = { state: 'leased', lease: 'lease', leased_at: new Date(clock.now()) } as const
        await trx.updateTable('agent_work').set(taken).where('id', '=', work.id).execute()
        const removing = refusalOf(client.targets.remove({ id }))
        await waitFor('the deletion to wait for it', async () => {
          const { rows } =
            await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
          return rows.length > 0 ? true : null
        })
        return { removing }
      })
      expect((await removed.removing).code).toBe('deploymentUnderWay')
    },
  )

  test('each target, and each wish to deploy again, is a delivery of its own to a webhook', async () => {
    const { client } = account
    const receiver = await startHttpReceiver(() => ({ status: 422, body: 'not yet' }))
    try {
      const { id: certificateId } = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
      const config = { url: receiver.url, secret: `whsec_${'A'.repeat(32)}` }
      const add = (name: string) => client.targets.create({ certificateId, name, kind: 'webhook', config })
      const [one, other] = [await add('hook one'), await add('hook other')]
      const received = (count: number) =>
        waitFor(`${count} deliveries`, () => Promise.resolve(receiver.requests.length >= count ? true : null))
      await received(2)
      await waitFor('the refusal', async () => {
        const { items } = await client.targets.list()
        const ours = items.filter(({ id }) => id === one.id || id === other.id)
        return ours.every(({ deployment }) => deployment?.state === 'failed') ? true : null
      })
      for (const [index, { id }] of [one, other].entries()) {
        await client.targets.deploy({ id })
        await received(3 + index)
      }
      expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(4)
    } finally {
      await receiver.close()
    }
  })

  test('a person has to act when a deployment is refused, and not while it is tried again by itself', async () => {
    const { client } = account
    let status = 503
    const receiver = await startHttpReceiver(() => ({ status, body: 'no' }))
    try {
      const { id: certificateId } = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
      await client.endpoints.create({ certificateId, host: '127.0.0.1', port: 9, serverName: aSite(service) })
      const config = { url: receiver.url, secret: `whsec_${'A'.repeat(32)}` }
      const { id } = await client.targets.create({ certificateId, name: `hook ${certificateId}`, kind: 'webhook', config })
      const failed = (isOver: boolean) =>
        waitFor('the failure', async () => {
          const { items } = await client.targets.list()
          const deployment = items.find((target) => target.id === id)?.deployment
          return deployment?.state === 'failed' && (deployment.retryAt === null) === isOver ? deployment : null
        })
      const step = async () => (await client.certificates.get({ id: certificateId })).nextStep
      const { updatedAt, retryAt } = await failed(false)
      expect(Date.parse(retryAt ?? '')).toBeGreaterThan(Date.parse(updatedAt))
      expect(await step()).toMatchObject({ code: 'prove', mover: 'evercert' })
      status = 422
      await client.targets.deploy({ id })
      await failed(true)
      expect(await step()).toMatchObject({ code: 'deployAgain', mover: 'user' })
    } finally {
      await receiver.close()
    }
  })

  const dies = { at: 'deploy done', error: new AppError('conflict', 'dead', { stale: true }) } // nothing is recorded after it
  const waiting = (changed: boolean) =>
    new AppError('upstreamUnavailable', 'it is under way', { pending: true, retryAfterSeconds: 1, facts: { changed } })
  /** A provider that takes its time. */
  const waits = { at: 'deploy done', error: waiting(true) }
  const waitsFirst = { at: 'deploy announced', error: waiting(false) }

  test.each([
    ['who dies before it is recorded that a deployment found its pair in place: nothing is taken back', true, 'failed', [dies]],
    ['who dies before it is recorded that a deployment put its pair in place: it is taken back', false, 'rolledBack', [dies]],
    [
      'who dies after a deployment put its pair in place, and has to wait then: it is taken back',
      false,
      'rolledBack',
      [dies, waitsFirst],
    ],
    ['a deployment that is under way elsewhere, and is found done later: it is taken back', false, 'rolledBack', [waits]],
  ] as const)('%s', async (_what, wasThere, end, happens) => {
    const { client } = account
    const certificate = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const folder = temporaryFolder()
    const config = { certificatePath: join(folder, 'a.pem'), keyPath: join(folder, 'a.key'), reloadCommand: ['true'] }
    const stateOf = async (id: string) => (await client.targets.list()).items.find((one) => one.id === id)?.deployment ?? null
    const reach = (id: string, state: string) =>
      waitFor(`${id} ${state}`, async () => {
        const deployment = await stateOf(id)
        return deployment?.state === state ? deployment : null
      })
    const old = createSelfSigned()
    writeFileSync(config.certificatePath, old.chainPem)
    writeFileSync(config.keyPath, old.privateKeyPem)
    const other = await serveTls(old)
    const probe = { host: '127.0.0.1', port: other.port, serverName: 'x.example' }
    const settings = { certificateId: certificate.id, name: `dies ${certificate.id}`, kind: 'localFiles', config }
    let count = 0
    const happen = (point: string): void => {
      const next = happens[count]
      if (next?.at !== point) return
      count += 1
      throw next.error
    }
    try {
      if (wasThere) {
        const { id } = await client.targets.create(settings)
        await reach(id, 'applied')
        await client.targets.remove({ id })
      }
      atStep = happen
      const { id } = await client.targets.create({ ...settings, probe })
      const { log } = await reach(id, 'applied')
      const [first] = happens
      const said = first === dies ? 'The try before this one broke off' : 'it is under way'
      expect([count, log.join()]).toEqual([happens.length, expect.stringContaining(said) as string])
      clock.advance(11_000)
      await reach(id, end)
      const onDisk = new X509Certificate(readFileSync(config.certificatePath)).fingerprint256.replaceAll(':', '').toLowerCase()
      expect(onDisk).toBe(wasThere ? certificate.sha256 : old.sha256)
      const { db } = service.services
      const row = await db.selectFrom('deployment').selectAll().where('target_id', '=', id).executeTakeFirstOrThrow()
      expect([row.changed, row.held_sha256]).toEqual([!wasThere, wasThere ? certificate.sha256 : old.sha256])
      if (!wasThere) return
      // Somebody puts the old one there, and asks again: that try replaces something.
      for (const path of [config.certificatePath, config.keyPath]) rmSync(path)
      writeFileSync(config.certificatePath, old.chainPem)
      writeFileSync(config.keyPath, old.privateKeyPem)
      count = 0
      await client.targets.deploy({ id })
      await reach(id, 'applied')
      expect(count).toBe(1)
      clock.advance(11_000)
      await reach(id, 'rolledBack')
    } finally {
      atStep = () => {}
      await other.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('a refused deployment is repeated on request, once its cause is mended', async () => {
    const { client } = account
    const certificate = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const folder = join(temporaryFolder(), 'site')
    const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
    const target = await client.targets.create({
      certificateId: certificate.id,
      name: `t-${certificate.id}`,
      kind: 'localFiles',
      config,
    })
    const stateOf = async () => (await client.targets.list()).items.find(({ id }) => id === target.id)?.deployment?.state
    await waitFor('the refusal', async () => ((await stateOf()) === 'failed' ? true : null))
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o755)
    await client.targets.deploy({ id: target.id })
    await waitFor('the deployment', async () => ((await stateOf()) === 'applied' ? true : null))
    expect(existsSync(config.certificatePath)).toBe(true)
    rmSync(folder, { recursive: true })
    const stranger = await anAccount(service)
    expect((await refusalOf(stranger.client.targets.deploy({ id: target.id }))).code).toBe('notFound')
    // Nothing is installed for what is revoked: that is said, and nothing is planned.
    await client.certificates.revoke({ id: certificate.id, reason: 'superseded' })
    await waitFor('the revocation', async () =>
      (await client.certificates.get({ id: certificate.id })).status === 'revoked' ? true : null,
    )
    expect(await refusalOf(client.targets.deploy({ id: target.id }))).toMatchObject({
      code: 'certificateRevoked',
      status: 409,
      facts: { certificateId: certificate.id },
      detail: expect.stringContaining('buy or upload another one, and add its target') as string,
    })
  })
})
