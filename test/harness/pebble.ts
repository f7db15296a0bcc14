/**
 * Debian's `pebble`, the test CA of Let's Encrypt, with a DNS server of its own. Everything on 127.0.0.1 and in a folder that goes away.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRoot } from './certificates.ts'
import { startDns } from './challtestsrv.ts'
import type { DnsServer } from './challtestsrv.ts'
import { createRequester } from './https-request.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'
import type { RunningProcess } from './process.ts'

export interface PebbleOptions {
  /** Share of good nonces that are refused, percent; default 5 as in Pebble. */
  readonly nonceRejectPercent?: number
  /** Share of orders that reuse valid authorizations, percent; default 50 as in Pebble. */
  readonly authzReusePercent?: number
  /** Seconds that a validation sleeps at most, at random; default 0. */
  readonly validationSleepSeconds?: number
  /** True to believe every challenge without looking. */
  readonly alwaysValid?: boolean
  /** HMAC keys (base64url) by key id; with them an account needs an external account binding. */
  readonly eabKeys?: Readonly<Record<string, string>>
  /** Further roots, each with a chain of its own; default 0. */
  readonly alternateRoots?: number
  /** Intermediates in a chain; default 1. */
  readonly chainLength?: number
  /** Where http-01 looks; default a free port. */
  readonly httpPort?: number
  /** Default 3 as in Pebble. */
  readonly ordersPerPage?: number
  /** `address:port` of the name server that validations ask; default the one that is started with it. */
  readonly dnsServer?: string
}

export interface Pebble {
  readonly directoryUrl: string
  /** The root of the API's own certificate. */
  readonly caPem: string
  readonly managementUrl: string
  /** Where http-01 looks on the address that the name resolves to. */
  readonly httpPort: number
  readonly dns: DnsServer
  readonly process: RunningProcess
  /** The root of the chain that stands at this place: 0 is the default, then the alternates. */
  rootPem(index?: number): Promise<string>
  intermediatePem(index?: number): Promise<string>
  /** `Valid` or `Revoked`, by the leaf's serial number. */
  certificateStatus(serialHex: string): Promise<string>
  stop(): Promise<void>
}

export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const [listen, management, tls] = [await freePort(), await freePort(), await freePort()]
  const httpPort = options.httpPort ?? (await freePort())
  const folder = await mkdtemp(join(tmpdir(), 'evercert-pebble-'))
  const api = createRoot({ commonName: 'Pebble API Root' }).issue({ names: ['localhost', '127.0.0.1'] })
  const configFile = await writeConfig(folder, api, {
    listenAddress: `127.0.0.1:${listen}`,
    managementListenAddress: `127.0.0.1:${management}`,
    httpPort,
    tlsPort: tls,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.eabKeys !== undefined,
    ...(options.eabKeys && { externalAccountMACKeys: options.eabKeys }),
  })
  const directoryUrl = `https://127.0.0.1:${listen}/dir`
  const managementUrl = `https://127.0.0.1:${management}`
  const request = createRequester(api.rootPem)
  const dns = await startDns()
  const running = await startProcess({
    command: 'pebble',
    args: ['-strict', '-config', configFile, '-dnsserver', options.dnsServer ?? dns.address],
    env: environment(options),
    debianPackage: 'pebble',
    isReady: async () => (await request(directoryUrl)).status === 200,
  })
  const manage = async (path: string): Promise<string> => {
    const response = await request(`${managementUrl}/${path}`)
    if (response.status !== 200) throw new Error(`Pebble's management refused ${path}: ${response.status} ${response.text()}`)
    return response.text()
  }
  return {
    directoryUrl,
    caPem: api.rootPem,
    managementUrl,
    httpPort,
    dns,
    process: running,
    rootPem: (index = 0) => manage(`roots/${index}`),
    intermediatePem: (index = 0) => manage(`intermediates/${index}`),
    certificateStatus: async (serialHex) =>
      String((JSON.parse(await manage(`cert-status-by-serial/${serialHex}`)) as { Status: unknown }).Status),
    stop: async () => {
      request.close()
      await Promise.all([running.stop(), dns.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function writeConfig(
  folder: string,
  api: { readonly chainPem: string; readonly privateKeyPem: string },
  settings: Readonly<Record<string, unknown>>,
): Promise<string> {
  const [certificate, privateKey, config] = [join(folder, 'api.pem'), join(folder, 'api.key'), join(folder, 'pebble.json')]
  await writeFile(certificate, api.chainPem)
  await writeFile(privateKey, api.privateKeyPem)
  await writeFile(config, JSON.stringify({ pebble: { ...settings, certificate, privateKey } }))
  return config
}

function environment(options: PebbleOptions): Record<string, string> {
  const sleepSeconds = options.validationSleepSeconds ?? 0
  return {
    PEBBLE_WFE_NONCEREJECT: String(options.nonceRejectPercent ?? 5),
    PEBBLE_AUTHZREUSE: String(options.authzReusePercent ?? 50),
    PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    PEBBLE_CHAIN_LENGTH: String(options.chainLength ?? 1),
    PEBBLE_WFE_ORDERS_PER_PAGE: String(options.ordersPerPage ?? 3),
    ...(sleepSeconds > 0 ? { PEBBLE_VA_SLEEPTIME: String(sleepSeconds) } : { PEBBLE_VA_NOSLEEP: '1' }),
    ...(options.alwaysValid && { PEBBLE_VA_ALWAYS_VALID: '1' }),
  }
}
