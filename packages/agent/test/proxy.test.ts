/**
 * The way to the service through a real proxy (tinyproxy), which lets through what it is told to, with a password and without.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain } from '../../../test/harness/certificates.ts'
import { accepts, freePort } from '../../../test/harness/ports.ts'
import { startProcess, type RunningProcess } from '../../../test/harness/process.ts'
import { callService } from '../src/api.ts'
import { parseConfig } from '../src/config.ts'
import { findProxyOf, findProxyUrl } from '../src/proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'evercert-agent-proxy-'))
const caFile = join(folder, 'root.pem')
const authority = createChain()
const leaf = authority.issue({ names: ['localhost'] })
const seen: string[] = []
const service = createServer({ key: leaf.privateKeyPem, cert: leaf.chainPem }, (request, response) => {
  seen.push(request.headers.authorization ?? '')
  if (request.url?.endsWith('/slow') === true) return
  request.resume().on('end', () => response.writeHead(200).end(JSON.stringify({ path: request.url })))
})
let open: RunningProcess
let guarded: RunningProcess
let openPort: number
let guardedPort: number

async function startProxy(port: number, more = ''): Promise<RunningProcess> {
  const path = join(folder, `tinyproxy-${port}.conf`)
  writeFileSync(path, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nLogLevel Connect\n${more}`)
  return startProcess({
    command: 'tinyproxy',
    args: ['-d', '-c', path],
    debianPackage: 'tinyproxy-bin',
    isReady: () => accepts(port),
  })
}

beforeAll(async () => {
  writeFileSync(caFile, leaf.rootPem)
  await new Promise<void>((resolve) => service.listen(0, 'localhost', resolve))
  const { port } = service.address() as AddressInfo
  ;[openPort, guardedPort] = [await freePort(), await freePort()]
  ;[open, guarded] = await Promise.all([
    startProxy(openPort, `ConnectPort ${port}\n`),
    startProxy(guardedPort, `BasicAuth agent pass.word\nConnectPort ${port}\n`),
  ])
})
afterAll(async () => {
  await Promise.all([open?.stop(), guarded?.stop()])
  service.closeAllConnections()
  service.close()
  rmSync(folder, { recursive: true, force: true })
})

const call = (proxy: string | null, path: `/${string}` = '/agents/poll', more: { timeoutMs?: number; port?: number } = {}) =>
  callService(
    { server: `https://localhost:${more.port ?? (service.address() as AddressInfo).port}`, caFile, proxy },
    { path, body: {}, credential: 'evca_secret', timeoutMs: more.timeoutMs ?? 5_000 },
  )

describe('through the proxy', () => {
  test('the service is reached, and the proxy sees where to and nothing of what is said', async () => {
    expect(await call(`http://127.0.0.1:${openPort}`)).toEqual({ path: '/api/v1/agents/poll' })
    expect(seen.at(-1)).toBe('Bearer evca_secret')
    expect(open.logs()).toContain('CONNECT localhost:')
    expect(open.logs()).not.toContain('evca_secret')
  })

  test('its certificate is the one that is checked', async () => {
    const stranger = join(folder, 'stranger.pem')
    writeFileSync(stranger, createChain().issue({ names: ['localhost'] }).rootPem)
    const server = `https://localhost:${(service.address() as AddressInfo).port}`
    const address = { server, caFile: stranger, proxy: `http://127.0.0.1:${openPort}` }
    const count = seen.length
    await expect(callService(address, { path: '/x', body: {}, credential: 'evca_secret', timeoutMs: 5_000 })).rejects.toThrow(
      /certificate/,
    )
    expect(seen).toHaveLength(count)
  })

  test('user and password are told to it alone; without them it says what to do', async () => {
    expect(await call(`http://agent:pass%2Eword@127.0.0.1:${guardedPort}`)).toEqual({ path: '/api/v1/agents/poll' })
    expect(seen.at(-1)).toBe('Bearer evca_secret')
    const refused = call(`http://agent:wrong@127.0.0.1:${guardedPort}`)
    await expect(refused).rejects.toThrow(/the proxy http:\/\/127\.0\.0\.1:\d+ does not let localhost:\d+ through \(40[17]\)/)
    await expect(refused).rejects.not.toThrow('wrong')
  })

  test('a port that it does not allow, a proxy that is not there, and a service that does not answer are said', async () => {
    await expect(call(`http://127.0.0.1:${openPort}`, '/x', { port: await freePort() })).rejects.toThrow(
      'does not let localhost:',
    )
    await expect(call(`http://127.0.0.1:${await freePort()}`)).rejects.toThrow('does not answer (ECONNREFUSED)')
    await expect(call(`http://127.0.0.1:${openPort}`, '/slow', { timeoutMs: 400 })).rejects.toThrow('no answer within 0.4 s')
    await expect(call(null, '/slow', { timeoutMs: 400 })).rejects.toThrow('no answer within 0.4 s')
  })
})

describe('which proxy', () => {
  const env = { HTTPS_PROXY: 'http://proxy.example:3128' }
  test.each<[string, NodeJS.ProcessEnv, string | null]>([
    ['https://evercert.example', env, 'http://proxy.example:3128'],
    ['https://evercert.example', { https_proxy: 'proxy.example:3128' }, 'http://proxy.example:3128'],
    ['https://evercert.example', { ...env, NO_PROXY: 'other.example, .example' }, null],
    ['https://evercert.example', { ...env, no_proxy: 'evercert.example:443' }, null],
    ['https://evercert.example', { ...env, NO_PROXY: '*' }, null],
    ['https://notevercert.example', { ...env, NO_PROXY: 'evercert.example' }, 'http://proxy.example:3128'],
    ['https://127.0.0.1:8443', env, null],
    ['https://evercert.example', {}, null],
    ['https://evercert.example', { HTTPS_PROXY: 'socks5://proxy.example' }, null],
  ])('of %s with %j: %s', (server, environment, proxy) => {
    expect(findProxyOf(server, environment)).toBe(proxy)
  })

  test('the setting comes before the environment, also when it is none; what is no proxy is refused', () => {
    const read = (proxy?: string | null) =>
      parseConfig(JSON.stringify({ server: 'https://evercert.example', proxy }), 'config.json', (en) => en, env).proxy
    expect([read(), read(null), read('http://other.example:8080')]).toEqual([
      'http://proxy.example:3128',
      null,
      'http://other.example:8080',
    ])
    expect(() => read('http://proxy.example/path')).toThrow('proxy: an address as')
    expect(findProxyUrl('http://proxy.example:3128/?x=1')).toBeNull()
  })
})
