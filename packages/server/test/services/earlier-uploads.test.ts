import { createSecureContext } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { createSelfSigned } from '../../../../test/harness/certificates.ts'
import { DOMAIN, KEY, SECRET, startAlibaba, type AlibabaFixture } from '../contract/alibaba-fixture.ts'
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
  const { url } = cloud.receiver
  const access = { accessKeyId: KEY, accessKeySecret: SECRET, casEndpoint: url }
  const target = await client.targets.create({
    certificateId: first.id,
    name: 'cdn',
    kind: 'alibabaCdn',
    config: { ...access, domain: DOMAIN, cdnEndpoint: url },
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
