import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../../cli/src/program.ts'
import { aShell } from '../../../cli/test/builders.ts'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { createChain } from '../../../../test/harness/certificates.ts'
import { probeColumns } from '../../src/services/targets.ts'
import { anAccount, aSite, refusalOf, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { aServableCertificate, type ServableCertificate } from '../support/served-certificate.ts'
import { startTestService, type TestService } from '../support/service.ts'

/** One certificate served where its account does not know it, and a stranger's beside it. */
eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let name: string
  let ours: ServableCertificate
  let port: number
  const running: Running[] = []

  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock: createClock(Date.now()),
      environment: { EVERCERT_DISCOVERY_RANGES: '127.0.9.0/24' },
    })
    account = await anAccount(service)
    name = aSite(service)
    ours = await aServableCertificate(account, name)
    const stranger = createChain().issue({ names: ['stranger.example.com'] })
    const first = await serveTls(ours, {}, { host: '127.0.0.1' })
    port = first.port
    running.push(first)
    running.push(await serveTls(ours, {}, { host: '127.0.9.1', port }))
    running.push(await serveTls(stranger, {}, { host: '127.0.9.2', port }))
  })
  afterAll(async () => {
    await service.stop()
    await Promise.all(running.map((server) => server.close()))
  })

  test('the names of a certificate are looked at, and what is found can be accepted once', async () => {
    const { client } = account
    const found = await client.discovery.look({ certificateId: ours.detail.id, ports: [port] })
    expect(found).toMatchObject({ looked: 1, silent: 0, known: 0 })
    const [candidate] = found.items
    expect(candidate).toMatchObject({ host: name, port, serverName: name, certificateId: ours.detail.id, matchedBy: 'sha256' })
    const id = candidate?.id ?? ''
    const other = await anAccount(service)
    expect((await other.client.discovery.list({})).items).toHaveLength(0)
    expect((await refusalOf(other.client.discovery.accept({ id }))).code).toBe('notFound')
    const endpoint = await client.discovery.accept({ id })
    expect(endpoint).toMatchObject({ certificateId: ours.detail.id, host: name, port })
    expect((await client.discovery.list({})).items).toHaveLength(0)
    expect(await client.discovery.look({ names: [name], ports: [port] })).toMatchObject({ looked: 1, known: 1, items: [] })
  })

  test('a range is looked at only where the operator allowed it, and only a small one', async () => {
    const { client } = account
    expect((await refusalOf(client.discovery.look({ range: '127.0.8.0/29', ports: [port] }))).code).toBe('rangeForbidden')
    for (const address of ['127.0.8.1', '2130708481', '127.0.2049', '[::1]', '::ffff:127.0.9.1', '203.0.113.5.'])
      expect((await refusalOf(client.discovery.look({ names: ['127.0.9.1', address] }))).code).toBe('rangeForbidden')
    expect((await refusalOf(client.discovery.look({ range: '127.0.9.0/24', ports: [port, 1] }))).code).toBe('invalid')
    expect((await refusalOf(client.discovery.look({ names: ['a b'] }))).code).toBe('invalid')
    expect((await refusalOf(client.discovery.look({}))).code).toBe('invalid')
    const found = await client.discovery.look({ range: '127.0.9.0/29', ports: [port] })
    expect(found).toMatchObject({ looked: 8, silent: 6, known: 0 })
    const byHost = new Map(found.items.map((item) => [item.host, item]))
    expect(byHost.get('127.0.9.1')).toMatchObject({ serverName: name, certificateId: ours.detail.id, matchedBy: 'sha256' })
    const strange = byHost.get('127.0.9.2')
    expect(strange).toMatchObject({ certificateId: null, matchedBy: null })
    expect((await refusalOf(client.discovery.accept({ id: strange?.id ?? '' }))).code).toBe('invalid')
    await client.discovery.dismiss({ id: strange?.id ?? '' })
    expect((await client.discovery.list({})).items.map(({ host }) => host)).toEqual(['127.0.9.1'])
  })

  test('the command takes over what belongs to a certificate', async () => {
    const shell = aShell({ EVERCERT_URL: service.url, EVERCERT_TOKEN: account.token, LANG: 'C' })
    const args = ['discover', '127.0.9.1', '127.0.9.2', '--ports', String(port), '--accept', '--json']
    expect(await runProgram(args, shell)).toBe(0)
    const document = JSON.parse(shell.out()) as { looked: number; items: unknown[]; accepted: string[] }
    expect(document).toMatchObject({ looked: 2 })
    expect(document.accepted).toHaveLength(1)
    const { items } = await account.client.endpoints.list()
    expect(items.find(({ id }) => id === document.accepted[0])).toMatchObject({ host: '127.0.9.1', serverName: name })
    await account.client.endpoints.remove({ id: document.accepted[0] ?? '' })
  })

  test('a host has one form, however it is written: of an endpoint, a candidate and the address of a target', async () => {
    const { client } = account
    const certificateId = ours.detail.id
    const add = (host: string, serverName = 'münchen.example.com') =>
      client.endpoints.create({ certificateId, host, serverName, port: 9 })
    const forms = [
      ['MÜNCHEN.example.com', 'xn--mnchen-3ya.example.com', 'xn--mnchen-3ya.example.com.', 'münchen。example.com'],
      ['[::1]', '::1', '[0:0:0:0:0:0:0:1]', '0:0:0:0:0:0:0:1'],
      ['name.example.com.', 'Name.example.com'],
    ]
    const hosts = ['xn--mnchen-3ya.example.com', '::1', 'name.example.com']
    for (const [index, [first = '', ...others]] of forms.entries()) {
      const { id, host, serverName } = await add(first)
      expect([host, serverName]).toEqual([hosts[index], 'xn--mnchen-3ya.example.com'])
      for (const other of others) expect((await refusalOf(add(other))).code).toBe('duplicateName')
      await client.endpoints.remove({ id })
    }
    for (const bad of [
      '*.example.com',
      'a b',
      'name:443',
      'https://name',
      '-a.example.com',
      'a..example.com',
      '[name]',
      'fe80::1%eth0',
    ])
      expect((await refusalOf(add(bad))).code).toBe('invalid')
    expect(
      await client.discovery.look({ names: ['münchen.example.com', 'xn--mnchen-3ya.example.com.'], ports: [9] }),
    ).toMatchObject({
      looked: 1,
    })
    const probe = { host: '[0:0:0:0:0:0:0:1]', serverName: 'MÜNCHEN.example.com.', protocol: 'tls' } as const
    expect(probeColumns({ name: 'web', probe })).toMatchObject({
      probe_host: '::1',
      probe_server_name: 'xn--mnchen-3ya.example.com',
    })
  })

  test('looking again changes the candidate and makes no second one', async () => {
    const { client } = account
    await client.discovery.look({ names: ['127.0.9.1'], ports: [port] })
    await client.discovery.look({ names: ['127.0.9.1'], ports: [port] })
    expect((await client.discovery.list({})).items.filter(({ host }) => host === '127.0.9.1')).toHaveLength(1)
  })
})
