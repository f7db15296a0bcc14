import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createRoot } from '../../../../../test/harness/certificates.ts'
import { createGuardedFetch, type OwnedGuardedFetch } from '../../../src/adapters/kit/guarded-fetch.ts'
import type { Resolver } from '../../../src/ports/kit.ts'

const cleanUps: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
})

interface Site {
  readonly port: number
  readonly requests: IncomingMessage[]
  /** Connections that were made. */
  readonly sockets: Socket[]
}

async function serve(handler: RequestListener, listener: (handle: RequestListener) => Server = createServer): Promise<Site> {
  const requests: IncomingMessage[] = []
  const sockets: Socket[] = []
  const server = listener((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  server.on('connection', (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, requests, sockets }
}

function ok(_request: IncomingMessage, response: ServerResponse): void {
  response.end('ok')
}

/** Answers each look-up of a name with the next of its answers; the last one stays. */
function scripted(answers: Readonly<Record<string, readonly (readonly string[])[]>>): Resolver & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    resolveAddresses: async (name) => {
      const turn = asked.filter((each) => each === name).length
      asked.push(name)
      return answers[name]?.[Math.min(turn, answers[name].length - 1)] ?? []
    },
    resolveTxt: async () => [],
  }
}

function guarded(resolver: Resolver, allow: readonly string[] = ['127.0.0.0/8']): OwnedGuardedFetch {
  const fetch = createGuardedFetch({ allow, resolver, defaultTimeoutMs: 5000 })
  cleanUps.push(() => fetch.close())
  return fetch
}

const here = scripted({ 'site.test': [['127.0.0.1']], 'other.test': [['127.0.0.1']] })

describe('guarded fetch: what comes back', () => {
  test('status, lower-case headers, body and the address that answered', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(201, { 'X-Answer': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }).end('body')
    })
    const answer = await guarded(here)(`http://site.test:${port}/path?q=1`)
    expect(answer).toMatchObject({ status: 201, address: '127.0.0.1' })
    expect(answer.headers).toMatchObject({ 'x-answer': 'yes', 'set-cookie': 'a=1, b=2' })
    expect(Buffer.from(answer.body).toString()).toBe('body')
  })

  test('method, path, headers and body arrive, with the name as Host', async () => {
    let received = ''
    const { port, requests } = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => (received += chunk.toString()))
      request.on('end', () => response.end())
    })
    await guarded(here)(`http://site.test:${port}/a/b?c=d`, {
      method: 'POST',
      body: '{"x":1}',
      headers: { 'Content-Type': 'application/json' },
    })
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/a/b?c=d' })
    expect(requests[0]?.headers).toMatchObject({
      host: `site.test:${port}`,
      'content-type': 'application/json',
      'user-agent': 'evercert',
    })
    expect(received).toBe('{"x":1}')
  })

  test('HEAD has no body, whatever length it declares', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '999999999' }).end()
    })
    expect((await guarded(here)(`http://site.test:${port}/`, { method: 'HEAD' })).body).toHaveLength(0)
  })

  test('a hundred requests one after another reuse connections', async () => {
    const { port, sockets } = await serve(ok)
    const fetch = guarded(here)
    for (let count = 0; count < 100; count++) await fetch(`http://site.test:${port}/`, { method: 'POST', body: 'x' })
    expect(sockets.length).toBeLessThanOrEqual(2) // the second when a request begins before the last one is put away
  })

  test('a GET survives that the server closed the idle connection', async () => {
    const { port, sockets } = await serve(ok)
    const fetch = guarded(here)
    await fetch(`http://site.test:${port}/`)
    sockets[0]?.destroy()
    expect((await fetch(`http://site.test:${port}/`)).status).toBe(200)
  })
})

describe('guarded fetch: forbidden addresses', () => {
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
    'http://[fd00::1]/',
    'http://[64:ff9b::7f00:1]/',
  ])('%s is refused without asking DNS', async (url) => {
    const resolver = scripted({})
    await expect(guarded(resolver, [])(url)).rejects.toMatchObject({ code: 'addressForbidden' })
    expect(resolver.asked).toEqual([])
  })

  test.each(['127.0.0.1', '169.254.169.254', '::ffff:10.0.0.1', 'fd00::1', '::1', '0.0.0.0', '100.100.100.200'])(
    'a name that leads to %s is refused, and the text says how to allow it',
    async (address) => {
      const fetch = guarded(scripted({ 'evil.test': [[address]] }), [])
      const failure = fetch('http://evil.test/')
      await expect(failure).rejects.toMatchObject({ code: 'addressForbidden' })
      await expect(failure).rejects.toThrow(/evil\.test.*EVERCERT_ALLOW_ADDRESSES/)
    },
  )

  test('one forbidden address among public ones refuses the name', async () => {
    const fetch = guarded(scripted({ 'mixed.test': [['93.184.215.14', '10.0.0.1']] }), [])
    await expect(fetch('http://mixed.test/')).rejects.toMatchObject({ code: 'addressForbidden' })
  })

  test('allowing one range does not allow another', async () => {
    const fetch = guarded(scripted({ 'site.test': [['127.0.0.1']] }), ['10.0.0.0/8'])
    await expect(fetch('http://site.test/')).rejects.toMatchObject({ code: 'addressForbidden' })
  })

  test('DNS rebinding: the name is resolved once and the connection goes to the address that was checked', async () => {
    const { port, requests } = await serve(ok)
    const resolver = scripted({ 'rebind.test': [['127.0.0.1'], ['10.0.0.1']] })
    const fetch = guarded(resolver, ['127.0.0.1/32'])
    expect((await fetch(`http://rebind.test:${port}/`)).address).toBe('127.0.0.1')
    expect(resolver.asked).toEqual(['rebind.test'])
    await expect(fetch(`http://rebind.test:${port}/`)).rejects.toMatchObject({ code: 'addressForbidden' })
    expect(requests).toHaveLength(1) // not even over the connection that is still open
  })

  test('the next address is tried when nothing listens at the first', async () => {
    const { port } = await serve(ok)
    const fetch = guarded(scripted({ 'two.test': [['127.0.0.2', '127.0.0.1']] }))
    expect((await fetch(`http://two.test:${port}/`, { method: 'POST', body: 'once' })).address).toBe('127.0.0.1')
  })
})

describe('guarded fetch: URLs', () => {
  test.each(['', 'example.com', 'http://', '/path', 'http://exa mple.com/', 'http://[::1/'])('%j is not a URL', async (url) => {
    await expect(guarded(here)(url)).rejects.toMatchObject({ code: 'invalid' })
  })

  test.each(['file:///etc/passwd', 'ftp://site.test/', 'gopher://site.test/', 'data:text/plain,x', 'javascript:1'])(
    '%s is refused',
    async (url) => {
      await expect(guarded(here)(url)).rejects.toMatchObject({ code: 'addressForbidden' })
    },
  )

  test.each(['http://user@site.test/', 'http://user:hunter2@site.test/', 'http://:hunter2@site.test/'])(
    '%s is refused, and the password is not repeated',
    async (url) => {
      const failure = guarded(here)(url)
      await expect(failure).rejects.toMatchObject({ code: 'addressForbidden' })
      await expect(failure).rejects.not.toThrow('hunter2')
    },
  )

  test('an error does not repeat the query, which may hold a token', async () => {
    const fetch = guarded(scripted({}))
    await expect(fetch('http://gone.test/a?token=hunter2')).rejects.not.toThrow('hunter2')
    await expect(fetch('http://gone.test/a?token=hunter2')).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })
})

describe('guarded fetch: redirects', () => {
  const redirect = (location: string, status = 302) =>
    serve((request, response) => {
      if (request.url === '/end') response.end('end')
      else response.writeHead(status, { location }).end('elsewhere')
    })

  test('are not followed unless asked', async () => {
    const { port, requests } = await redirect('/end')
    const answer = await guarded(here)(`http://site.test:${port}/`)
    expect(answer).toMatchObject({ status: 302, headers: { location: '/end' } })
    expect(requests).toHaveLength(1)
  })

  test.each([301, 302, 303, 307, 308])('%i is followed when asked', async (status) => {
    const { port } = await redirect('/end', status)
    const answer = await guarded(here)(`http://site.test:${port}/`, { maxRedirects: 1 })
    expect(Buffer.from(answer.body).toString()).toBe('end')
  })

  test('no more than asked', async () => {
    const { port, requests } = await redirect('/again')
    expect((await guarded(here)(`http://site.test:${port}/`, { maxRedirects: 3 })).status).toBe(302)
    expect(requests).toHaveLength(4)
  })

  test.each([
    'http://169.254.169.254/',
    'http://[::1]/',
    'http://inside.test/',
    '//10.0.0.1/',
    'file:///etc/passwd',
    'http://u:p@site.test/',
  ])('to %s is refused', async (location) => {
    const { port } = await redirect(location)
    const resolver = scripted({ 'site.test': [['127.0.0.1']], 'inside.test': [['192.168.0.1']] })
    const failure = guarded(resolver)(`http://site.test:${port}/`, { maxRedirects: 5 })
    await expect(failure).rejects.toMatchObject({ code: 'addressForbidden' })
  })

  test('a POST is never repeated elsewhere', async () => {
    const { port, requests } = await redirect('/end', 307)
    expect((await guarded(here)(`http://site.test:${port}/`, { method: 'POST', body: 'x', maxRedirects: 5 })).status).toBe(307)
    expect(requests).toHaveLength(1)
  })

  test('credentials stay with their origin', async () => {
    const other = await serve(ok)
    const { port } = await redirect(`http://other.test:${other.port}/`)
    await guarded(here)(`http://site.test:${port}/`, {
      maxRedirects: 1,
      headers: { Authorization: 'Bearer hunter2', Accept: 'text/plain' },
    })
    expect(other.requests[0]?.headers).toMatchObject({ accept: 'text/plain' })
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
  })
})

describe('guarded fetch: limits', () => {
  test('an endless body is cut off while it streams', async () => {
    let sent = 0
    const { port } = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const pump = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', pump)
      pump()
    })
    await expect(guarded(here)(`http://site.test:${port}/`, { maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'upstreamUnavailable',
    })
    await sleep(50)
    expect(sent).toBeLessThan(20_000_000) // what the socket buffers hold, and no more
  })

  test('a declared length beyond the limit is refused before the body is read', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' }).write('x')
    })
    const begun = performance.now()
    await expect(guarded(here)(`http://site.test:${port}/`, { maxBytes: 1000 })).rejects.toThrow(/longer than 1000 bytes/)
    expect(performance.now() - begun).toBeLessThan(2000)
  })

  test('a body of exactly the limit is fine', async () => {
    const { port } = await serve((_request, response) => void response.end('x'.repeat(1000)))
    expect((await guarded(here)(`http://site.test:${port}/`, { maxBytes: 1000 })).body).toHaveLength(1000)
  })

  test('a gzip bomb stays packed: it counts as what was sent', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const { port, requests } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    })
    const { body } = await guarded(here)(`http://site.test:${port}/`, { maxBytes: 100_000 })
    expect(Buffer.from(body).equals(bomb)).toBe(true)
    expect(requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('a body that drips is timed out as a whole', async () => {
    const { port } = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    await expect(guarded(here)(`http://site.test:${port}/`, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timedOut' })
  })

  test('a server that never answers, and a look-up that never ends, are timed out', async () => {
    const { port } = await serve(() => undefined)
    await expect(guarded(here)(`http://site.test:${port}/`, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timedOut' })
    const silent: Resolver = { resolveAddresses: () => new Promise(() => undefined), resolveTxt: async () => [] }
    await expect(guarded(silent)('http://site.test/', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timedOut' })
  })

  test('an aborted signal rejects with its reason, before and during the request', async () => {
    const { port } = await serve(() => undefined)
    const fetch = guarded(here)
    await expect(fetch(`http://site.test:${port}/`, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
    const controller = new AbortController()
    const pending = fetch(`http://site.test:${port}/`, { signal: controller.signal })
    setTimeout(() => controller.abort('later'), 50)
    await expect(pending).rejects.toBe('later')
  })

  test.each([
    ['nothing listens', undefined],
    ['the connection is cut', (socket: Socket) => void socket.destroy()],
    ['the answer is not HTTP', (socket: Socket) => void socket.end('220 mail ready\r\n')],
  ])('when %s it is upstreamUnavailable', async (_what, misbehave) => {
    const { port } = await serve((request) => misbehave?.(request.socket))
    const url = misbehave ? `http://site.test:${port}/` : 'http://site.test:1/'
    await expect(guarded(here)(url)).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })
})

describe('guarded fetch: TLS', () => {
  const root = createRoot()
  const secure = (names: readonly string[]) => {
    const leaf = root.issue({ names })
    return serve(ok, (handle) => createTlsServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }, handle))
  }

  test('a certificate under an unknown root is refused, and trusted with caPem', async () => {
    const { port } = await secure(['site.test'])
    const fetch = guarded(here)
    await expect(fetch(`https://site.test:${port}/`)).rejects.toMatchObject({ code: 'upstreamUnavailable' })
    expect((await fetch(`https://site.test:${port}/`, { caPem: root.pem })).status).toBe(200)
    await expect(fetch(`https://site.test:${port}/`)).rejects.toMatchObject({ code: 'upstreamUnavailable' }) // trust does not leak
  })

  test('a certificate for another name is refused in spite of caPem', async () => {
    const { port } = await secure(['another.test'])
    await expect(guarded(here)(`https://site.test:${port}/`, { caPem: root.pem })).rejects.toMatchObject({
      code: 'upstreamUnavailable',
    })
  })

  test('ignoreCertificate takes any, and only for that request', async () => {
    const { port } = await secure(['another.test'])
    const fetch = guarded(here)
    expect((await fetch(`https://site.test:${port}/`, { ignoreCertificate: true })).status).toBe(200)
    await expect(fetch(`https://site.test:${port}/`)).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('an address as host is checked by its address', async () => {
    const { port } = await secure(['127.0.0.1'])
    expect((await guarded(here)(`https://127.0.0.1:${port}/`, { caPem: root.pem })).status).toBe(200)
  })

  test.each(['junk', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'caPem that is %j is misconfigured',
    async (caPem) => {
      await expect(guarded(here)('https://site.test:1/', { caPem })).rejects.toMatchObject({ code: 'misconfigured' })
    },
  )
})
