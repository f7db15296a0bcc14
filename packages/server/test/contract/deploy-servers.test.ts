import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { canStart } from '../../../../test/harness/tls-servers.ts'
import type { CertificatePair } from '../../src/ports/deploy.ts'
import { deployContract } from './deploy-contract.ts'
import { aSite, contractHarness, issue, look, targetOf } from './deploy-sites.ts'

const KINDS = ['apache', 'haproxy', 'lighttpd', 'caddy', 'dovecot', 'postfix'] as const
// Dovecot and Postfix take other users' rights, which needs root.
describe.for(KINDS.filter((kind) => canStart(kind)))('%s as a target', (kind) => {
  deployContract(kind, () => contractHarness(kind))
})

describe('renewal under load', () => {
  /** Handshakes enough on both sides of the flip. */
  const BEFORE = 100
  const AFTER = 100
  const VISITORS = 4
  /** The last handshakes of each visitor, long after the flip. */
  const SETTLED = 10

  test.each(['nginx', 'apache', 'haproxy', 'caddy'] as const)(
    '%s: no handshake fails, and the fingerprint flips once',
    async (kind) => {
      const site = await aSite(kind)
      const { server, settings, old } = site
      try {
        const next = issue()
        const { testCommand, reloadCommand } = server
        const target = targetOf(kind, { ...settings, testCommand, reloadCommand })
        const load = { seen: [] as string[], isOn: true }
        const visit = async () => {
          const own: string[] = []
          while (load.isOn) {
            own.push(await look(server.port))
            load.seen.push(own.at(-1) ?? '')
          }
          return own
        }
        const visitors = Array.from({ length: VISITORS }, visit)
        await expect.poll(() => load.seen.length, { timeout: 20_000 }).toBeGreaterThan(BEFORE)
        await target.apply(next)
        await expect.poll(() => load.seen.filter((one) => one === next.sha256).length, { timeout: 20_000 }).toBeGreaterThan(AFTER)
        load.isOn = false
        for (const own of await Promise.all(visitors)) {
          const flips = own.filter((one, index) => one !== own[index - 1])
          // One visitor's handshakes follow each other: none of them goes back, but in the instant in which nginx starts its new workers and
          // has not yet told the old ones to go: both accept then.
          if (kind === 'nginx') {
            expect(new Set(flips)).toEqual(new Set([old.sha256, next.sha256]))
            expect([flips[0], ...own.slice(-SETTLED)]).toEqual([old.sha256, ...Array<string>(SETTLED).fill(next.sha256)])
          } else expect(flips).toEqual([old.sha256, next.sha256])
        }
      } finally {
        await site.close()
      }
    },
  )
})

describe('several certificates of one server, deployed at the same time', () => {
  test('are swapped and tested one after the other and share one reload', async () => {
    const site = await aSite('nginx')
    const { server, folder } = site
    try {
      const counter = join(folder, 'reloads')
      writeFileSync(counter, '')
      const reload = join(folder, 'reload')
      writeFileSync(reload, `#!/bin/sh\necho reload >> ${counter}\n${server.reloadCommand.join(' ')}\n`, { mode: 0o755 })
      const sites = Array.from({ length: 8 }, (_, index) => ({
        pair: issue(),
        config: { certificatePath: join(folder, `${index}.pem`), keyPath: join(folder, `${index}.key`) },
      }))
      for (const { config } of sites) {
        const there = issue()
        writeFileSync(config.certificatePath, there.chainPem)
        writeFileSync(config.keyPath, there.privateKeyPem)
      }
      const deployed = await Promise.all(
        sites.map(({ pair, config }): Promise<unknown> => {
          const settings = { ...config, testCommand: server.testCommand, reloadCommand: [reload] }
          return targetOf('nginx', settings).apply(pair satisfies CertificatePair)
        }),
      )
      for (const evidence of deployed) expect(evidence).toMatchObject({ changed: true, reloaded: true })
      expect(readFileSync(counter, 'utf8')).toBe('reload\n')
    } finally {
      await site.close()
    }
  })
})
