/**
 * In a network namespace of its own: four hosts, each in one of its own, on one link with this process, a name server that has them all behind
 * one name, and what a proof of that name finds; printed as JSON. Addresses are those of documentation (RFC 5737, RFC 3849): they lead nowhere else.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyHost } from '@evercert/pki/probe'
import { createResolver } from '../../packages/server/src/adapters/kit/resolver.ts'
import { createChain, type TestLeaf } from './certificates.ts'
import { startDnsServer } from './dns-server.ts'
import { accepts } from './ports.ts'
import { startProcess, type RunningProcess } from './process.ts'

/** What is printed. */
export interface FourNodesReport {
  readonly fresh: string
  readonly old: string
  readonly ok: boolean
  /** What was asked of the name server. */
  readonly asked: readonly string[]
  readonly addresses: readonly {
    readonly address: string
    readonly verdict: string
    /** SHA-256 of what it serves, or how the handshake failed. */
    readonly seen: string
    readonly cause: string
    readonly remedy: string
  }[]
}

const NAME = 'site.test'
const PORT = 443
const [, , folder = ''] = process.argv
const running: RunningProcess[] = []

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return
  const logs = running.map((host) => host.logs()).join('')
  throw new Error(`${program} ${args.join(' ')}: ${error === undefined ? stderr : String(error)}\n${logs}`)
}

const ip = (...args: string[]): void => run('ip', ...args)
const inside = (pid: number, ...args: string[]): void => run('nsenter', '-t', String(pid), '-n', 'ip', ...args)

/** A cable from the bridge into the host's namespace, with the one address that the host has. */
async function plugIn(host: RunningProcess, index: number, address: string): Promise<void> {
  ip('link', 'add', `node${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(host.pid))
  ip('link', 'set', `node${index}`, 'master', 'br0', 'up')
  const isIpv6 = address.includes(':')
  inside(host.pid, 'addr', 'add', `${address}/${isIpv6 ? 64 : 24}`, 'dev', 'eth0', ...(isIpv6 ? ['nodad'] : []))
  inside(host.pid, 'link', 'set', 'eth0', 'up')
  const deadline = Date.now() + 5_000
  while (!(await accepts(PORT, address))) {
    if (Date.now() > deadline) throw new Error(`the host ${address} cannot be reached:\n${host.logs()}`)
  }
}

/** A server in a namespace that has nothing but itself yet. */
async function startHost(command: string, ...args: string[]): Promise<RunningProcess> {
  const own = readlinkSync('/proc/self/ns/net')
  const host = await startProcess({
    command: 'unshare',
    args: ['-n', command, ...args],
    debianPackage: 'util-linux',
    isReady: () => true,
  })
  running.push(host)
  while (readlinkSync(`/proc/${host.pid}/ns/net`) === own) await new Promise((resolve) => setTimeout(resolve, 5))
  return host
}

async function nginx(name: string, chainPem: string, { privateKeyPem }: TestLeaf): Promise<RunningProcess> {
  const place = join(folder, name)
  mkdirSync(place)
  writeFileSync(join(place, 'site.pem'), chainPem)
  writeFileSync(join(place, 'site.key'), privateKeyPem, { mode: 0o600 })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${place}/${each};`)
  // Without workers it needs no other user, and is one process.
  writeFileSync(
    join(place, 'nginx.conf'),
    `user root; daemon off; master_process off; pid ${place}/pid; error_log stderr;
events { worker_connections 64; }
http {
  access_log off;
  ${temporary.join(' ')}
  server {
    listen ${PORT} ssl; listen [::]:${PORT} ssl;
    ssl_certificate ${place}/site.pem;
    ssl_certificate_key ${place}/site.key;
  }
}
`,
  )
  return startHost('/usr/sbin/nginx', '-p', place, '-e', 'stderr', '-c', join(place, 'nginx.conf'))
}

/** Takes the connection, and resets it at the first byte of a handshake. */
const RESETS = `require('node:net').createServer((socket) => {
  socket.on('error', () => {}).once('data', () => socket.resetAndDestroy())
}).listen(${PORT}, '::')`

async function main(): Promise<FourNodesReport> {
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', 'br0', 'type', 'bridge')
  ip('addr', 'add', '192.0.2.1/24', 'dev', 'br0')
  ip('addr', 'add', '2001:db8::1/64', 'dev', 'br0', 'nodad')
  ip('link', 'set', 'br0', 'up')
  const [authority, stranger] = [createChain(), createChain()]
  const [fresh, old] = [authority.issue({ names: [NAME] }), authority.issue({ names: [NAME] })]
  const hosts: readonly (readonly [address: string, host: RunningProcess])[] = [
    ['192.0.2.11', await nginx('stale', old.chainPem, old)],
    // The right certificate, and the intermediate of another CA.
    ['192.0.2.12', await nginx('wrong-chain', fresh.pem + stranger.pem, fresh)],
    ['192.0.2.13', await startHost(process.execPath, '-e', RESETS)],
    ['2001:db8::14', await nginx('ipv6-only', fresh.chainPem, fresh)],
  ]
  const dns = await startDnsServer({ host: '192.0.2.1' })
  for (const [index, [address, host]] of hosts.entries()) {
    await plugIn(host, index, address)
    dns.add(NAME, address.includes(':') ? 'AAAA' : 'A', address)
  }
  const resolver = createResolver({ servers: [dns.address] })
  const { ok, addresses } = await verifyHost({
    host: NAME,
    port: PORT,
    resolver: (name) => resolver.resolveAddresses(name),
    expected: { sha256: fresh.sha256, previousSha256: old.sha256, intermediatesSha256: [authority.sha256] },
    concurrency: 4,
    timeoutMs: 5_000,
    trustedRootsPem: [authority.rootPem],
    now: Date.now(),
  })
  await dns.close()
  return {
    fresh: fresh.sha256,
    old: old.sha256,
    ok,
    asked: dns.queries.map(({ type }) => type).toSorted(),
    addresses: addresses.map(({ address, verdict, observation, cause, remedy }) => ({
      address,
      verdict,
      seen: observation.reachable ? observation.chain[0].sha256 : observation.failure,
      cause: cause.en,
      remedy: remedy.en,
    })),
  }
}

try {
  process.stdout.write(JSON.stringify(await main()))
} finally {
  await Promise.all(running.map((host) => host.stop()))
}
