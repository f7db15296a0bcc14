/**
 * Debian's `pebble-challtestsrv`: a DNS server whose records the test sets.
 *
 * @module
 */
import { createRequester } from './https-request.ts'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface DnsServer {
  /** `address:port`, UDP and TCP. */
  readonly address: string
  /** Adds addresses for a name; names without any have the default address. */
  addA(name: string, addresses: readonly string[]): Promise<void>
  clearA(name: string): Promise<void>
  addTxt(name: string, value: string): Promise<void>
  /** Removes all TXT values of the name: the server cannot remove one of them. */
  clearTxt(name: string): Promise<void>
  addCaa(name: string, policy: { readonly tag: string; readonly value: string }): Promise<void>
  addServfail(name: string): Promise<void>
  clearServfail(name: string): Promise<void>
  stop(): Promise<void>
}

export interface DnsOptions {
  /** Default 127.0.0.1. */
  readonly address?: string
  /** Default: a free one. */
  readonly port?: number
  /** The A record of every name that has none of its own. Default 127.0.0.1. */
  readonly defaultIPv4?: string
}

export async function startDns(options: DnsOptions = {}): Promise<DnsServer> {
  const { address = '127.0.0.1', defaultIPv4 = '127.0.0.1' } = options
  const dns = `${address}:${options.port ?? (await freePort(address))}`
  const management = `127.0.0.1:${await freePort()}`
  const request = createRequester(null)
  const send = async (path: string, body: unknown): Promise<void> => {
    const response = await request(`http://${management}/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (response.status !== 200) throw new Error(`pebble-challtestsrv refused ${path}: ${response.status} ${response.text()}`)
  }
  const running = await startProcess({
    command: 'pebble-challtestsrv',
    args: ['-dns01', dns, '-management', management, '-http01', '', '-https01', '', '-tlsalpn01', ''].concat([
      '-defaultIPv4',
      defaultIPv4,
      '-defaultIPv6',
      '',
    ]),
    debianPackage: 'pebble',
    isReady: async () => (await request(`http://${management}/`)).status > 0,
  })
  const host = (name: string): string => `${name.replace(/\.$/, '')}.`
  return {
    address: dns,
    addA: (name, addresses) => send('add-a', { host: host(name), addresses }),
    clearA: (name) => send('clear-a', { host: host(name) }),
    addTxt: (name, value) => send('set-txt', { host: host(name), value }),
    clearTxt: (name) => send('clear-txt', { host: host(name) }),
    addCaa: (name, policy) => send('add-caa', { host: host(name), policies: [policy] }),
    addServfail: (name) => send('set-servfail', { host: host(name) }),
    clearServfail: (name) => send('clear-servfail', { host: host(name) }),
    stop: async () => {
      request.close()
      await running.stop()
    },
  }
}
