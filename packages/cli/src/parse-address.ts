/**
 * Sites as people type them.
 *
 * @module
 */
import { wrongOption } from './settings/given.ts'

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/

/**
 * `host`, `host:port` or `[address]:port`; the port is null when it is left out.
 *
 * @throws CliFailure `invalid`
 */
export function parseAddress(option: string, text: string): { host: string; port: number | null } {
  const match = ADDRESS.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? null : Number(match[3])
  if (host !== undefined && (port === null || (port >= 1 && port <= 65_535))) return { host, port }
  throw wrongOption(option, 'give host:port, such as 192.0.2.1:443 or [2001:db8::1]:443', '请使用 主机:端口，如 192.0.2.1:443')
}
