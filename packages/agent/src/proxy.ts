/**
 * A proxy between the agent and the service: a tunnel by CONNECT (RFC 9110 §9.3.6), through which TLS goes on to the service itself. The proxy
 * sees where to and how much, and nothing of what is said.
 *
 * @module
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'

/** Null when it is none: `http:` or `https:`, a host, perhaps user and password, and nothing more. */
export function findProxyUrl(text: string): string | null {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`)
    const isProxy =
      /^https?:$/.test(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === ''
    return isProxy ? url.href.replace(/\/$/, '') : null
  } catch {
    return null // no address at all
  }
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/**
 * As the environment of the shell has it (`HTTPS_PROXY`, `NO_PROXY`, in either case).
 *
 * @returns null when the service is reached without
 */
export function findProxyOf(server: string, env: NodeJS.ProcessEnv): string | null {
  const { protocol, hostname } = new URL(server)
  const named = env['https_proxy'] || env['HTTPS_PROXY'] || env['all_proxy'] || env['ALL_PROXY'] || ''
  if (named === '' || protocol !== 'https:' || LOOPBACK.test(hostname)) return null
  const exceptions = (env['no_proxy'] || env['NO_PROXY'] || '').toLowerCase().split(/[\s,]+/)
  const host = hostname.toLowerCase()
  const isException = exceptions.some((one) => {
    const name = one.replace(/:\d+$/, '').replace(/^\*?\./, '')
    return one === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`)))
  })
  return isException ? null : findProxyUrl(named)
}

/** As a log may have it: without user and password. */
const shown = ({ protocol, host }: URL): string => `${protocol}//${host}`

/** @throws Error when the proxy does not answer, or does not let it through */
export function openTunnel(proxy: string, { hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const url = new URL(proxy)
  const target = `${hostname}:${port === '' ? '443' : port}`
  const { username, password } = url
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const options = {
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...(username !== '' && { 'proxy-authorization': `Basic ${credentials}` }) },
    agent: false as const,
    signal,
  }
  return new Promise((resolve, reject) => {
    const place = new URL(`${url.protocol}//${url.host}`)
    const request = url.protocol === 'https:' ? requestHttps(place, options) : requestHttp(place, options)
    const refuse = (why: string): void => reject(new Error(`the proxy ${shown(url)} ${why}`))
    request.on('error', (error: NodeJS.ErrnoException) => refuse(`does not answer (${error.code ?? error.message})`))
    request.on('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) return resolve(socket)
      socket.destroy()
      const remedy = statusCode === 407 ? ': it wants user and password in "proxy" of the configuration' : ''
      refuse(`does not let ${target} through (${statusCode})${remedy}`)
    })
    // Any answer but a tunnel to a method that it does not know.
    request.on('response', (response) => {
      response.destroy()
      refuse(`does not let ${target} through (${response.statusCode ?? 0})`)
    })
    request.end()
  })
}
