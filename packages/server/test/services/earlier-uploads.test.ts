import { createSecureContext } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { createSelfSigned } from '../../../../test/harness/certificates.ts'
import { KEY, SECOND_DOMAIN, SECRET, startAlibaba, type AlibabaFixture } from '../contract/alibaba-fixture.ts'
import { aForm, anAccount, anIssuedCertificate, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { openerOf } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

let service: TestService
let account: TestAccount
let cloud: AlibabaFixture
let edge: Running
beforeAll(async () => {
  service = await startTestService({ database: await openerOf('embedded')(), clock: createClock(Date.now()) })
  account = await anAccount(service)
  cloud = await startAlibaba()
  const nothing = createSelfSigned()
  // Serves what is set for the domain, with the key that was uploaded beside it.
  edge = await serveTls(nothing, {
    SNICallback: (_name, done) => {
      const upload = cloud.receiver.requests.find(({ url }) => url.searchParams.get('Name') === cloud.cdn.current?.name)
      const [cert, key] = [
        upload?.url.searchParams.get('Cert') ?? nothing.chainPem,
        upload?.url.searchParams.get('Key') ?? nothing.privateKeyPem,
      ]
      done(null, createSecureContext({ cert, key }))
    },
  })
})
afterAll(async () => {
  await service.stop()
  await edge.close()
  await cloud.receiver.close()
})

test('the upload before it goes when the new certificate is proved, and not sooner; what fails is a warning, and is tried again', async () => {
  const { client } = account
  const first = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
  const name = first.domains[0] ?? ''
  cloud.cdn.domain = name
  const { url } = cloud.receiver
  const access = { accessKeyId: KEY, accessKeySecret: SECRET, casEndpoint: url, removeEarlierUploads: true }
  const target = await client.targets.create({
    certificateId: first.id,
    name: 'cdn',
    kind: 'alibabaCdn',
    config: { ...access, domain: name, cdnEndpoint: url },
  })
  await client.endpoints.create({ certificateId: first.id, host: name, port: edge.port })
  const read = async () => (await client.targets.list()).items.find(({ id }) => id === target.id)?.deployment
  const proved = (sha256: string | null) =>
    waitFor('the proof', async () => {
      const found = await read()
      return found?.state === 'proved' && found.issuanceSha256 === sha256 ? found : null
    })
  await proved(first.sha256)
  const foreign = {
    ...cloud.uploads[0],
    id: 9000,
    name: 'somebody-else',
    sha256: 'f'.repeat(64),
  } as (typeof cloud.uploads)[number]
  cloud.uploads.push(foreign)

  const reissue = async (before: string | null) => {
    await client.applications.submit({ id: first.id, ...aForm(first.domains), reissue: true })
    const { sha256 } = await waitFor('the reissue', async () => {
      const seen = await client.certificates.get({ id: first.id })
      return seen.sha256 === before ? null : seen
    })
    return sha256
  }
  // The other side refuses requests of another hour, so that the clock cannot be put forward.
  const makeDue = () =>
    service.services.db
      .updateTable('deployment')
      .set({ tidy_at: new Date(0) })
      .where('tidy_at', 'is not', null)
      .execute()
  const held = () => cloud.uploads.map(({ sha256 }) => sha256)
  const second = await reissue(first.sha256)
  expect(held()).toContain(first.sha256) // it is the one that is served, until the new one is proved
  await proved(second)
  await waitFor('the removal', async () => (held().includes(first.sha256 ?? '') ? null : true))
  expect(new Set(held())).toEqual(new Set([foreign.sha256, second]))
  const { history } = await client.certificates.get({ id: first.id })
  expect(history.find(({ to }) => to === 'tidied')?.detail).toContain((first.sha256 ?? '').slice(0, 24))

  const third = await reissue(second)
  cloud.state.refusesRemoval = true
  await proved(third)
  const warned = await waitFor('the warning', async () => {
    const found = await read()
    return found?.warning === null || found === undefined ? null : found
  })
  expect([warned.state, warned.problem, warned.warning]).toEqual([
    'proved',
    null,
    expect.stringContaining('Asking Alibaba Cloud'),
  ])
  expect(held()).toContain(second)
  cloud.state.refusesRemoval = false
  await makeDue()
  await waitFor('the second try', async () => (held().includes(second ?? '') ? null : true))
  await makeDue()
  await waitFor('nothing is left', async () => ((await read())?.warning === null ? true : null))
  expect(cloud.state.complaints).toEqual([])
})

/** An Alibaba Cloud of its own, an edge that serves its newest upload, and two targets of one certificate. */
async function twoTargets(kind: 'alibabaCas' | 'alibabaCdn', removal: object) {
  const { client } = account
  const own = await startAlibaba()
  const nothing = createSelfSigned()
  const uploaded = () =>
    own.receiver.requests.filter(({ url }) => url.searchParams.has('Cert')).at(-1)?.url.searchParams ?? new URLSearchParams()
  const site = await serveTls(nothing, {
    SNICallback: (_name, done) => {
      const [cert, key] = [uploaded().get('Cert') ?? nothing.chainPem, uploaded().get('Key') ?? nothing.privateKeyPem]
      done(null, createSecureContext({ cert, key }))
    },
  })
  const certificate = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
  const name = certificate.domains[0] ?? ''
  own.cdn.domain = name
  const { url } = own.receiver
  const access = { accessKeyId: KEY, accessKeySecret: SECRET, casEndpoint: url }
  await client.endpoints.create({ certificateId: certificate.id, host: name, port: site.port })
  const add = async (title: string, made: string, config: object) =>
    client.targets.create({ certificateId: certificate.id, name: title, kind: made, config: { ...access, ...config } })
  const one = await add(`one ${certificate.id}`, kind, {
    ...(kind === 'alibabaCdn' && { domain: name, cdnEndpoint: url }),
    ...removal,
  })
  const other = await add(`other ${certificate.id}`, 'alibabaCdn', { domain: SECOND_DOMAIN, cdnEndpoint: url })
  const deploymentOf = async (id: string) => (await client.targets.list()).items.find((target) => target.id === id)?.deployment
  const reach = (id: string, sha256: string | null, states: readonly string[]) =>
    waitFor(`${id} ${states.join()}`, async () => {
      const found = await deploymentOf(id)
      return found !== null && found !== undefined && states.includes(found.state) && found.issuanceSha256 === sha256
        ? found
        : null
    })
  const reissue = async (before: string | null) => {
    await client.applications.submit({ id: certificate.id, ...aForm(certificate.domains), reissue: true })
    return waitFor('the reissue', async () => {
      const seen = await client.certificates.get({ id: certificate.id })
      return seen.sha256 === before ? null : seen.sha256
    })
  }
  const served = (sha256: string | null) =>
    waitFor('the proof', async () => {
      const seen = await client.certificates.get({ id: certificate.id })
      return seen.sha256 === sha256 && seen.servedAt !== null ? true : null
    })
  /** Removal was thought about and is over, or is to be tried again. */
  const thoughtAbout = (id: string, sha256: string | null) =>
    waitFor('the removal', async () => {
      const row = await service.services.db
        .selectFrom('deployment')
        .innerJoin('issuance', 'issuance.id', 'deployment.issuance_id')
        .select(['tidy_tries', 'tidied_at'])
        .where('target_id', '=', id)
        .where('issuance.sha256', '=', sha256 ?? '')
        .executeTakeFirst()
      return row !== undefined && (row.tidy_tries > 0 || row.tidied_at !== null) ? true : null
    })
  return {
    own,
    certificate,
    one: one.id,
    other: other.id,
    reach,
    reissue,
    served,
    thoughtAbout,
    held: () => own.uploads.map(({ sha256 }) => sha256),
    close: async () => {
      await site.close()
      await own.receiver.close()
    },
  }
}

test.each(['alibabaCas', 'alibabaCdn'] as const)(
  'what another target has stays when an %s target is proved: it takes uploads from the same store, and its own deployments failed since',
  async (kind) => {
    const clouds = await twoTargets(kind, { removeEarlierUploads: true })
    try {
      const { own, certificate, one, other, reach, reissue, served, thoughtAbout, held } = clouds
      const first = certificate.sha256
      await reach(one, first, ['proved'])
      await served(first)
      // No endpoint is of its domain: that all serve proves nothing of it, and it says so.
      const { unprovable } = await reach(other, first, ['applied'])
      expect([unprovable?.en, unprovable?.zh]).toEqual([
        expect.stringContaining(`no endpoint of the certificate has this name`),
        expect.stringContaining(`请为 ${SECOND_DOMAIN} 添加站点`),
      ])
      expect(own.cdn.second?.sha256).toBe(first)
      own.second.refuses = true
      let current = first // what the other has is superseded before it is proved: it is there all the same
      for (let round = 0; round < 2; round++) {
        current = await reissue(current)
        await reach(other, current, ['failed'])
        await served(current)
        await reach(one, current, ['proved'])
        await thoughtAbout(one, current)
      }
      expect(own.cdn.second?.sha256).toBe(first)
      expect(held()).toContain(first)
      expect(own.state.complaints).toEqual([])
    } finally {
      await clouds.close()
    }
  },
)

test('nothing is removed unless the settings of the target ask for it', async () => {
  const clouds = await twoTargets('alibabaCas', {})
  try {
    const { certificate, one, other, reach, reissue, served, thoughtAbout, held } = clouds
    await reach(one, certificate.sha256, ['proved'])
    const second = await reissue(certificate.sha256)
    await served(second)
    await reach(other, second, ['applied'])
    await reach(one, second, ['proved'])
    await thoughtAbout(one, second)
    expect(new Set(held())).toEqual(new Set([certificate.sha256, second]))
  } finally {
    await clouds.close()
  }
})
