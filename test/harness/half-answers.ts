/**
 * In namespaces of its own: Debian's BIND as the resolver of the system, which gets no answer for some records, and what a proof finds of such names; printed as
 * JSON.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { promises as dns } from 'node:dns'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyHost } from '@evercert/pki/probe'
import { createResolver } from '../../packages/server/src/adapters/kit/resolver.ts'
import { startDnsServer } from './dns-server.ts'
import { startProcess } from './process.ts'

/** What is printed: for each name its addresses, or the code of the refusal, and why a proof has no address to dial. */
export type HalfAnswersReport = Readonly<
  Record<string, { readonly found: readonly string[] | string; readonly unresolved: string | null }>
>

/** Behind BIND. */
const [UPSTREAM_HOST, UPSTREAM_PORT] = ['127.0.0.2', 5300] as const
const LOOKUP_MS = 1_500
const [, , folder = ''] = process.argv

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error === undefined ? stderr : String(error)}`)
}

function namedConf(): string {
  return `options {
  directory "${folder}"; pid-file none; session-keyfile none; managed-keys-directory "${folder}";
  listen-on port 53 { 127.0.0.1; }; listen-on-v6 { none; };
  recursion yes; forward only; forwarders { ${UPSTREAM_HOST} port ${UPSTREAM_PORT}; };
  dnssec-validation no; empty-zones-enable no; servfail-ttl 0;
};
controls { };
`
}

async function main(): Promise<HalfAnswersReport> {
  run('ip', 'link', 'set', 'lo', 'up')
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  writeFileSync(join(folder, 'hosts'), '127.0.0.9 listed.test\n')
  for (const file of ['resolv.conf', 'hosts']) run('mount', '--bind', join(folder, file), `/etc/${file}`)
  const upstream = await startDnsServer({ host: UPSTREAM_HOST, port: UPSTREAM_PORT })
  upstream.add('both.test', 'A', '127.0.0.3')
  upstream.add('both.test', 'AAAA', '::1')
  for (const [alias, name] of [
    ['alias', 'second'],
    ['second', 'both'],
    ['dangling', 'absent'],
  ])
    upstream.add(`${alias}.test`, 'CNAME', `${name}.test`)
  upstream.add('four.test', 'A', '127.0.0.4')
  upstream.add('six.test', 'AAAA', '::1')
  for (const name of ['no-six.test', 'silent-six.test']) upstream.add(name, 'A', '127.0.0.5')
  upstream.add('no-four.test', 'AAAA', '::1')
  upstream.fail('no-six.test', 'servfail', 'AAAA')
  upstream.fail('silent-six.test', 'silence', 'AAAA')
  upstream.fail('no-four.test', 'servfail', 'A')
  upstream.fail('listed.test', 'servfail')
  writeFileSync(join(folder, 'named.conf'), namedConf())
  const bind = await startProcess({
    command: 'named',
    args: ['-g', '-c', join(folder, 'named.conf')],
    cwd: folder,
    debianPackage: 'bind9',
    isReady: async () => (await dns.lookup('four.test')).address === '127.0.0.4',
  })
  try {
    const names = ['both', 'alias', 'dangling', 'four', 'six', 'absent', 'listed', 'no-six', 'silent-six', 'no-four'].map(
      (name) => `${name}.test`,
    )
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await look(name)] as const)))
  } finally {
    await bind.stop()
    await upstream.close()
  }
}

async function look(name: string): Promise<HalfAnswersReport[string]> {
  const resolver = createResolver({ servers: null, timeoutMs: LOOKUP_MS })
  const found = await resolver.resolveAddresses(name).catch((error: { readonly code: string }) => error.code)
  const verified = await verifyHost({
    host: name,
    port: 9,
    resolver: (one) => resolver.resolveAddresses(one),
    concurrency: 2,
    timeoutMs: 1_000,
    now: Date.now(),
  })
  return { found, unresolved: verified.unresolved?.cause.en ?? null }
}

process.stdout.write(JSON.stringify(await main()))
