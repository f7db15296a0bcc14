import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDnsServer, type DnsServer } from '../../../../../test/harness/dns-server.ts'
import type { HalfAnswersReport } from '../../../../../test/harness/half-answers.ts'
import { createResolver } from '../../../src/adapters/kit/resolver.ts'
import type { Resolver } from '../../../src/ports/kit.ts'

describe('resolver with servers', () => {
  let server: DnsServer
  let resolver: Resolver

  beforeAll(async () => {
    server = await startDnsServer()
    resolver = createResolver({ servers: [server.address], timeoutMs: 1000 })
  })
  afterAll(() => server.close())

  test('gives A and AAAA together', async () => {
    server.add('both.test', 'A', '192.0.2.1')
    server.add('both.test', 'AAAA', '2001:db8::1')
    expect([...(await resolver.resolveAddresses('both.test'))].toSorted()).toEqual(['192.0.2.1', '2001:db8::1'])
  })

  test('a name with one kind only has those', async () => {
    server.add('four.test', 'A', '192.0.2.4')
    expect(await resolver.resolveAddresses('four.test')).toEqual(['192.0.2.4'])
  })

  test('a kind that nobody answers for is not taken for absent: every address would then not be every address', async () => {
    server.add('half.test', 'A', '192.0.2.5')
    server.fail('half.test', 'servfail', 'AAAA')
    await expect(resolver.resolveAddresses('half.test')).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('an absent name, and a name without addresses, are empty', async () => {
    server.add('text-only.test', 'TXT', 'x')
    expect(await resolver.resolveAddresses('absent.test')).toEqual([])
    expect(await resolver.resolveAddresses('text-only.test')).toEqual([])
    expect(await resolver.resolveTxt('absent.test')).toEqual([])
  })

  test('TXT values are apart, the strings of one are joined', async () => {
    const long = 'a'.repeat(255) + 'b'.repeat(45)
    server.add('txt.test', 'TXT', long)
    server.add('txt.test', 'TXT', 'second')
    expect([...(await resolver.resolveTxt('txt.test'))].toSorted()).toEqual([long, 'second'])
  })

  test.each(['servfail', 'silence'] as const)('an outage (%s) is upstreamUnavailable, not an empty answer', async (how) => {
    server.fail(`${how}.test`, how)
    await expect(resolver.resolveAddresses(`${how}.test`)).rejects.toMatchObject({ code: 'upstreamUnavailable' })
    await expect(resolver.resolveTxt(`${how}.test`)).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  })

  test('nothing is remembered: a value published later is seen', async () => {
    server.add('again.test', 'TXT', 'first')
    expect(await resolver.resolveTxt('again.test')).toEqual(['first'])
    server.remove('again.test', 'TXT')
    server.add('again.test', 'TXT', 'second')
    expect(await resolver.resolveTxt('again.test')).toEqual(['second'])
  })

  test('.localhost is asked like any other name', async () => {
    server.add('site.localhost', 'A', '192.0.2.9')
    expect(await resolver.resolveAddresses('site.localhost')).toEqual(['192.0.2.9'])
  })

  test('a server that cannot be read is misconfigured', () => {
    expect(() => createResolver({ servers: ['dns.example.com'] })).toThrow(expect.objectContaining({ code: 'misconfigured' }))
  })
})

describe('resolver of the system', () => {
  const resolver = createResolver({ servers: null, timeoutMs: 2000 })

  test.each(['localhost', 'shop.localhost', 'A.B.LOCALHOST', 'localhost.'])('%s is loopback (RFC 6761)', async (name) => {
    expect(await resolver.resolveAddresses(name)).toEqual(['127.0.0.1', '::1'])
    expect(await resolver.resolveTxt(name)).toEqual([])
  })

  test('an address is its own', async () => {
    const found = await resolver.resolveAddresses('127.0.0.3')
    expect(found).toEqual(['127.0.0.3'])
  })
})

describe('BIND as the resolver of the system', () => {
  test('a family of addresses that it gets no answer for is not taken for absent, and a proof of the name says so', (context) => {
    const inNamespaces = ['-rnm', '--'] as const
    const trial = spawnSync('unshare', [...inNamespaces, 'sh', '-c', 'ip link set lo up && mount --bind /etc/hosts /etc/hosts'])
    if (trial.status !== 0) context.skip(`no namespace can be made here: ${String(trial.stderr ?? trial.error)}`)
    const folder = mkdtempSync(join(tmpdir(), 'evercert-half-answers-'))
    chmodSync(folder, 0o777) // BIND may give up its rights
    try {
      const child = fileURLToPath(new URL('../../../../../test/harness/half-answers.ts', import.meta.url))
      const { stdout, stderr } = spawnSync('unshare', [...inNamespaces, process.execPath, child, folder], {
        encoding: 'utf8',
        timeout: 60_000,
      })
      if (stdout === '') throw new Error(`the process in the namespace wrote nothing: ${stderr}`)
      const report = JSON.parse(stdout) as HalfAnswersReport
      const found = Object.fromEntries(Object.entries(report).map(([name, one]) => [name, one.found]))
      expect(found).toEqual({
        'both.test': ['127.0.0.3', '::1'],
        'alias.test': ['127.0.0.3', '::1'], // by way of another
        'dangling.test': [],
        'four.test': ['127.0.0.4'],
        'six.test': ['::1'],
        'absent.test': [],
        'listed.test': ['127.0.0.9'],
        'no-six.test': 'upstreamUnavailable',
        'silent-six.test': 'upstreamUnavailable',
        'no-four.test': 'upstreamUnavailable',
      })
      const saying = Object.entries(report).flatMap(([name, { unresolved }]) =>
        unresolved?.includes('could not be looked up') === true ? [name] : [],
      )
      expect(saying.toSorted()).toEqual(['no-four.test', 'no-six.test', 'silent-six.test'])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
