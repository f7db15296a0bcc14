import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { canStart } from '../../../../test/harness/tls-servers.ts'
import type { CertificatePair } from '../../src/ports/deploy.ts'
import { deployContract } from './deploy-contract.ts'
import { aSite, contractHarness, issue, look, targetOf, type Site } from './deploy-sites.ts'
import { goesBackForMs, paceOf, startPacedLoad } from './paced-load.ts'

const KINDS = ['apache', 'haproxy', 'lighttpd', 'caddy', 'dovecot', 'postfix'] as const
// Dovecot and Postfix take other users' rights, which needs root.
for (const kind of KINDS) {
  describe.skipIf(!canStart(kind))(`${kind} as a target`, () => {
    deployContract(kind, () => contractHarness(kind))
  })
}

describe('renewal under 200 new connections a second', () => {
  const PER_SECOND = 200
  /** Handshakes enough on both sides of the flip; then the load ends. A server or machine that never gets there ends it as well. */
  const ENOUGH = 150
  const MOST = 4_000
  const PATIENCE = { timeout: 20_000 }
  /**
   * For how long a visitor may be shown the old certificate after another one saw the new one. nginx, by its design: its master starts the new
   * workers, sleeps for 100 ms, and only then tells the old ones to go, and until then both accept from the one listening socket. 55 to 77 ms
   * of it were seen from outside; the rest of the limit is for a machine that is slow to run the old workers. The others: never.
   */
  const BACK_MS = { nginx: 500, apache: 0, haproxy: 0, caddy: 0 } as const

  test.each(['nginx', 'apache', 'haproxy', 'caddy'] as const)(
    '%s: no handshake fails, and the fingerprint flips once',
    async (kind) => {
      const site = await aSite(kind)
      const { server, settings, old } = site
      const load = startPacedLoad({ perSecond: PER_SECOND, most: MOST }, () => look(server.port))
      try {
        const next = issue()
        const { testCommand, reloadCommand } = server
        const target = targetOf(kind, { ...settings, testCommand, reloadCommand })
        const count = (sha256: string) => load.visits.filter(({ seen }) => seen === sha256).length
        await expect.poll(() => count(old.sha256), PATIENCE).toBeGreaterThan(ENOUGH)
        await target.apply(next)
        await expect.poll(() => count(next.sha256), PATIENCE).toBeGreaterThan(ENOUGH)
        const visits = await load.stop()
        // Whoever failed is here with the reason.
        expect(new Set(visits.map(({ seen }) => seen))).toEqual(new Set([old.sha256, next.sha256]))
        expect(goesBackForMs(visits, next.sha256)).toBeLessThanOrEqual(BACK_MS[kind])
        expect(paceOf(visits)).toBeGreaterThan(PER_SECOND * 0.95)
      } finally {
        await load.stop()
        await site.close()
      }
    },
  )
})

describe('several certificates of one server, deployed at the same time', () => {
  const COUNT = 8
  const spoilt = createChain().issue({ names: ['spoilt.test'] })
  let site: Site
  let reload: string[]
  let testing: string[]
  beforeAll(async () => {
    site = await aSite('nginx')
    reload = counted('reload', site.server.reloadCommand)
    testing = counted('test', site.server.testCommand)
  })
  afterAll(() => site.close())
  /** Counts its runs, and fails when `body` does. */
  function counted(name: string, command: readonly string[], body = ''): string[] {
    const path = join(site.folder, name)
    writeFileSync(`${path}s`, '')
    writeFileSync(path, `#!/bin/sh\nprintf x >> ${path}s\n${body}\nexec ${command.join(' ')}\n`, { mode: 0o755 })
    return [path]
  }
  const count = (name: string): number => readFileSync(join(site.folder, `${name}s`), 'utf8').length
  const at = (index: number) => join(site.folder, `${index}.pem`)
  const leafAt = (index: number) => new X509Certificate(readFileSync(at(index))).fingerprint256.replaceAll(':', '').toLowerCase()

  /** What became of each, all applied in one moment. */
  async function applyAll(
    pairs: readonly CertificatePair[],
    missing = -1,
    settings: object = {},
  ): Promise<readonly PromiseSettledResult<unknown>[]> {
    const there = pairs.map((_, index) => {
      const old = issue()
      const paths = { certificatePath: at(index), keyPath: join(site.folder, `${index}.key`) }
      rmSync(join(site.folder, `.${index}.pem.evercert`), { recursive: true, force: true })
      for (const path of Object.values(paths)) rmSync(path, { force: true })
      if (index !== missing) writeFileSync(paths.certificatePath, old.chainPem)
      if (index !== missing) writeFileSync(paths.keyPath, old.privateKeyPem)
      return { ...paths, old }
    })
    const settled = await Promise.allSettled(
      pairs.map((pair, index): Promise<unknown> => {
        const { certificatePath = '', keyPath = '' } = there[index] ?? {}
        const own = index < pairs.length - 1 ? settings : {}
        return targetOf('nginx', { certificatePath, keyPath, testCommand: testing, reloadCommand: reload, ...own }).apply(pair)
      }),
    )
    for (const [index, { status }] of settled.entries()) {
      expect(leafAt(index)).toBe(status === 'fulfilled' ? pairs[index]?.sha256 : there[index]?.old.sha256)
    }
    return settled
  }
  const fail = (name: string) =>
    `openssl x509 -in ${at(5)} -noout -ext subjectAltName | grep -q spoilt.test && { echo "${name} says no" >&2; exit 1; }`
  const withSpoilt = () => Array.from({ length: COUNT }, (_, index) => (index === 5 ? spoilt : issue()))

  test('are tested twice, swapped, and share one reload', async () => {
    const settled = await applyAll(Array.from({ length: COUNT }, issue))
    for (const one of settled) expect(one).toMatchObject({ value: { changed: true, reloaded: true } })
    expect([count('test'), count('reload')]).toEqual([2, 1])
  })

  test('one that the test refuses is left out, says why, and the others go on with one reload', async () => {
    testing = counted('test', site.server.testCommand, fail('the test'))
    reload = counted('reload', site.server.reloadCommand)
    const settled = await applyAll(withSpoilt())
    expect(settled.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1)
    expect(settled[5]).toMatchObject({ reason: { code: 'rolledBack' } })
    expect(String((settled[5] as PromiseRejectedResult).reason)).toContain('the test says no')
    expect(count('reload')).toBe(1)
  })

  test('one for which the reload fails is found among them, and the others are reloaded', async () => {
    testing = counted('test', site.server.testCommand)
    reload = counted('reload', site.server.reloadCommand, fail('the reload'))
    const settled = await applyAll(withSpoilt())
    expect(settled.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1)
    expect(String((settled[5] as PromiseRejectedResult).reason)).toContain('the reload says no')
  })

  test('one that is missing, and so breaks the configuration, comes first and keeps no other from being deployed', async () => {
    const breaks = `openssl x509 -in ${at(3)} -noout || { echo "cannot load certificate" >&2; exit 1; }`
    testing = counted('test', site.server.testCommand, breaks)
    reload = counted('reload', site.server.reloadCommand)
    const settled = await applyAll(Array.from({ length: COUNT }, issue), 3)
    for (const one of settled) expect(one).toMatchObject({ value: { changed: true, reloaded: true } })
    expect(count('reload')).toBe(2)
  })

  test('those with less patience than another do not end the reload of all', async () => {
    testing = counted('test', site.server.testCommand)
    reload = counted('reload', site.server.reloadCommand, 'sleep 1.2')
    const settled = await applyAll(Array.from({ length: 3 }, issue), -1, { commandTimeoutSeconds: 1 })
    for (const one of settled) expect(one).toMatchObject({ value: { changed: true, reloaded: true } })
    expect(count('reload')).toBe(1)
  })

  test('a reload that always fails is run twice: all go back', async () => {
    testing = counted('test', site.server.testCommand)
    reload = counted('reload', site.server.reloadCommand, 'exit 4')
    const settled = await applyAll(Array.from({ length: COUNT }, issue))
    for (const one of settled) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'rolledBack' } })
    expect(count('reload')).toBe(2)
  })
})
