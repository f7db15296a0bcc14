import { connect as connectTcp } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createChain, createRoot, createSelfSigned } from '../../../../test/harness/certificates.ts'
import { startNginx } from '../../../../test/harness/nginx.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeAddress, type Observation, type ProbeRequest, type ServedObservation } from '../../src/probe/index.ts'
import { serveTcp, serveTls, type Running } from './servers.ts'

const authority = createChain()
const roots = [authority.rootPem]
const leaf = authority.issue({ names: ['site.test', '*.wild.test', '127.0.0.1', '::1'] })

const running: Running[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

async function started(server: Promise<Running>): Promise<Running> {
  running.push(await server)
  return server
}

function probe(port: number, request: Partial<ProbeRequest> = {}): Promise<Observation> {
  return probeAddress({
    address: '127.0.0.1',
    port,
    serverName: 'site.test',
    timeoutMs: 5_000,
    trustedRootsPem: roots,
    now: 1_000,
    ...request,
  })
}

async function probeServed(port: number, request: Partial<ProbeRequest> = {}): Promise<ServedObservation> {
  const seen = await probe(port, request)
  if (!seen.reachable) throw new Error(`not reachable: ${seen.failure}, ${seen.detail}`)
  return seen
}

describe('a handshake is recorded', () => {
  test('with address, names, dates, fingerprints, version and trust', async () => {
    const { port } = await started(serveTls(leaf))
    const seen = await probeServed(port)
    expect(seen).toMatchObject({ address: '127.0.0.1', port, serverName: 'site.test', observedAt: 1_000, reachable: true })
    expect(seen).toMatchObject({ tlsVersion: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', trusted: true, trustError: null })
    expect(seen.handshakeMs).toBeGreaterThan(0)
    expect(seen.chain.map(({ sha256 }) => sha256)).toEqual([leaf.sha256, authority.sha256])
    expect(seen.chain[0]).toMatchObject({ subject: 'CN=site.test', names: ['site.test', '*.wild.test', '127.0.0.1', '::1'] })
    expect(seen.chain[0].pem).toBe(leaf.pem)
    expect(seen.chain[0].issuer).toBe(seen.chain[1]?.subject)
    expect(Math.abs(seen.chain[0].notAfter - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000)
    expect(Math.abs(seen.chain[0].notBefore - Date.now() + 86_400_000)).toBeLessThan(60_000)
  })

  test('with the chain exactly as sent: nothing added from the trusted roots', async () => {
    const { port } = await started(serveTls({ ...leaf, chainPem: leaf.pem }))
    const seen = await probeServed(port)
    expect(seen.chain.map(({ sha256 }) => sha256)).toEqual([leaf.sha256])
    expect(seen).toMatchObject({ trusted: false, trustError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  })

  test('with a root that the server sends, and strangers, and a wrong order', async () => {
    const stranger = createRoot()
    const low = authority.createIntermediate()
    const deep = low.issue()
    const sent = [deep.pem, stranger.pem, authority.pem, low.pem, authority.rootPem]
    const { port } = await started(serveTls({ ...deep, chainPem: sent.join('') }))
    const seen = await probeServed(port)
    expect(seen.chain.map(({ pem }) => pem)).toEqual(sent)
    expect(seen.trusted).toBe(true)
  })

  test('with a certificate that signed itself, once', async () => {
    const alone = createSelfSigned()
    const { port } = await started(serveTls(alone))
    const seen = await probeServed(port)
    expect(seen.chain.map(({ sha256 }) => sha256)).toEqual([alone.sha256])
    expect(seen).toMatchObject({ trusted: false, trustError: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('with names that only look like a list of names', async () => {
    const tricky = authority.issue({ names: ['a.test, DNS:evil.test', 'UPPER.test', '2001:db8::1'] })
    const { port } = await started(serveTls(tricky))
    const seen = await probeServed(port)
    expect(seen.chain[0].names).toEqual(['a.test, dns:evil.test', 'upper.test', '2001:db8::1'])
  })

  test('and is not trusted without the root of a private CA', async () => {
    const { port } = await started(serveTls(leaf))
    const { reachable, ...seen } = await probeServed(port, { trustedRootsPem: [] })
    expect(reachable).toBe(true)
    expect(seen).toMatchObject({ trusted: false, trustError: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' })
  })

  test.each(['rsa2048', 'p256', 'p384'] as const)('of a server with a key of kind %s', async (key) => {
    const { port } = await started(serveTls(authority.issue({ key })))
    expect((await probeServed(port)).trusted).toBe(true)
  })

  test.each(['TLSv1.2', 'TLSv1.1', 'TLSv1'] as const)('of a server that knows nothing newer than %s', async (version) => {
    const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const { port } = await started(serveTls(leaf, options))
    expect(await probeServed(port)).toMatchObject({ tlsVersion: version, trusted: true })
  })

  test('of a server that insists on a post-quantum key', async () => {
    const { port } = await started(serveTls(leaf, { ecdhCurve: 'X25519MLKEM768' }))
    expect((await probeServed(port)).chain[0].sha256).toBe(leaf.sha256)
  })

  test('of a server with a key that is too weak, and it is not trusted', async () => {
    const weak = authority.issue({ key: 'rsa1024' })
    const { port } = await started(serveTls(weak, { ciphers: 'DEFAULT@SECLEVEL=0' }))
    const seen = await probeServed(port)
    expect(seen.chain[0].sha256).toBe(weak.sha256)
    expect(seen.trusted).toBe(false)
  })

  test('of a server that wants a certificate from clients', async () => {
    const { port } = await started(serveTls(leaf, { requestCert: true, rejectUnauthorized: true }))
    expect((await probeServed(port)).chain[0].sha256).toBe(leaf.sha256)
  })

  test('and the server sees a handshake that is complete, and a connection that is closed', async () => {
    const server = await started(serveTls(leaf))
    for (let round = 0; round < 10; round++) await probeServed(server.port)
    await expect.poll(() => server.countOpen()).toBe(0)
    expect(server.failedHandshakes).toEqual([])
  })
})

describe('SNI', () => {
  test('chooses the virtual host of nginx; another name gets the default one, on IPv4 and IPv6', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-sni-'))
    const write = (name: string, pair: { chainPem: string; privateKeyPem: string }) => {
      const paths = { certificatePath: join(folder, `${name}.pem`), keyPath: join(folder, `${name}.key`) }
      writeFileSync(paths.certificatePath, pair.chainPem)
      writeFileSync(paths.keyPath, pair.privateKeyPem, { mode: 0o600 })
      return paths
    }
    const named = authority.issue({ names: ['named.test'] })
    const nginx = await startNginx({
      ...write('default', leaf),
      virtualHosts: [{ serverName: 'named.test', ...write('named', named) }],
    })
    try {
      for (const address of nginx.addresses) {
        const fingerprint = async (serverName: string) =>
          (await probeServed(nginx.httpsPort, { address, serverName })).chain[0].sha256
        expect(await fingerprint('named.test')).toBe(named.sha256)
        expect(await fingerprint('NAMED.test.')).toBe(named.sha256)
        expect(await fingerprint('other.test')).toBe(leaf.sha256)
        expect(await fingerprint('127.0.0.1')).toBe(leaf.sha256)
      }
      expect(await probe(nginx.httpPort)).toMatchObject({ reachable: false, failure: 'notTls' })
    } finally {
      await nginx.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test.each(['site.test', '例子.test', 'xn--fsqu00a.test'])('sends %s as an A-label', async (serverName) => {
    const asked: string[] = []
    const { port } = await started(serveTls(leaf, { SNICallback: (name, done) => (asked.push(name), done(null)) }))
    await probeServed(port, { serverName })
    expect(asked).toEqual([serverName === 'site.test' ? serverName : 'xn--fsqu00a.test'])
  })

  test.each(['', 'a'.repeat(300), 'a b.test', 'a\0b.test'])(
    'refuses %j without connecting, and disturbs no other probe',
    async (serverName) => {
      const server = await started(serveTls(leaf))
      const seen = await Promise.all([probe(server.port), probe(server.port, { serverName }), probe(server.port)])
      expect(seen.map(({ reachable }) => reachable)).toEqual([true, false, true])
      expect(seen[1]).toMatchObject({ failure: 'handshakeFailed' })
    },
  )
})

describe('a failure is a value', () => {
  test.each([
    ['nothing listens', 'refused', null],
    ['speaks first, another protocol', 'notTls', (socket) => socket.write('220 mail.test ESMTP\r\n')],
    ['answers in plain HTTP', 'notTls', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['closes at once', 'reset', (socket) => socket.end()],
    ['closes when it is spoken to', 'reset', (socket) => socket.once('data', () => socket.end())],
    ['resets', 'reset', (socket) => socket.resetAndDestroy()],
    ['resets when it is spoken to', 'reset', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['answers with an alert', 'handshakeFailed', (socket) => socket.once('data', () => socket.end(ALERT_HANDSHAKE_FAILURE))],
    ['stops in the middle of a record', 'reset', (socket) => socket.once('data', () => socket.end(HALF_A_RECORD))],
    ['sends everything back', 'handshakeFailed', (socket) => socket.pipe(socket)],
  ] satisfies [string, string, ((socket: import('node:net').Socket) => void) | null][])(
    'when the server %s: %s',
    async (_, failure, behave) => {
      const server = await started(serveTcp(behave ?? (() => {})))
      if (behave === null) await server.close().then(() => running.pop())
      const seen = await probe(server.port)
      expect(seen).toMatchObject({ reachable: false, failure, address: '127.0.0.1', port: server.port, observedAt: 1_000 })
      expect(seen).toHaveProperty('detail', expect.stringMatching(/\w/))
    },
  )

  test('when the server has no certificate for the name and says so', async () => {
    const { port } = await started(serveTls(leaf, { SNICallback: (_, done) => done(new Error('unknown name')) }))
    expect(await probe(port)).toMatchObject({ reachable: false })
  })

  test('when the server accepts and never answers: in time, and the connection is gone', async () => {
    const server = await started(serveTcp((socket) => socket.resume()))
    const startedAt = performance.now()
    expect(await probe(server.port, { timeoutMs: 300 })).toMatchObject({ reachable: false, failure: 'timedOut' })
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    await expect.poll(() => server.countOpen()).toBe(0)
  })

  test('when the server drips bytes for ever', async () => {
    const server = await started(
      serveTcp((socket) => {
        const drip = setInterval(() => socket.write(Buffer.from([0x16])), 20)
        socket.once('close', () => clearInterval(drip))
      }),
    )
    const seen = await probe(server.port, { timeoutMs: 300 })
    expect(seen.reachable).toBe(false)
    await expect.poll(() => server.countOpen()).toBe(0)
  })

  test('when the server goes on talking after the handshake: the connection is gone all the same', async () => {
    const server = await started(
      serveTls(leaf, {}, {}, (socket) => {
        const talk = setInterval(() => socket.write('and another thing'), 20)
        socket.once('close', () => clearInterval(talk))
      }),
    )
    await probeServed(server.port)
    await expect.poll(() => server.countOpen(), { timeout: 5_000 }).toBe(0)
  })

  test('when the caller gives up, before or meanwhile', async () => {
    const server = await started(serveTcp((socket) => socket.resume()))
    const cancelled = { reachable: false, failure: 'timedOut', detail: 'the probe was cancelled' }
    expect(await probe(server.port, { signal: AbortSignal.abort() })).toMatchObject(cancelled)
    expect(await probe(server.port, { signal: AbortSignal.timeout(50) })).toMatchObject(cancelled)
    await expect.poll(() => server.countOpen()).toBe(0)
  })

  test('when there is no way to the address', async () => {
    // The broadcast address of the loopback network: the system refuses to connect to it.
    expect(await probe(443, { address: '127.255.255.255' })).toMatchObject({ reachable: false, failure: 'unreachable' })
  })

  test('but a trusted root that is not PEM is a mistake of the caller', async () => {
    await expect(
      probe(443, { trustedRootsPem: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'] }),
    ).rejects.toBeInstanceOf(Error)
  })
})

test('the harness has a server that is really there', async () => {
  const server = await started(serveTcp(() => {}))
  const socket = connectTcp(server.port, '127.0.0.1')
  await expect.poll(() => server.countOpen()).toBe(1)
  socket.destroy()
})

const ALERT_HANDSHAKE_FAILURE = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])
const HALF_A_RECORD = Buffer.from([0x16, 0x03, 0x03, 0x00, 0x64, 0x02, 0x00])
