/**
 * Sites as people type them.
 *
 * @module
 */
import { wrongOption } from './settings/given.ts'

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/

export interface Address {
  readonly host: string
  /** Null when it is left out. */
  readonly port: number | null
}

/** Null for what is no address. */
export function readAddress(text: string): Address | null {
  const match = ADDRESS.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? null : Number(match[3])
  return host !== undefined && (port === null || (port >= 1 && port <= 65_535)) ? { host, port } : null
}

/**
 * `host`, `host:port` or `[address]:port`; the port is null when it is left out.
 *
 * @throws CliFailure `invalid`
 */
export function parseAddress(option: string, text: string): Address {
  const address = readAddress(text)
  if (address !== null) return address
  throw wrongOption(option, 'give host:port, such as 192.0.2.1:443 or [2001:db8::1]:443', '请使用 主机:端口，如 192.0.2.1:443')
}
