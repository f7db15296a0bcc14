import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDnsServer, type DnsServer } from '../../../../test/harness/dns-server.ts'
import { createResolver } from '../../src/adapters/kit/resolver.ts'
import { askNameServers } from '../../src/services/name-servers.ts'
import { aForm, anAccount, buyCertificate, PRIVATE_SINGLE } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { startTestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const open = openerOf('embedded')
const ZONE = 'example.com'
const NAME = `_dnsauth.www.${ZONE}`
/** Four servers of the zone on one port: one has the record, one another, one none; nobody listens at the last. */
const ADDRESSES = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'] as const

let recursive: DnsServer
let authorities: DnsServer[]

beforeAll(async () => {
  const [one, two, three] = ADDRESSES
  const first = await startDnsServer({ host: one })
  authorities = [
    first,
    await startDnsServer({ host: two, port: first.port }),
    await startDnsServer({ host: three, port: first.port }),
  ]
  recursive = await startDnsServer()
  delegate(recursive)
  authorities[0]?.add(NAME, 'TXT', 'expected')
  authorities[1]?.add(NAME, 'TXT', 'of yesterday')
})
afterAll(async () => {
  await Promise.all([recursive, ...authorities].map((server) => server.close()))
})

function delegate(server: DnsServer): void {
  for (const [index, address] of ADDRESSES.entries()) {
    server.add(ZONE, 'NS', `ns${index + 1}.${ZONE}`)
    server.add(`ns${index + 1}.${ZONE}`, 'A', address)
  }
}

const lookups = (guard: (address: string) => string | null = () => null) =>
  createResolver({ servers: [recursive.address], timeoutMs: 600, guard, authoritativePort: authorities[0]?.port ?? 0 })

test('each server is asked itself, and says what it has', async () => {
  const answers = await askNameServers(lookups(), NAME, 'expected')
  expect(answers.map(({ server, address, answer, values }) => [server, address, answer, values])).toEqual([
    ['ns1.example.com', '127.0.1.1', 'seen', ['expected']],
    ['ns2.example.com', '127.0.1.2', 'otherValue', ['of yesterday']],
    ['ns3.example.com', '127.0.1.3', 'noRecord', []],
    ['ns4.example.com', '127.0.1.4', 'noAnswer', []],
  ])
  expect(answers[3]?.problem).toContain('no answer')
  expect(recursive.queries.some(({ name, type }) => name === NAME && type === 'TXT')).toBe(false)
})

test('a server at an address that is not allowed is not asked', async () => {
  const before = authorities[0]?.queries.length
  const guard = (address: string): string | null => (address === ADDRESSES[0] ? 'private' : null)
  const [first] = await askNameServers(lookups(guard), NAME, 'expected')
  expect(first).toMatchObject({ answer: 'noAnswer' })
  expect(first?.problem).toContain('private')
  expect(authorities[0]?.queries).toHaveLength(before ?? 0)
})

test('an alias is followed to the zone of its target', async () => {
  recursive.add('_dnsauth.shop.example.org', 'CNAME', NAME)
  expect((await askNameServers(lookups(), '_dnsauth.shop.example.org', 'expected')).map(({ answer }) => answer)).toEqual([
    'seen',
    'otherValue',
    'noRecord',
    'noAnswer',
  ])
})

test('an alias of itself ends, and a name in no zone has no servers', async () => {
  recursive.add('loop.example.net', 'CNAME', 'loop.example.net')
  expect(await askNameServers(lookups(), 'loop.example.net', 'x')).toEqual([])
})

test('a server without an address is said to be so', async () => {
  recursive.add('example.info', 'NS', 'lost.example.info')
  expect(await askNameServers(lookups(), 'a.example.info', 'x')).toMatchObject([
    { server: 'lost.example.info', address: null, answer: 'noAnswer' },
  ])
})

test('checking an application by hand shows what each server says, and the record that is right is validated', async () => {
  const service = await startTestService({
    database: await open(),
    environment: { EVERCERT_VALIDATION_DNS_PORT: String(authorities[0]?.port ?? 0) },
  })
  try {
    delegate(service.dns)
    const account = await anAccount(service)
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    await account.client.applications.submit({ id, ...aForm([`manual.${ZONE}`], { validationMethod: 'dnsManual' }) })
    const { location, content } = await waitFor('the record to be known', async () => {
      const [validation] = (await account.client.applications.get({ id })).validations
      return validation ?? null
    })
    authorities[0]?.add(location, 'TXT', content)
    const checked = await account.client.applications.check({ id })
    expect(checked.validations[0]?.servers.map(({ answer }) => answer)).toEqual(['seen', 'noRecord', 'noRecord', 'noAnswer'])
    expect(checked.validations[0]?.serversAskedAt).not.toBeNull()
    service.dns.add(location, 'TXT', content)
    await account.client.applications.check({ id })
    expect(
      await waitFor('the certificate', async () => {
        const certificate = await account.client.certificates.get({ id })
        return certificate.sha256 === null ? null : certificate.status
      }),
    ).toBe('issued')
  } finally {
    await service.stop()
  }
})
