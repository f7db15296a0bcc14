/**
 * The proof that does not take the service's word for it: our own handshakes, and the documented openssl pipeline.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { verifyHost, type HostVerification } from '@evercert/pki/probe'
import { formatOpensslDate } from '../packages/cli/src/format.ts'
import { SITE_NAME, type Stage } from './stage.ts'

const TIMEOUT_MS = 20_000

/** @param sha256 the certificate that every address must serve */
export function prove(stage: Stage, sha256: string, rootPem: string): Promise<HostVerification> {
  const resolver = new Resolver()
  resolver.setServers([stage.dns.server])
  return verifyHost({
    host: SITE_NAME,
    port: stage.httpsPort,
    expected: { sha256 },
    resolver: (name) => resolveBoth(resolver, name),
    trustedRootsPem: [rootPem],
    concurrency: 4,
    timeoutMs: TIMEOUT_MS,
    now: Date.now(),
  })
}

async function resolveBoth(resolver: Resolver, name: string): Promise<string[]> {
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}

export interface Dates {
  /** What was run, or who says so. */
  readonly source: string
  /** `notBefore=…` and `notAfter=…`. */
  readonly lines: readonly string[]
}

/** The dates as the documented pipeline prints them; without openssl, as we read them in our own handshake. */
export function readDates(stage: Stage, verification: HostVerification): Dates {
  const address = `127.0.0.1:${stage.httpsPort}`
  const clientArgs = ['s_client', '-servername', SITE_NAME, '-connect', address]
  const served = spawnSync('openssl', clientArgs, { input: '', encoding: 'utf8', timeout: TIMEOUT_MS })
  const dates = spawnSync('openssl', ['x509', '-noout', '-dates'], {
    input: served.stdout ?? '',
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  })
  if (dates.status === 0) {
    const source = `echo | openssl ${clientArgs.join(' ')} 2>/dev/null | openssl x509 -noout -dates`
    return { source, lines: dates.stdout.trim().split('\n') }
  }
  const observation = verification.addresses[0]?.observation
  if (observation?.reachable !== true) return { source: 'handshake', lines: [] }
  const [leaf] = observation.chain
  return {
    source: 'handshake',
    lines: [`notBefore=${formatOpensslDate(leaf.notBefore)}`, `notAfter=${formatOpensslDate(leaf.notAfter)}`],
  }
}
