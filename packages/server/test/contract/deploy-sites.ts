/**
 * Real servers that serve a certificate already, and targets of them.
 *
 * @module
 */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeAddress } from '@evercert/pki/probe'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { startNginx } from '../../../../test/harness/nginx.ts'
import { startTlsServer, type TlsServer, type TlsServerKind } from '../../../../test/harness/tls-servers.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import type { DeployTarget } from '../../src/ports/deploy.ts'
import type { DeployHarness } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const authority = createChain()
export const issue = (): TestLeaf => authority.issue({ names: ['site.test'] })

export type Kind = TlsServerKind | 'nginx'

export interface Site {
  readonly server: Omit<TlsServer, 'logs'> & Pick<DeployHarness, 'settle'>
  readonly folder: string
  /** Settings of a target of it, as a user gives them. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly old: TestLeaf
  close(): Promise<void>
}

/** A server that serves a certificate already. */
export async function aSite(kind: Kind): Promise<Site> {
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

async function nginxServer(paths: { certificatePath: string; keyPath: string }): Promise<Site['server']> {
  const nginx = await startNginx(paths)
  return {
    ...nginx,
    port: nginx.httpsPort,
    breakConfiguration: () => nginx.appendConfig('no_such_directive on;'),
    mendConfiguration: () => nginx.mendConfig(),
  }
}

/** SHA-256 of the leaf that a new connection gets, or why there is none that clients trust. */
export async function look(port: number): Promise<string> {
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

export function targetOf(kind: Kind, settings: Readonly<Record<string, unknown>>): DeployTarget {
  const adapter = deployAdapters.find(({ id }) => id === kind)
  if (adapter === undefined) throw new Error(`no adapter ${kind}`)
  return adapter.create(adapter.config.parse(settings), kitWithoutNetwork)
}

/** Every entry below a folder with its rights, and the content of files. */
export function snapshot(root: string): string {
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

interface StageSite extends Site {
  /** The command that the harness counts, breaks and mends. */
  readonly reload: string
  /** All of a harness but what installs there. */
  readonly harness: Omit<DeployHarness, 'target'>
}

export async function aStageSite(kind: Kind): Promise<StageSite> {
  const site = await aSite(kind)
  const { server, folder } = site
  const tools = mkdtempSync(join(tmpdir(), 'evercert-deploy-tools-'))
  const [reloads, reload] = [join(tools, 'reloads'), join(tools, 'reload')]
  writeFileSync(reloads, '')
  const words = server.reloadCommand.map((word) => `'${word}'`).join(' ')
  const writeReload = (body: string) => writeFileSync(reload, `#!/bin/sh\necho reload >> ${reloads}\n${body}\n`, { mode: 0o755 })
  writeReload(words)
  const harness = {
    issue,
    served: async () => [await look(server.port)],
    settle: async () => server.settle?.(),
    breakConfiguration: () => server.breakConfiguration(),
    breakReload: () => writeReload('echo "reload is out of order" >&2; exit 3'),
    mend: () => {
      server.mendConfiguration()
      writeReload(words)
    },
    countReloads: () => readFileSync(reloads, 'utf8').split('\n').length - 1,
    snapshot: () => snapshot(folder),
    close: async () => {
      await site.close()
      rmSync(tools, { recursive: true, force: true })
    },
  }
  return { ...site, reload, harness }
}

/** @param more settings beside the usual ones, for instance `ssh` */
export async function contractHarness(kind: Kind, more: Readonly<Record<string, unknown>> = {}): Promise<DeployHarness> {
  const { server, settings, reload, harness } = await aStageSite(kind)
  return {
    ...harness,
    target: targetOf(kind, { ...settings, testCommand: server.testCommand, reloadCommand: [reload], ...more }),
  }
}
