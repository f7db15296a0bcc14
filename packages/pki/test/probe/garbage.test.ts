import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toBerCertificate } from '../../../../test/harness/ber-certificate.ts'
import { createChain, createSelfSigned } from '../../../../test/harness/certificates.ts'
import { judge, probeAddress } from '../../src/probe/index.ts'
import { serveTcp, serveTls } from './servers.ts'

/** What a hostile or broken server may do with a connection. */
const behaviour = fc.record({
  speaksFirst: fc.boolean(),
  // Half of them look like TLS at first: content type, version 3, then anything.
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.integer({ min: 0x14, max: 0x18 }), fc.integer({ min: 0, max: 4 }), fc.uint8Array({ maxLength: 300 }))
      .map(([type, minor, rest]) => Uint8Array.of(type, 3, minor, ...rest)),
  ),
  ending: fc.constantFrom('end', 'reset', 'destroy', 'stay'),
})

test('whatever a server answers, a probe is a value in bounded time, and there is a verdict with its reasons', async () => {
  let current: { speaksFirst: boolean; bytes: Uint8Array; ending: string } = {
    speaksFirst: true,
    bytes: new Uint8Array(),
    ending: 'end',
  }
  const server = await serveTcp((socket) => {
    const { speaksFirst, bytes, ending } = current
    socket.resume()
    const answer = () => {
      socket.write(bytes)
      if (ending === 'end') socket.end()
      if (ending === 'destroy') socket.destroy()
      if (ending === 'reset') socket.resetAndDestroy()
    }
    if (speaksFirst) answer()
    else socket.once('data', answer)
  })
  try {
    await fc.assert(
      fc.asyncProperty(behaviour, async (next) => {
        current = next
        const startedAt = performance.now()
        const seen = await probeAddress({
          address: '127.0.0.1',
          port: server.port,
          serverName: 'site.test',
          timeoutMs: 100,
          now: 0,
        })
        expect(performance.now() - startedAt).toBeLessThan(3_000)
        expect(seen.reachable).toBe(false)
        const { verdict, cause, remedy } = judge(seen, { serverName: 'site.test', sha256: 'a'.repeat(64) }, 0)
        expect(['unreachable', 'notTls']).toContain(verdict)
        expect([cause.en, cause.zh, remedy.en, remedy.zh].every((text) => text.length > 5)).toBe(true)
      }),
      { numRuns: 300 },
    )
    await expect.poll(() => server.countOpen()).toBe(0)
  } finally {
    await server.close()
  }
})

test('whatever stands in a certificate, a probe is a value, and there is a verdict with its reasons', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('"', '\\', 'a", DNS:b', 'a\\u00', '\0', '\n', 'ü', 'a, IP Address:1.2.3.4', '\u001b[2J'),
  )
  await fc.assert(
    fc.asyncProperty(text, fc.array(text, { maxLength: 4 }), async (commonName, names) => {
      const strange = createSelfSigned({ commonName, names })
      const server = await serveTls(strange)
      try {
        const seen = await probeAddress({
          address: '127.0.0.1',
          port: server.port,
          serverName: 'site.test',
          timeoutMs: 5_000,
          now: 0,
        })
        expect(seen.reachable && seen.chain[0].sha256).toBe(strange.sha256)
        const { verdict, cause } = judge(seen, { serverName: 'site.test' }, 0)
        expect(verdict).toBe('wrongName')
        // What a stranger wrote is shown on terminals and in logs.
        expect(cause.en + cause.zh).not.toMatch(/\p{Cc}/u)
      } finally {
        await server.close()
      }
    }),
    { numRuns: 100 },
  )
})

test('a certificate that OpenSSL takes and that is not DER is untrusted, whoever signed it, and the cause says so', async () => {
  const authority = createChain()
  const leaf = authority.issue({ names: ['site.test'] })
  const signed = toBerCertificate(leaf.pem, authority.privateKeyPem)
  const server = await serveTls({ chainPem: signed, privateKeyPem: leaf.privateKeyPem })
  try {
    const trustedRootsPem = [authority.rootPem]
    const place = { address: '127.0.0.1', port: server.port, serverName: 'site.test', timeoutMs: 5_000 }
    const seen = await probeAddress({ ...place, trustedRootsPem, now: Date.now() })
    const { verdict, cause } = judge(seen, { serverName: 'site.test' }, Date.now())
    expect(seen).toMatchObject({ reachable: true, trusted: false, trustError: 'NOT_DER' })
    expect([verdict, cause.en, cause.zh]).toEqual([
      'untrusted',
      expect.stringContaining('not encoded in DER'),
      expect.stringContaining('DER 编码'),
    ])
  } finally {
    await server.close()
  }
})
