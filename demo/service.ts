/**
 * Evercert itself, started as anybody would start it: `evercert serve` with its settings in the environment.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '@evercert/contract/client'
import { startChild, type Child } from './child.ts'
import { waitFor } from './wait-for.ts'

export interface ServiceOptions {
  readonly dataDir: string
  readonly port: number
  readonly http01Port: number
  readonly dnsServer: string
  /** Where the CA fetches validation files: the site's plain HTTP port. */
  readonly validationHttpPort: number
  /** Seconds added to the machine's clock; 0 = the real time. */
  readonly clockOffsetSeconds: number
  readonly signal: AbortSignal
}

export interface Service {
  readonly url: string
  readonly tokenFile: string
  readonly client: Client
  readonly child: Child
}

const program = fileURLToPath(new URL('../packages/cli/bin/main.mjs', import.meta.url))

/** The first start makes a database: seconds on a laptop, a minute on a small machine that has other things to do. */
const START_TIMEOUT_MS = 180_000

/** Resolves when the service says that it is ready. @throws Error with its last lines when it does not start */
export async function startService(options: ServiceOptions): Promise<Service> {
  const child = await startChild([process.execPath, program, 'serve'], { env: environmentOf(options) })
  const url = `http://127.0.0.1:${options.port}`
  const tokenFile = join(options.dataDir, 'operator.token')
  try {
    await waitFor(() => isReady(child, url), {
      what: 'Evercert to be ready',
      timeoutMs: START_TIMEOUT_MS,
      signal: options.signal,
    })
    const token = (await readFile(tokenFile, 'utf8')).trim()
    return { url, tokenFile, client: createClient({ url, token }), child }
  } catch (error) {
    await child.stop()
    throw new Error(`Evercert did not start: ${child.recentLines().join('\n')}`, { cause: error })
  }
}

function environmentOf(options: ServiceOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('EVERCERT_'))
  return {
    ...Object.fromEntries(inherited),
    EVERCERT_DATA_DIR: options.dataDir,
    EVERCERT_HOST: '127.0.0.1',
    EVERCERT_PORT: String(options.port),
    EVERCERT_HTTP01_PORT: String(options.http01Port),
    EVERCERT_DNS_SERVERS: options.dnsServer,
    EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    EVERCERT_VALIDATION_HTTP_PORT: String(options.validationHttpPort),
    EVERCERT_VALIDATION_HTTPS_PORT: 'none',
    ...(options.clockOffsetSeconds === 0 ? {} : { EVERCERT_CLOCK_OFFSET_SECONDS: String(options.clockOffsetSeconds) }),
  }
}

async function isReady(child: Child, url: string): Promise<true | null> {
  if (child.exitCode() !== null) throw new Error(`it ended with code ${child.exitCode()}`)
  try {
    return (await fetch(`${url}/readyz`)).ok ? true : null
  } catch {
    return null // not listening yet
  }
}
