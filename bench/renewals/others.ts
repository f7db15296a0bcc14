/**
 * The contenders besides Evercert, each as its documentation has it used, on the same Pebble.
 *
 * @module
 */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startProcess } from '../../test/harness/process.ts'
import { readProcessUsage } from '../support/process-usage.ts'
import { runToEnd } from '../support/run-to-end.ts'
import { namesFor, type Outcome, type Race } from './contender.ts'

const TIMEOUT_MS = 180_000
const ONE_TIMEOUT_MS = 60_000
const LOOK_MS = 20
const LOOP = fileURLToPath(new URL('../acme-client-loop.ts', import.meta.url))

export async function runAcmeClient(
  { pebble, caFile }: Race,
  { moment, count, concurrency }: { readonly moment: string; readonly count: number; readonly concurrency: number },
): Promise<Outcome> {
  const output = await runToEnd({
    command: process.execPath,
    args: [LOOP],
    env: {
      NODE_EXTRA_CA_CERTS: caFile,
      BENCH_DIRECTORY_URL: pebble.directoryUrl,
      BENCH_HTTP_PORT: String(pebble.httpPort),
      BENCH_NAMES: namesFor(`loop-${moment}`, count).join(','),
      BENCH_CONCURRENCY: String(concurrency),
    },
    timeoutMs: TIMEOUT_MS,
  })
  return JSON.parse(output) as Outcome
}

/** One Caddy that is given all names at once and manages them. Its time counts from its start to the last certificate stored. */
export async function runCaddy({ pebble, caFile, folder }: Race, count: number): Promise<Outcome> {
  const names = namesFor('caddy', count)
  const configFile = join(folder, 'caddy.json')
  await writeFile(
    configFile,
    JSON.stringify(caddySettings(pebble.directoryUrl, caFile, { folder, port: pebble.httpPort, names })),
  )
  const startedAt = performance.now()
  const running = await startProcess({
    command: 'caddy',
    args: ['run', '--config', configFile],
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    debianPackage: 'caddy',
    isReady: () => true,
  })
  try {
    while ((await countCertificates(folder)) < count) {
      if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`Caddy took too long:\n${running.logs().slice(-4000)}`)
      await sleep(LOOK_MS)
    }
    const ms = performance.now() - startedAt
    return { count, ms, cpuMs: readProcessUsage(running.pid)?.cpuMs ?? null }
  } finally {
    await running.stop()
  }
}

function caddySettings(
  directoryUrl: string,
  caFile: string,
  { folder, port, names }: { readonly folder: string; readonly port: number; readonly names: readonly string[] },
): unknown {
  const issuer = {
    module: 'acme',
    ca: directoryUrl,
    trusted_roots_pem_files: [caFile],
    challenges: { http: { alternate_port: port }, 'tls-alpn': { disabled: true } },
  }
  return {
    admin: { disabled: true },
    storage: { module: 'file_system', root: folder },
    apps: { tls: { certificates: { automate: names }, automation: { policies: [{ issuers: [issuer], key_type: 'p256' }] } } },
  }
}

async function countCertificates(folder: string): Promise<number> {
  const entries = await readdir(join(folder, 'certificates'), { recursive: true }).catch(() => [])
  return entries.filter((entry) => entry.endsWith('.crt')).length
}

/** One process for each certificate, one after the other, answering the challenge itself. */
export async function runCertbot({ pebble, caFile, folder }: Race, count: number): Promise<Outcome> {
  const places = ['config', 'work', 'logs'].flatMap((place) => [`--${place}-dir`, join(folder, place)])
  const common = ['--non-interactive', '--agree-tos', '--register-unsafely-without-email', '--server', pebble.directoryUrl]
  return oneByOne(namesFor('certbot', count), (name) => ({
    command: 'certbot',
    args: ['certonly', '--standalone', '--http-01-port', String(pebble.httpPort), '--key-type', 'ecdsa', '-d', name].concat(
      common,
      places,
    ),
    env: { REQUESTS_CA_BUNDLE: caFile },
  }))
}

/** The same with lego. */
export async function runLego({ pebble, caFile, folder }: Race, count: number): Promise<Outcome> {
  const common = ['--server', pebble.directoryUrl, '--accept-tos', '--email', 'bench@evercert.test', '--path', folder]
  return oneByOne(namesFor('lego', count), (name) => ({
    command: 'lego',
    args: [...common, '--key-type', 'ec256', '--http', '--http.port', `127.0.0.1:${pebble.httpPort}`, '--domains', name, 'run'],
    env: { LEGO_CA_CERTIFICATES: caFile },
  }))
}

async function oneByOne(
  names: readonly string[],
  command: (name: string) => { command: string; args: readonly string[]; env: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const startedAt = performance.now()
  for (const name of names) await runToEnd({ ...command(name), timeoutMs: ONE_TIMEOUT_MS })
  return { count: names.length, ms: performance.now() - startedAt, cpuMs: null }
}
