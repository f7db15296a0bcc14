import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import dnsPacket from 'dns-packet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBind, type Bind, type TsigKeyFacts } from '../../../../test/harness/bind.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { rfc2136 } from '../../src/adapters/dns/rfc2136/rfc2136.ts'
import type { DnsProvider } from '../../src/ports/dns.ts'
import type { AdapterKit } from '../../src/ports/kit.ts'
import { createMemoryCaStore } from '../adapters/memory-ca-store.ts'
import { dnsContract, type DnsHarness } from './dns-contract.ts'

function createKit(now: () => number = Date.now): AdapterKit {
  return {
    now,
    fetch: () => Promise.reject(new Error('a DNS update needs no HTTP')),
    resolver: { resolveAddresses: async (name) => (name === 'ns.example.test' ? ['127.0.0.1'] : []), resolveTxt: async () => [] },
    guardAddress: () => null,
    builtinCaStore: createMemoryCaStore(),
  }
}

function createProvider(key: TsigKeyFacts, settings: Record<string, unknown>, now?: () => number): DnsProvider {
  const { name: keyName, algorithm, secret } = key
  return rfc2136.create(rfc2136.config.parse({ server: '127.0.0.1', keyName, algorithm, secret, ...settings }), createKit(now))
}

/** A TCP server that treats every connection as told. */
async function startTcp(onConnection: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

async function createHarness(kind: 'sha256' | 'sha512', hasZone: boolean): Promise<DnsHarness> {
  const bind = await startBind()
  const silent = await startTcp(() => undefined)
  const deadPort = await freePort()
  const key = bind.keys[kind]
  const zone = hasZone ? { zone: bind.zone } : {}
  return {
    provider: createProvider(key, { port: bind.port, ...zone }),
    zone: bind.zone,
    lookup: (name) => bind.lookupTxt(name),
    withWrongCredential: () =>
      createProvider({ ...key, secret: Buffer.alloc(32).toString('base64') }, { port: bind.port, ...zone }),
    withOutage: () => createProvider(key, { port: deadPort, ...zone }),
    withSilence: () => createProvider(key, { port: silent.port, ...zone }),
    close: async () => {
      silent.close()
      await bind.stop()
    },
  }
}

dnsContract('rfc2136, BIND, hmac-sha256, zone found by SOA', () => createHarness('sha256', false))
dnsContract('rfc2136, BIND, hmac-sha512, zone in the settings', () => createHarness('sha512', true))

describe('rfc2136 beyond the contract', () => {
  let bind: Bind
  const closers: (() => void)[] = []

  beforeAll(async () => {
    bind = await startBind()
  })
  afterAll(async () => {
    for (const close of closers) close()
    await bind.stop()
  })

  const record = (name: string, value = 'value') => ({ name, value, ttlSeconds: 60 })
  const provider = (settings: Record<string, unknown> = {}, key = bind.keys.sha256) =>
    createProvider(key, { port: bind.port, ...settings })
  const fake = async (onConnection: (socket: Socket) => void) => {
    const server = await startTcp(onConnection)
    closers.push(server.close)
    return createProvider(bind.keys.sha256, { port: server.port, zone: bind.zone })
  }
  /** Answers the first message of a connection. */
  const answering = (toReply: (query: Buffer) => Buffer) =>
    fake((socket) => {
      socket.once('data', (data: Buffer) => {
        const reply = toReply(data.subarray(2))
        const length = Buffer.alloc(2)
        length.writeUInt16BE(reply.length)
        socket.write(length)
        for (const octet of reply) socket.write(Buffer.from([octet])) // in the smallest pieces
      })
    })

  test('the server may be a name, and the zone a deeper one than the name shows', async () => {
    await provider({ server: 'ns.example.test' }).present(record(`a.b.c.d.${bind.zone}`))
    expect(await bind.lookupTxt(`a.b.c.d.${bind.zone}`)).toEqual(['value'])
  })

  test('a value longer than one string', async () => {
    const value = 'x'.repeat(700)
    await provider().present(record(`long.${bind.zone}`, value))
    expect(await bind.lookupTxt(`long.${bind.zone}`)).toEqual([value])
    await provider().remove({ name: `long.${bind.zone}`, value })
    expect(await bind.lookupTxt(`long.${bind.zone}`)).toEqual([])
  })

  test('capitals in names do not matter, to the key neither', async () => {
    const key = { ...bind.keys.sha256, name: `${bind.keys.sha256.name.toUpperCase()}.` }
    await provider({ zone: `${bind.zone.toUpperCase()}.` }, key).present(record(`CASE.${bind.zone}.`))
    expect(await bind.lookupTxt(`case.${bind.zone}`)).toEqual(['value'])
  })

  test.each([
    ['a key that the server does not know', (key: TsigKeyFacts) => ({ ...key, name: 'unknown' })],
    ['the wrong algorithm', (key: TsigKeyFacts) => ({ ...key, algorithm: 'hmac-sha512' as const })],
    ['a wrong secret', (key: TsigKeyFacts) => ({ ...key, secret: 'AAAA' })],
  ])('%s is credentialsRejected, whether the zone is known or not', async (_what, change) => {
    const key = change(bind.keys.sha256)
    await expect(provider({}, key).present(record(`x.${bind.zone}`))).rejects.toMatchObject({ code: 'credentialsRejected' })
    await expect(provider({ zone: bind.zone }, key).present(record(`x.${bind.zone}`))).rejects.toMatchObject({
      code: 'credentialsRejected',
    })
  })

  test('a key without the right is credentialsRejected', async () => {
    await expect(provider({}, bind.powerlessKey).present(record(`x.${bind.zone}`))).rejects.toMatchObject({
      code: 'credentialsRejected',
    })
  })

  test.each(['127.0.0.1', 'ns.example.test'])(
    'an address that the operator does not allow is not dialled: %s',
    async (server) => {
      let connections = 0
      const tcp = await startTcp(() => {
        connections += 1
      })
      const { name: keyName, algorithm, secret } = bind.keys.sha256
      const kit = { ...createKit(), guardAddress: () => 'loopback' }
      const provider = rfc2136.create(rfc2136.config.parse({ server, port: tcp.port, keyName, algorithm, secret }), kit)
      const record = { name: `_acme-challenge.${bind.zone}`, value: 'proof', ttlSeconds: 60 }
      await expect(provider.present(record)).rejects.toMatchObject({ code: 'addressForbidden' })
      expect(connections).toBe(0)
      tcp.close()
    },
  )

  test('the secret is in no error', async () => {
    const key = { ...bind.keys.sha256, secret: 'c2VjcmV0LXNlY3JldA==' }
    await expect(provider({}, key).present(record(`x.${bind.zone}`))).rejects.not.toThrow(/c2VjcmV0/)
  })

  test('a clock that is wrong by an hour is misconfigured, and the text says so', async () => {
    const late = createProvider(bind.keys.sha256, { port: bind.port, zone: bind.zone }, () => Date.now() - 3_600_000)
    const failure = late.present(record(`x.${bind.zone}`))
    await expect(failure).rejects.toMatchObject({ code: 'misconfigured' })
    await expect(failure).rejects.toThrow(/clock/)
  })

  test.each([
    ['another zone in the settings', { zone: 'other.test' }, 'x.zone.test'],
    ['a zone that only ends alike', { zone: 'ne.test' }, 'x.zone.test'],
    ['a zone that the server does not have', { zone: 'other.test' }, 'x.other.test'],
    ['a server without an address', { server: 'gone.example.test' }, 'x.zone.test'],
  ])('%s is misconfigured', async (_what, settings, name) => {
    await expect(provider(settings).present(record(name))).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('a name for which the server has no zone is not an outage', async () => {
    await expect(provider().present(record('x.elsewhere.test'))).rejects.toMatchObject({ retry: 'never' })
  })

  test('a name that is an alias is refused instead of silently dropped', async () => {
    const failure = provider().present(record(`alias.${bind.zone}`))
    await expect(failure).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test.each([
    [
      'an unsigned "all is well"',
      (query: Buffer) => dnsPacket.encode({ type: 'response', id: query.readUInt16BE(0), flags: 5 << 11 }),
    ],
    ['our own message back', (query: Buffer) => query],
    ['no DNS message', (query: Buffer) => Buffer.concat([query.subarray(0, 2), Buffer.from('220 mail ready\r\n')])],
    ['a cut message', (query: Buffer) => query.subarray(0, 40)],
    [
      'a message that points at itself',
      (query: Buffer) => Buffer.concat([query.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 6, 0, 1])]),
    ],
  ])('%s is not believed', async (_what, toReply) => {
    const victim = await answering(toReply)
    await expect(victim.present(record(`x.${bind.zone}`))).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('a signed reply that was changed on the way is not believed', async () => {
    const relay = await answeringThrough(bind.port, (reply) => {
      const changed = Buffer.from(reply)
      changed.writeUInt8(changed.readUInt8(3) & 0xf0, 3) // REFUSED becomes NOERROR
      return changed
    })
    closers.push(relay.close)
    const victim = createProvider(bind.powerlessKey, { port: relay.port, zone: bind.zone })
    await expect(victim.present(record(`x.${bind.zone}`))).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('a connection that ends at once is upstreamUnavailable', async () => {
    const victim = await fake((socket) => socket.end())
    await expect(victim.present(record(`x.${bind.zone}`))).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('settings: the secret is base64, the port a port', () => {
    const valid = { server: 'ns', keyName: 'k', secret: 'AAAA' }
    expect(rfc2136.config.parse(valid)).toMatchObject({ port: 53, algorithm: 'hmac-sha256' })
    expect(rfc2136.config.safeParse({ ...valid, secret: 'not base64!' }).success).toBe(false)
    expect(rfc2136.config.safeParse({ ...valid, port: 0 }).success).toBe(false)
    expect(rfc2136.config.safeParse({ ...valid, algorithm: 'hmac-md5' }).success).toBe(false)
  })
})

/** Passes one message on to the real server and its changed reply back. */
async function answeringThrough(port: number, change: (reply: Buffer) => Buffer): Promise<{ port: number; close: () => void }> {
  const { connect } = await import('node:net')
  return startTcp((socket) => {
    const upstream = connect(port, '127.0.0.1')
    socket.pipe(upstream)
    upstream.once('data', (data: Buffer) => {
      socket.write(Buffer.concat([data.subarray(0, 2), change(data.subarray(2))]))
      upstream.destroy()
    })
  })
}
