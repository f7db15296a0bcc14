/**
 * Evercert as anybody would start it: `evercert serve` in a process of its own, with its settings in the environment.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '@evercert/contract/client'
import { freePort } from '../../test/harness/ports.ts'
import { startProcess, type RunningProcess } from '../../test/harness/process.ts'

export interface EvercertOptions {
  readonly dataDir: string
  readonly http01Port?: number
  /** `address:port` of the DNS server. */
  readonly dnsServer?: string
  /** For Node: profiling. */
  readonly nodeArguments?: readonly string[]
}

export interface Evercert {
  readonly url: string
  readonly client: Client
  readonly process: RunningProcess
  /** From the process's start to the first 200 of /readyz. */
  readonly readyMs: number
}

/** A new folder takes two seconds; a machine that does much else may take long. */
const START_TIMEOUT_MS = 120_000
const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/main.mjs', import.meta.url))

/** Resolves when the service says that it is ready. */
export async function startEvercert({ dataDir, http01Port, dnsServer, nodeArguments = [] }: EvercertOptions): Promise<Evercert> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const startedAt = performance.now()
  const running = await startProcess({
    command: process.execPath,
    args: [...nodeArguments, PROGRAM, 'serve'],
    env: {
      EVERCERT_DATA_DIR: dataDir,
      EVERCERT_REQUESTS_PER_MINUTE: '0',
      EVERCERT_PORT: String(port),
      EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8',
      ...(http01Port !== undefined && { EVERCERT_HTTP01_PORT: String(http01Port) }),
      ...(dnsServer !== undefined && { EVERCERT_DNS_SERVERS: dnsServer }),
    },
    debianPackage: 'nodejs',
    isReady: async () => (await fetch(`${url}/readyz`)).status === 200,
    timeoutMs: START_TIMEOUT_MS,
  })
  const readyMs = performance.now() - startedAt
  const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()
  return { url, client: createClient({ url, token }), process: running, readyMs }
}
