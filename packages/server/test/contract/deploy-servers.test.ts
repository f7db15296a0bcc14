import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeAddress } from '@evercert/pki/probe'
import { describe, expect, test } from 'vitest'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { startNginx } from '../../../../test/harness/nginx.ts'
import { canStart, startTlsServer, type TlsServer, type TlsServerKind } from '../../../../test/harness/tls-servers.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import type { CertificatePair, DeployTarget } from '../../src/ports/deploy.ts'
import { deployContract, type DeployHarness } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const authority = createChain()
const issue = (): TestLeaf => authority.issue({ names: ['site.test'] })

interface Server extends Pick<TlsServer, 'port' | 'testCommand' | 'reloadCommand' | 'breakConfiguration' | 'mendConfiguration' | 'stop'> {
  readonly configPath: string
}

interface Site {
  readonly server: Server
  readonly folder: string
  /** Settings of a target of it, as a user gives them. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly old: TestLeaf
  close(): Promise<void>
}

type Kind = TlsServerKind | 'nginx'

/** A server that serves a certificate already. */
async function aSite(kind: Kind): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), `evercert-deploy-${kind}-`))
  const paths = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
  const old = issue()
  const write = (path: string, text: string) => writeFileSync(path, text, { mode: 0o600 })
  if (kind === 'haproxy') write(paths.certificatePath, old.chainPem + old.privateKeyPem)
  else {
    write(paths.certificatePath, old.chainPem)
    write(paths.keyPath, old.privateKeyPem)
  }
  const server = kind === 'nginx' ? await nginxServer(paths) : await startTlsServer(kind, paths)
  const { configPath } = server
  const withConfig = kind === 'lighttpd' || kind === 'caddy' ? { configPath } : {}
  return {
    server,
    folder,
    old,
    settings: kind === 'haproxy' ? { pemPath: paths.certificatePath, configPath } : { ...paths, ...withConfig },
    close: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function nginxServer(paths: { certificatePath: string; keyPath: string }): Promise<Server> {
  const nginx = await startNginx(paths)
  return {
    ...nginx,
    port: nginx.httpsPort,
    breakConfiguration: () => nginx.appendConfig('no_such_directive on;'),
    mendConfiguration: nginx.mendConfig,
  }
}

async function look(port: number): Promise<string> {
  const seen = await probeAddress({
    address: '127.0.0.1',
    port,
    serverName: 'site.test',
    timeoutMs: 5_000,
    trustedRootsPem: [authority.rootPem],
    now: Date.now(),
  })
  if (!seen.reachable) return `${seen.failure}: ${seen.detail}`
  return seen.trusted ? seen.chain[0].sha256 : (seen.trustError ?? 'untrusted')
}

function targetOf(kind: Kind, settings: Readonly<Record<string, unknown>>): DeployTarget {
  const adapter = deployAdapters.find(({ id }) => id === kind)
  if (adapter === undefined) throw new Error(`no adapter ${kind}`)
  return adapter.create(adapter.config.parse(settings), kitWithoutNetwork)
}

function snapshot(root: string): string {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(root, name)
      const stats = lstatSync(path)
      const content = stats.isSymbolicLink() ? readlinkSync(path) : stats.isFile() ? readFileSync(path, 'utf8') : ''
      return [name, stats.mode.toString(8), stats.uid, stats.gid, content].join(' ')
    })
    .join('\n')
}

async function contractHarness(kind: Kind): Promise<DeployHarness> {
  const { server, folder, settings, close } = await aSite(kind)
  const tools = mkdtempSync(join(tmpdir(), 'evercert-deploy-tools-'))
  const [reloads, reload] = [join(tools, 'reloads'), join(tools, 'reload')]
  writeFileSync(reloads, '')
  const words = server.reloadCommand.map((word) => `'${word}'`).join(' ')
  const writeReload = (body: string) => writeFileSync(reload, `#!/bin/sh\necho reload >> ${reloads}\n${body}\n`, { mode: 0o755 })
  writeReload(words)
  return {
    target: targetOf(kind, { ...settings, testCommand: server.testCommand, reloadCommand: [reload] }),
    issue,
    served: async () => [await look(server.port)],
    breakConfiguration: server.breakConfiguration,
    breakReload: () => writeReload('echo "reload is out of order" >&2; exit 3'),
    mend: () => {
      server.mendConfiguration()
      writeReload(words)
    },
    countReloads: () => readFileSync(reloads, 'utf8').split('\n').length - 1,
    snapshot: () => snapshot(folder),
    close: async () => {
      await close()
      rmSync(tools, { recursive: true, force: true })
    },
  }
}

const KINDS: readonly Kind[] = ['apache', 'haproxy', 'lighttpd', 'caddy', 'dovecot', 'postfix']
for (const kind of KINDS) {
  if (kind === 'nginx' || canStart(kind)) deployContract(kind, () => contractHarness(kind))
  else test.skip(`${kind}: only root can start it`, () => {})
}

describe('renewal under load', () => {
  /** Handshakes enough on both sides of the flip. */
  const BEFORE = 100
  const AFTER = 100
  const VISITORS = 4

  test.each(['nginx', 'apache', 'haproxy', 'caddy'] as const)(
    '%s: no handshake fails, and the fingerprint flips exactly once',
    async (kind) => {
      const { server, settings, old, close } = await aSite(kind)
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
        // One visitor's handshakes follow each other: none of them goes back.
        for (const own of await Promise.all(visitors)) {
          expect(own.filter((one, index) => one !== own[index - 1])).toEqual([old.sha256, next.sha256])
        }
      } finally {
        await close()
      }
    },
  )
})

describe('several certificates of one server, deployed at the same time', () => {
  test('are swapped and tested one after the other and share one reload', async () => {
    const { server, folder, close } = await aSite('nginx')
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
      await close()
    }
  })
})
