import { afterEach, describe, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { resolveAddresses, verifyHost, type VerifyRequest } from '../../src/probe/index.ts'
import { serveTcp, serveTls, type Running } from './servers.ts'

const authority = createChain()
const roots = [authority.rootPem]
const issue = (names = ['site.test']) => authority.issue({ names })

const running: Running[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

async function started(server: Promise<Running>): Promise<Running> {
  running.push(await server)
  return server
}

function verify(port: number, request: Partial<VerifyRequest> = {}) {
  return verifyHost({
    host: 'site.test',
    port,
    resolver: () => Promise.resolve(['127.0.0.1']),
    concurrency: 4,
    timeoutMs: 2_000,
    trustedRootsPem: roots,
    now: Date.now(),
    ...request,
  })
}

describe('verifyHost', () => {
  test('gives an exact verdict for every address behind a name', async () => {
    const [fresh, old] = [issue(), issue()]
    const { port } = await started(serveTls(fresh))
    const at = (host: string) => ({ host, port })
    await started(serveTls(old, {}, at('127.0.0.2')))
    await started(serveTls({ ...fresh, chainPem: fresh.pem }, {}, at('127.0.0.3')))
    await started(serveTls(issue(['other.test']), {}, at('127.0.0.4')))
    await started(serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), at('127.0.0.5')))
    await started(serveTls(fresh, {}, at('::1')))
    await started(serveTcp((socket) => socket.resetAndDestroy(), at('127.0.0.6')))
    await started(serveTls(issue(), {}, at('127.0.0.8')))
    const addresses = [
      '127.0.0.1',
      '127.0.0.2',
      '127.0.0.3',
      '127.0.0.4',
      '127.0.0.5',
      '::1',
      '127.0.0.6',
      '127.0.0.7',
      '127.0.0.8',
    ]
    const result = await verify(port, {
      resolver: () => Promise.resolve(addresses),
      expected: { sha256: fresh.sha256, previousSha256: old.sha256 },
    })
    expect(result.ok).toBe(false)
    expect(result.addresses.map(({ address, verdict }) => [address, verdict])).toEqual([
      ['127.0.0.1', 'served'],
      ['127.0.0.2', 'oldCertificate'],
      ['127.0.0.3', 'incompleteChain'],
      ['127.0.0.4', 'wrongName'],
      ['127.0.0.5', 'notTls'],
      ['::1', 'served'],
      ['127.0.0.6', 'unreachable'],
      ['127.0.0.7', 'unreachable'],
      ['127.0.0.8', 'otherCertificate'],
    ])
    expect(result.addresses.map(({ observation }) => observation.address)).toEqual(addresses)
  })

  test('is ok only when every address serves', async () => {
    const fresh = issue()
    const { port } = await started(serveTls(fresh))
    await started(serveTls(fresh, {}, { host: '::1', port }))
    const expected = { sha256: fresh.sha256 }
    const both = () => Promise.resolve(['127.0.0.1', '::1'])
    expect(await verify(port, { resolver: both, expected })).toMatchObject({ ok: true, unresolved: null })
    expect((await verify(port, { resolver: both, expected: { sha256: issue().sha256 } })).ok).toBe(false)
  })

  test('trusts a private CA only when its root is handed in', async () => {
    const fresh = issue()
    const { port } = await started(serveTls(fresh))
    const expected = { sha256: fresh.sha256 }
    expect((await verify(port, { expected })).addresses[0]?.verdict).toBe('served')
    expect((await verify(port, { expected, trustedRootsPem: [] })).addresses[0]?.verdict).toBe('untrusted')
  })

  test('tells expired and not yet valid certificates from others', async () => {
    const now = Date.now()
    const expired = authority.issue({ names: ['site.test'], notAfter: now - 60_000 })
    const future = authority.issue({ names: ['site.test'], notBefore: now + 60_000 })
    const verdictOf = async (leaf: typeof expired) => {
      const { port } = await started(serveTls(leaf))
      return (await verify(port, { expected: { sha256: leaf.sha256 } })).addresses[0]?.verdict
    }
    expect(await verdictOf(expired)).toBe('expired')
    expect(await verdictOf(future)).toBe('notYetValid')
  })

  test('takes an IP literal for the name to cover', async () => {
    const { port } = await started(serveTls(issue(['127.0.0.1'])))
    expect(await verify(port, { host: '127.0.0.1' })).toMatchObject({ ok: true, serverName: '127.0.0.1' })
    await started(serveTls(issue(['::1']), {}, { host: '::1', port }))
    expect(await verify(port, { host: '[::1]' })).toMatchObject({ ok: true, serverName: '::1' })
  })

  test('can ask for another name than the host', async () => {
    const { port } = await started(serveTls(issue()))
    expect((await verify(port, { host: '127.0.0.1', serverName: 'site.test' })).ok).toBe(true)
  })

  test('says why there is nothing to probe', async () => {
    const nowhere = await verify(443, { resolver: () => Promise.resolve([]) })
    expect(nowhere).toMatchObject({ ok: false, addresses: [] })
    expect(nowhere.unresolved?.cause.en).toBe('site.test has no address in DNS.')
    const broken = await verify(443, { resolver: () => Promise.reject(new Error('no answer from 192.0.2.53')) })
    expect(broken.ok).toBe(false)
    expect(broken.unresolved?.cause.zh).toContain('no answer from 192.0.2.53')
  })

  test('probes no more addresses at a time than allowed', async () => {
    let most = 0
    let open = 0
    const server = await started(
      serveTcp((socket) => {
        most = Math.max(most, ++open)
        socket.once('close', () => open--)
        setTimeout(() => socket.destroy(), 50)
      }),
    )
    const resolver = () => Promise.resolve(['127.0.0.1', ...Array.from({ length: 9 }, (_, i) => `::ffff:127.0.0.${i + 1}`)])
    const { addresses } = await verify(server.port, { resolver, concurrency: 3 })
    expect(addresses).toHaveLength(10)
    expect(most).toBeLessThanOrEqual(3)
  })
})

describe('a server with an RSA and an ECDSA certificate', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('shows both by %s, each with its verdict', async (maxVersion) => {
    const [ecdsa, oldRsa] = [issue(), authority.issue({ names: ['site.test'], key: 'rsa2048' })]
    const both = { cert: [ecdsa.chainPem, oldRsa.chainPem], key: [ecdsa.privateKeyPem, oldRsa.privateKeyPem], maxVersion }
    const { port } = await started(serveTls(ecdsa, both))
    const { ok, addresses } = await verify(port, { expected: { sha256: ecdsa.sha256, previousSha256: oldRsa.sha256 } })
    expect(ok).toBe(false)
    expect(addresses).toHaveLength(1)
    const seen = [addresses[0], addresses[0]?.other].map((each) => [
      each?.verdict,
      each?.observation.reachable === true ? each.observation.chain[0].sha256 : null,
    ])
    expect(new Map(seen as [string, string][])).toEqual(
      new Map([
        ['oldCertificate', oldRsa.sha256],
        ['served', ecdsa.sha256],
      ]),
    )
    const expected = { sha256: oldRsa.sha256 }
    expect((await verify(port, { expected })).ok).toBe(true) // the other one is healthy
    expect((await verify(port, { expected, bothKeys: false })).addresses[0]?.other).toBeNull()
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'shows the one that is meant alone by %s, and says when there is none of its kind',
    async (maxVersion) => {
      const [ecdsa, rsa] = [issue(), authority.issue({ names: ['site.test'], key: 'rsa2048' })]
      const options = { cert: [ecdsa.chainPem, rsa.chainPem], key: [ecdsa.privateKeyPem, rsa.privateKeyPem], maxVersion }
      const { port } = await started(serveTls(ecdsa, options))
      const [alone, lame] = [
        await started(serveTls(rsa, { maxVersion })),
        await started(serveTcp((socket) => socket.resetAndDestroy())),
      ]
      const look = async (at: number, onlyKey: 'rsa' | 'ecdsa') => {
        const { sha256 } = onlyKey === 'rsa' ? rsa : ecdsa
        const { ok, addresses } = await verify(at, { expected: { sha256, onlyKey } })
        const [seen] = addresses
        return [ok, seen?.verdict, seen?.observation.reachable === true && seen.observation.chain[0].sha256, seen?.other]
      }
      expect(await look(port, 'rsa')).toEqual([true, 'served', rsa.sha256, null])
      expect(await look(port, 'ecdsa')).toEqual([true, 'served', ecdsa.sha256, null])
      expect(await look(alone.port, 'rsa')).toEqual([true, 'served', rsa.sha256, null])
      expect(await look(alone.port, 'ecdsa')).toEqual([false, 'otherCertificate', rsa.sha256, null])
      expect(await look(lame.port, 'ecdsa')).toEqual([false, 'unreachable', false, null])
    },
  )

  test('a server with one certificate has no other', async () => {
    const { port } = await started(serveTls(issue()))
    expect((await verify(port)).addresses[0]?.other).toBeNull()
  })
})

describe('resolveAddresses', () => {
  test.each([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['::1']],
    ['[::1]', ['::1']],
  ])('gives the literal %s as it is', async (host, addresses) => {
    const resolver = () => Promise.reject(new Error('must not be asked'))
    expect(await resolveAddresses(host, resolver)).toEqual(addresses)
  })

  test('gives each address once', async () => {
    const resolver = () => Promise.resolve(['192.0.2.1', '2001:db8::1', '192.0.2.1', '2001:db8:0::1'])
    expect(await resolveAddresses('site.test', resolver)).toHaveLength(2)
  })

  test('asks the system by default', async () => {
    expect(await resolveAddresses('localhost')).toContain('127.0.0.1')
  })
})
